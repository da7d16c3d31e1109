"""What is unusual, and what is not: shares, deviations, words that never count, words that go together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.bursts import (
    LASTS,
    LEAST_CHANNELS,
    LEAST_VOICES,
    OPENS,
    Heard,
    History,
    Past,
    Written,
    companions,
    gathered,
    lasts,
    may_burst,
    occurrences,
    opens,
    score,
    usual,
    written,
)

NUMBERS = st.integers(0, 10_000)
EXPECTED = st.floats(1, 1_000)
HISTORY = History(500, Past(50_000, 6_000, 2_400), 2.0)


@given(NUMBERS, NUMBERS, EXPECTED)
def test_more_voices_are_never_less_unusual(some: int, more: int, expected: float) -> None:
    assert score(some, expected) <= score(some + more, expected)


@given(NUMBERS, EXPECTED, st.floats(0, 1_000))
def test_what_was_to_be_expected_more_is_never_more_unusual(voices: int, expected: float, more: float) -> None:
    if voices > expected + more:
        assert score(voices, expected) >= score(voices, expected + more)


@given(NUMBERS, st.integers(0, 50), EXPECTED)
def test_what_opens_also_lasts_and_is_said_by_enough(voices: int, channels: int, expected: float) -> None:
    heard = Heard("пожар", voices, channels)
    if opens(heard, expected):
        assert lasts(heard, expected)
        assert (voices >= LEAST_VOICES, channels >= LEAST_CHANNELS) == (True, True)
        assert voices > 3 * expected


@pytest.mark.parametrize(("expected", "least"), [(1, 7), (2, 11), (5, 22), (50, 180)])
def test_how_many_voices_open_a_burst(expected: float, least: int) -> None:
    assert not opens(Heard("пожар", least - 1, 9), expected)
    assert opens(Heard("пожар", least, 9), expected)


@given(EXPECTED)
def test_between_opening_and_ending_there_is_room(expected: float) -> None:
    ends = next(n for n in range(10_000) if score(n, expected) >= LASTS)
    begins = next(n for n in range(10_000) if score(n, expected) >= OPENS)
    assert begins >= 1.4 * ends


def test_usual_is_the_highest_of_three_shares_of_what_is_posted_now() -> None:
    assert usual(Past(500, 60, 24), HISTORY, 1_000) == pytest.approx(10)
    assert usual(Past(500, 600, 24), HISTORY, 1_000) == pytest.approx(100)
    assert usual(Past(500, 60, 480), HISTORY, 1_000) == pytest.approx(200)
    assert usual(Past(500, 60, 480), HISTORY, 100) == pytest.approx(20)


def test_what_is_not_kept_because_too_few_said_it_is_expected_as_often() -> None:
    assert usual(Past(), HISTORY, 1_000) == 1
    assert usual(Past(), History(500, Past(50_000, 6_000, 2_400), 9.0), 1_000) == 8


@pytest.mark.parametrize(
    "word", ["и", "the", "понедельник", "январь", "сегодня", "2026", "ес", "неділя", "підписатися"]
)
def test_function_words_numbers_and_the_calendar_never_burst(word: str) -> None:
    assert not may_burst(word)


@pytest.mark.parametrize("word", ["пожар", "earthquak", "путин", "topic:conflict"])
def test_other_words_and_topics_may(word: str) -> None:
    assert may_burst(word)


def test_words_of_the_same_posts_are_one_burst_and_others_are_not() -> None:
    posts = {"пожар": {1, 2, 3, 4}, "склад": {2, 3, 4, 9}, "ярмарка": {7, 8, 9}, "мёд": {7, 8}}
    assert gathered(["пожар", "ярмарка", "склад", "мёд"], posts) == [["пожар", "склад"], ["ярмарка", "мёд"]]


def test_stem_is_shown_as_the_word_that_people_write() -> None:
    said = occurrences(["An earthquake hit the port.", "Strong earthquake in the harbour"])
    assert written("earthquak", said) == Written("earthquake", is_name=False, form="earthquake")


@pytest.mark.parametrize(
    ("lemma", "texts", "shown", "is_name"),
    [
        ("лиманск", ["пожар в Лиманске", "дым в Лиманске"], "Лиманск", True),
        ("оон", ["встреча в ООН", "заседание ООН, и снова ООН"], "ООН", True),
        ("пожар", ["Пожар в порту. Пожар тушат", "сильный пожар"], "пожар", False),
        ("молния", ["⚡️МОЛНИЯ: в порту", "ударила МОЛНИЯ"], "молния", False),
    ],
)
def test_names_are_told_from_words_by_their_capitals(lemma: str, texts: list[str], shown: str, is_name: bool) -> None:
    found = written(lemma, occurrences(texts))
    assert (found.shown, found.is_name) == (shown, is_name)


def test_two_lemmas_of_one_form_are_shown_once() -> None:
    said = occurrences(["на складе в Лиманске", "склад в Лиманске горит"])
    lead = written("склад", said)
    assert companions(lead, ["лиманск", "лиманске", "гореть"], said) == ["Лиманск", "гореть"]
