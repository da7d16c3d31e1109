"""Cursors as texts: read back as they were, and nothing else is read."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ids import PostId
from storage.search import Cursor, CursorRefused
from tests.storage.makers import NOON

numbers = st.integers(-(2**63) + 1, 2**63 - 1).map(PostId)
cursors = st.builds(
    Cursor,
    st.datetimes(timezones=st.just(dt.UTC)),
    numbers,
    st.none() | st.floats(0, 1, width=32),
    st.none() | numbers,
    st.text(st.sampled_from("0123456789abcdef"), max_size=12),
)


def coded(values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


@given(cursor=cursors)
def test_cursor_is_read_back_as_it_was(cursor: Cursor) -> None:
    assert Cursor.read(cursor.text) == cursor
    assert len(cursor.text) < 200
    assert cursor.text.replace("-", "").replace("_", "").isalnum()


@given(text=st.text() | st.text(st.sampled_from("ABCWyJ0-_="), max_size=40))
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(CursorRefused, match="no cursor of a search"):
        Cursor.read(text)


@pytest.mark.parametrize(
    "values",
    [
        [], 5, None, {}, [1, 2], [1, 2, None, None, "", 1],
        ["1", 2, None, None, ""], [1, 2.5, None, None, ""], [True, 2, None, None, ""],
        [1, 2**63, None, None, ""], [1, 2, "0.5", None, ""], [1, 2, float("nan"), None, ""],
        [1, 2, float("inf"), None, ""], [1, 2, 0.5, -(2**64), ""], [10**18, 2, None, None, ""],
        [1, 2, None, None, 7], [1, 2, None, None, None],
    ],
)  # fmt: skip
def test_forged_values_are_refused(values: object) -> None:
    with pytest.raises(CursorRefused):
        Cursor.read(coded(values))


def test_long_and_changed_texts_are_refused() -> None:
    text = Cursor(NOON, PostId(1)).text
    assert Cursor.read(text).id == 1
    for other in (text + "=", text + " ", " " + text, text + "A" * 500, text[:-1], "[" * 300):
        with pytest.raises(CursorRefused):
            Cursor.read(other)
