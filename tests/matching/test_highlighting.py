"""Excerpts: the words that a query asks for, in the piece of the text around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.text import MAX_POSITIONS
from matching.highlighting import CUT, excerpt, highlights
from matching.query import Query, parse
from tests.matching import strategies

FERRY = parse("паром")
FAR = "слово " * 100 + "вчера паромы снова вышли в море " + "дело " * 100


def marked(asked: str, text: str, length: int = 300) -> list[str]:
    return [piece for piece, is_marked in excerpt(parse(asked), text, length=length).pieces() if is_marked]


def test_words_are_marked_in_every_form() -> None:
    assert marked("паром -шторм", "Паромы стоят: шторм. Парому нужен тихий ветер.") == ["Паромы", "Парому"]
    assert marked('"тихий ветер"', "Нужен тихий\nветер, а не ветер тихий") == ["тихий ветер"]


def test_hashtag_in_which_a_texts_last_position_lies_is_marked_as_far_as_that() -> None:
    text = "а " * (MAX_POSITIONS - 1) + "#one_two"
    assert highlights(parse("#one_two"), text) == [(len(text) - len("#one_two"), len(text) - len("_two"))]


def test_excerpt_stands_around_the_first_match() -> None:
    found = excerpt(FERRY, FAR, length=60)
    assert found.text.startswith(CUT)
    assert found.text.endswith(CUT)
    assert "вчера паромы снова вышли" in found.text
    assert [found.text[start:stop] for start, stop in found.ranges] == ["паромы"]


def test_text_without_a_match_is_shown_from_its_beginning() -> None:
    assert excerpt(parse("поезд"), FAR, length=20).text == "слово слово слово" + CUT
    assert excerpt(parse("поезд"), "  коротко \n и ясно ").text == "коротко и ясно"


def test_word_longer_than_the_excerpt_is_cut() -> None:
    assert excerpt(FERRY, "а" * 50, length=10).text == "а" * 10 + CUT


@given(
    text=strategies.texts | strategies.long_texts | st.text(),
    query=strategies.queries(standing=False),
    length=st.integers(1, 200),
)
def test_excerpt_is_a_piece_of_the_text_with_places_inside(text: str, query: Query, length: int) -> None:
    found = excerpt(query, text, length=length)
    inner = found.text.removeprefix(CUT).removesuffix(CUT)
    assert inner in " ".join(text.split())
    assert len(inner) <= length
    assert "".join(piece for piece, _ in found.pieces()) == found.text
    ends = [place for pair in found.ranges for place in pair]
    assert ends == sorted(set(ends))
    assert all(0 <= place <= len(found.text) for place in ends)


@given(text=strategies.texts, query=strategies.queries(standing=False))
def test_whole_text_is_marked_as_highlights_say(text: str, query: Query) -> None:
    line = " ".join(text.split())
    assert list(excerpt(query, text, length=max(len(line), 1)).ranges) == highlights(query, line)


@pytest.mark.parametrize("asked", ["#шторм", "@demo_port", "што*", "=шторм"])
def test_every_kind_of_word_is_marked(asked: str) -> None:
    assert marked(asked, "Ветер #шторм у @demo_port") == ([asked] if asked[0] in "#@" else ["шторм"])
