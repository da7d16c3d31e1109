"""From words to a query that can be kept."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.queries import (
    UnknownChannels,
    place_of,
    read_stored,
    repaired,
    understand,
    understood_again,
    within_last_week,
)
from matching.query import QueryError, parse
from storage.ids import ChannelId

CHANNELS = {"harbour_news": ChannelId(3)}


def test_a_channels_name_becomes_our_number_and_back() -> None:
    query = understand("ferry channel:@Harbour_News", CHANNELS, standing=True)
    assert str(query) == "ferry channel:3"
    assert understood_again(str(query), {ChannelId(3): "harbour_news"}) == "ferry channel:@harbour_news"


def test_channels_that_are_not_read_are_named() -> None:
    with pytest.raises(UnknownChannels) as caught:
        understand("channel:@zebra OR channel:@ant", CHANNELS, standing=True)
    assert caught.value.names == ["ant", "zebra"]


def test_a_stored_query_that_cannot_be_read_is_shown_as_it_is() -> None:
    assert read_stored(["((", "ferry"]) == [parse("ferry")]
    assert understood_again("((", {}) == "(("


def test_the_last_week_is_seven_days_to_the_second() -> None:
    now = dt.datetime(2026, 3, 8, 15, 30, tzinfo=dt.UTC)
    assert within_last_week(parse("ferry"), now).root.parts[1].at == now - dt.timedelta(days=7)  # type: ignore[union-attr]


@given(st.text(max_size=320), st.integers(0, 320))
def test_the_caret_stands_under_the_mistake(text: str, position: int) -> None:
    lines = place_of(text, QueryError("wrong", position)).split("\n")
    line, caret = lines[0], lines[-1]
    assert len(lines) == 2
    assert caret.strip() == "^"
    if position < len(text):
        shown = text[position] if not text[position].isspace() else " "
        assert line[caret.index("^")] == shown


@pytest.mark.parametrize(
    ("suggestion", "mended"),
    [("ferry", "ferry"), ("(", None), ("lang:ru", None), ("a after:2020-01-01", None), (None, None)],
)
def test_only_a_suggestion_that_can_be_understood_is_offered(suggestion: str | None, mended: str | None) -> None:
    assert repaired(QueryError("wrong", 0, suggestion), standing=True) == mended
