"""From words to a query that can be kept."""

from __future__ import annotations

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
)
from matching.ids import ChannelSetId
from matching.names import Names
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


def test_a_set_and_an_own_topic_are_understood_by_name_and_shown_by_it() -> None:
    names = Names({"ferries": "ferries"}, {"desk": ChannelSetId(5)})
    query = understand("in:desk topic:Ferries", CHANNELS, standing=True, names=names)
    assert str(query) == "in:#5 topic:ferries"
    assert understood_again(str(query), {}, names.by_set) == "in:desk topic:ferries"


def test_a_suggestion_may_name_an_own_topic() -> None:
    names = Names({"ferries": "ferries"}, {})
    error = QueryError("wrong", 0, "topic:ferries")
    assert repaired(error, standing=True, names=names) == "topic:ferries"
    assert repaired(error, standing=True) is None
