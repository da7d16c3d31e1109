"""What is said of a query that cannot be taken: a code for every mistake, and a sentence for every code."""

from __future__ import annotations

import pytest

from matching.errors import MOST_QUOTED, SENTENCES, QueryError, quoted
from matching.query import parse
from tests.matching.mistakes import MISTAKES, mistake


@pytest.mark.parametrize("code", MISTAKES)
def test_every_mistake_has_its_code_and_a_sentence_that_names_all(code: str) -> None:
    error = mistake(code)
    assert error.code == code
    assert str(error) == error.message == SENTENCES[code].format_map(error.values)


def test_there_is_a_query_for_every_sentence() -> None:
    assert set(MISTAKES) == set(SENTENCES)


def test_a_piece_that_is_mended_keeps_what_its_sentence_names() -> None:
    with pytest.raises(QueryError) as caught:
        parse("мир lang:xx", names=None)
    assert caught.value.suggestion is None
    mended = caught.value.suggesting("мир lang:ru")
    assert (mended.code, mended.values, mended.suggestion) == ("unknown_value", caught.value.values, "мир lang:ru")


def test_braces_in_a_query_are_no_names_of_values() -> None:
    with pytest.raises(QueryError) as caught:
        parse("lang:{known}{0}")
    assert "“{known}{0}”" in caught.value.message


def test_a_long_piece_is_quoted_in_short_and_half_characters_are_replaced() -> None:
    assert quoted("м" * MOST_QUOTED) == "м" * MOST_QUOTED
    assert quoted("м" * (MOST_QUOTED + 1)) == "м" * (MOST_QUOTED - 1) + "…"
    assert quoted("\ud83d") == "?"
