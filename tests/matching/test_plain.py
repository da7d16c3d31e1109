"""Reading plain queries without the grammar: the same trees, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import parser
from matching.field_values import Asker
from matching.nodes import Node
from matching.plain import read_plain
from matching.query import QueryError
from tests.matching.strategies import FORMS

SIGNS = ["OR", "ИЛИ", "АБО", "AND", "NOT", "НЕ", "НЕТ", "ORBIT", "or", "-", "–", "=", "*", "#", "@", ":", "_", "|", "«"]
PIECES = ["a:b", "lang:ru", "вой*", "=мир", "мир-дом", "3,5", "т.е.", "bbc.com", "x@bbc_news", "a#b", "№5", "👍"]
TYPED = st.lists(
    st.one_of(
        st.sampled_from(FORMS),
        st.sampled_from(FORMS).map(lambda form: f'"{form} {form}"'),
        st.sampled_from([*SIGNS, *PIECES, "(", ")", '"']),
        st.text(max_size=3),
    ),
    max_size=6,
)


def by_grammar(text: str, *, is_stored: bool) -> Node | QueryError:
    """What the grammar alone makes of a text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parser, "read_plain", lambda text: None)
        return understood(text, is_stored=is_stored)


def understood(text: str, *, is_stored: bool) -> Node | QueryError:
    try:
        return parser.parse_tree(text, Asker(standing=True, timezone=dt.UTC), is_stored=is_stored)
    except QueryError as error:
        return error


@given(TYPED, st.sampled_from(["", " ", "  ", "\n", "\u00a0"]), st.booleans())
@settings(deadline=None, max_examples=1000)
def test_the_short_way_reads_what_the_grammar_reads(parts: list[str], between: str, is_stored: bool) -> None:
    text = between.join(parts)
    expected, found = by_grammar(text, is_stored=is_stored), understood(text, is_stored=is_stored)
    if isinstance(expected, QueryError):
        assert isinstance(found, QueryError)
        assert vars(found) == vars(expected)
    else:
        assert found == expected


@pytest.mark.parametrize(
    "text", ["мир", " Война  мир ", '"мирный план"мир', "Івано-Франківськ", "вой* 1,5", "ORBIT or не"]
)
def test_plain_words_take_the_short_way(text: str) -> None:
    assert read_plain(text) == by_grammar(text, is_stored=False)


@pytest.mark.parametrize(
    "text", ["", "мир OR дом", "НЕ мир", "-мир", "(мир)", "lang:ru", "#мир", "=мир", '"мир', "a*b"]
)
def test_everything_else_is_left_to_the_grammar(text: str) -> None:
    assert read_plain(text) is None


@pytest.mark.parametrize("text", ["мир " * 31, "я" * 301, "вой* д*", 'мир ""'])
def test_limits_and_errors_are_the_same(text: str) -> None:
    expected, found = by_grammar(text, is_stored=False), understood(text, is_stored=False)
    assert isinstance(expected, QueryError)
    assert isinstance(found, QueryError)
    assert vars(found) == vars(expected)
