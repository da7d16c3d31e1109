"""Laws of the query language, for any query."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.fields import PostFields
from matching.ids import ChannelId, ChannelSetId
from matching.names import Names
from matching.nodes import Node, canonical, denials_inward, holds
from matching.query import Query, QueryError, parse
from tests.matching.strategies import FORMS, post_fields, queries, trees

TYPED = st.lists(
    st.one_of(
        st.sampled_from(FORMS),
        st.sampled_from(
            ["(", ")", '"', "OR", "|", "ИЛИ", "НЕ", "NOT", "-", "=", "*", "#", "@", ":", "–", "AND", "«", "»"]
        ),
        st.sampled_from(
            ["lang:ru", "topic:", "channel:@bbc", "вой*", "=мир", "after:2026-01-01", "https://t.me/x", "in:a"]
        ),
        st.text(max_size=3),
    ),
    max_size=12,
)


def attempt(typed: str) -> tuple[Query | None, QueryError | None]:
    """What became of the text: a query or an error."""
    try:
        return parse(typed, standing=False), None
    except QueryError as error:
        return None, error


@given(queries(standing=False))
@settings(deadline=None)
def test_what_is_echoed_parses_to_the_same_query(query: Query) -> None:
    again = parse(str(query), standing=False)
    assert again == query
    assert str(again) == str(query)


@given(TYPED, st.sampled_from(["", " "]))
@settings(deadline=None, max_examples=300)
def test_anything_typed_is_a_query_or_an_error_that_says_where(parts: list[str], between: str) -> None:
    typed = between.join(parts)
    query, error = attempt(typed)
    if error is not None:
        assert 0 <= error.position <= len(typed)
        assert error.message.encode()
    if query is not None:
        assert parse(str(query), standing=False) == query


@given(trees(), trees(), post_fields())
@settings(deadline=None)
def test_equal_canonical_texts_mean_equal_matches(one: Node, other: Node, fields: PostFields) -> None:
    left, right = Query(one), Query(other)
    if left.canonical == right.canonical:
        assert left.matches(fields) == right.matches(fields)


@given(queries(), post_fields())
@settings(deadline=None)
def test_repetition_makes_no_difference(query: Query, fields: PostFields) -> None:
    twice = parse(f"({query}) ({query})", stored=True)
    assert twice.canonical == query.canonical
    assert twice.matches(fields) == query.matches(fields)


@given(trees(standing=False), post_fields())
@settings(deadline=None)
def test_moving_denials_inward_changes_no_match(tree: Node, fields: PostFields) -> None:
    inward = denials_inward(tree)
    assert holds(inward, fields) == holds(tree, fields)
    assert canonical(inward) == canonical(tree)


@given(queries())
@settings(deadline=None)
def test_resolving_and_rendering_go_there_and_back(query: Query) -> None:
    named = parse(f"({query}) channel:@suspilne", stored=True)
    resolved = named.resolve({"suspilne": ChannelId(7)})
    assert resolved.channel_names() == frozenset()
    assert parse(resolved.render({ChannelId(7): "suspilne"}), stored=True) == named


@given(queries())
@settings(deadline=None)
def test_channel_sets_and_own_topics_go_there_and_back(query: Query) -> None:
    names = Names({"ferries": "ferry_lines", "ferry_lines": "ferry_lines"}, {"war-desk": ChannelSetId(9)})
    resolved = parse(f"({query}) (in:War-Desk OR topic:Ferries)", stored=True, names=names)
    assert resolved.sets() >= {9}
    assert "ferry_lines" in resolved.topics()
    assert parse(resolved.render({}, names.by_set), stored=True, names=names) == resolved
    assert parse(str(resolved), stored=True) == resolved


@given(queries(standing=False), st.integers(-12, 12))
@settings(deadline=None)
def test_dates_survive_the_echo_in_every_time_zone(query: Query, hours: int) -> None:
    zone = dt.timezone(dt.timedelta(hours=hours))
    there = parse(str(query), standing=False, timezone=zone)
    assert parse(str(there), standing=False, timezone=zone) == there
