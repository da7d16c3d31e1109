"""How a text is written is told apart from its words, and tells talk from news."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.lexicon import read_lexicon
from analysis.manner import MANNERS, MOST, manner_of
from analysis.text import Terms, analyse
from analysis.topics import classify_with
from analysis.word_lists import NONE, LexiconError

SHOUTED = "Наша ракета! Какая ракета? 🚀🚀 @rocket_fans"
CALM = "Ракета вышла на орбиту в срок"


def test_each_manner_is_measured_by_the_length_of_the_text() -> None:
    found = dict(zip(MANNERS, manner_of(analyse(SHOUTED)), strict=True))
    expected = {"exclamations": 1 / 5 * 10, "questions": 1 / 5 * 10, "long_sentences": 5 / 3 / 15}
    assert found == pytest.approx(expected)


def test_a_manner_that_nobody_knows_is_refused() -> None:
    with pytest.raises(LexiconError, match="no manner emoji"):
        read_lexicon({NONE: "threshold = 1.0"}, {NONE: "threshold = 1.0\n[manner]\nemoji = 1.0"})


@given(st.text())
def test_no_text_has_more_of_a_manner_than_there_can_be(text: str) -> None:
    assert all(0 <= value <= MOST for value in manner_of(analyse(text)))


def test_terms_of_no_text_have_no_manner() -> None:
    assert not any(manner_of(Terms(())))


def test_of_two_texts_of_the_same_words_the_shouted_one_is_chatter() -> None:
    lists = {
        code: f'threshold = 1.0\n[[words]]\nweight = 2.0\nru = "{word}"'
        for code, word in (("science", "ракета"), (NONE, "скидка"))
    }
    learned = {
        "science": "threshold = 1.0\n[hand]\nscience = 1.0\n[words]\n",
        NONE: "threshold = 1.0\n[hand]\n[manner]\nexclamations = 4.0\n[words]\n",
    }
    lexicon = read_lexicon(lists, learned)
    assert [topic.code for topic in classify_with(lexicon, analyse(CALM))] == ["science"]
    assert not classify_with(lexicon, analyse(CALM + "!" * 9))
