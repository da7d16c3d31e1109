"""By what the posts that were found can be told apart: channels, topics, languages, days, and how many there are of
each."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Interval

from matching.conditions import After, Before, Channel, InSet, Language
from matching.nodes import And, Node, all_of, denials_inward, narrows, wanted
from matching.query import Query
from storage.channels import COLUMNS as CHANNEL_COLUMNS
from storage.channels import channel_of
from storage.models import ChannelRow, PostRow
from storage.search.bounds import COUNT_BUDGET
from storage.search.conditions import PLAIN, Scope, found_by
from storage.search.counting import count_or_estimate

QUARTER = dt.timedelta(minutes=15)
"""Days begin at a multiple of it in every time zone of today."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One channel, topic, language or day."""

    value: str
    """Our number of the channel; a topic's code; a language's, "" for none; the day as 2026-01-31."""
    label: str
    """What people read; a channel's name is its owner's words."""
    posts: int
    asks: str
    """The piece of a query that asks for it; "" where there is none."""
    is_chosen: bool
    """Whether the query asks for it already."""


@dataclass(frozen=True, slots=True)
class Facets:
    """All four. Channels, topics and languages with most posts first, days newest first."""

    channels: tuple[FacetValue, ...]
    topics: tuple[FacetValue, ...]
    languages: tuple[FacetValue, ...]
    days: tuple[FacetValue, ...]
    one_in: int
    """1: all posts were counted; else one in so many was looked at, and the numbers are estimates."""


async def facets(
    connection: AsyncConnection,
    query: Query,
    *,
    scope: Scope = PLAIN,
    limit: int = 12,
    timezone: dt.tzinfo = dt.UTC,
    budget: dt.timedelta = COUNT_BUDGET,
) -> Facets:
    """At most `limit` values of each, with their posts.

    A post has one channel and one language: those are counted as if the query asked for none, so that another can be
    chosen instead, unless what is left of the query would not narrow. A post has several topics: choosing one more
    narrows further. Days are the asker's, within what is asked.
    """
    # What is asked without a channel, without a language, and as it is: mostly one and the same.
    asked = {"channel": without(query, Channel | InSet), "language": without(query, Language), "rest": query}
    different = dict.fromkeys(asked.values())
    share = budget / len(different)
    counts: dict[Query, dict[str, Counter[str]]] = {}
    one_in = 1
    for each in different:
        kinds, step = await count_or_estimate(
            connection, found_by(each, scope), lambda condition: _counted(connection, condition), share
        )
        counts[each] = {kind: Counter({value: n * step for value, n in found.items()}) for kind, found in kinds.items()}
        one_in = max(one_in, step)
    rest = counts[query]
    chosen = {str(leaf) for leaf in wanted(query.root)}
    topics = rest["topic"].most_common(limit)
    languages = counts[asked["language"]]["language"].most_common(limit)
    return Facets(
        await _channels(connection, counts[asked["channel"]]["channel"].most_common(limit), chosen),
        tuple(_value(code, posts, f"topic:{code}", chosen) for code, posts in topics),
        tuple(_value(code, posts, f"lang:{code}" if code else "", chosen) for code, posts in languages),
        _days(rest["moment"], limit, timezone, query),
        one_in,
    )


def without(query: Query, kind: Any) -> Query:
    """The query without the fields of a kind that all of it must have, if what is left still narrows; else itself."""
    parts: tuple[Node, ...] = query.root.parts if isinstance(query.root, And) else (query.root,)
    left = [part for part in parts if not isinstance(part, kind)]
    if len(left) == len(parts) or not left:
        return query
    root = all_of(left)
    return Query(root) if narrows(denials_inward(root)) else query


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


async def _counted(connection: AsyncConnection, condition: ColumnElement[bool]) -> dict[str, Counter[str]]:
    """The posts of a condition by everything at once: kind -> value -> how many."""
    quarter = func.date_bin(literal(QUARTER, Interval), PostRow.posted_at, _EPOCH)
    values = {
        "channel": cast(PostRow.channel_id, Text),
        "language": func.coalesce(PostRow.language, ""),
        "moment": cast(cast(func.extract("epoch", quarter), BigInteger), Text),
        "codes": PostRow.topic_codes,
    }
    matches = select(*(value.label(name) for name, value in values.items())).where(condition).cte("matches")
    matches = matches.prefix_with("MATERIALIZED")
    kinds: dict[str, ColumnElement[Any]] = {name: matches.c[name] for name in ("channel", "language", "moment")}
    kinds["topic"] = func.unnest(matches.c.codes)
    rows = await connection.execute(union_all(*(_grouped(kind, value.label("value")) for kind, value in kinds.items())))
    found: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    for kind, value, posts in rows:
        found[kind][value] = posts
    return found


def _grouped(kind: str, value: ColumnElement[Any]) -> Any:
    return select(literal(kind).label("kind"), value, func.count().label("posts")).group_by("value")


def _value(value: str, posts: int, asks: str, chosen: set[str], label: str = "") -> FacetValue:
    return FacetValue(value, label or value, posts, asks, is_chosen=asks in chosen)


async def _channels(
    connection: AsyncConnection, counted: list[tuple[str, int]], chosen: set[str]
) -> tuple[FacetValue, ...]:
    numbers = [int(number) for number, _ in counted]
    rows = await connection.execute(select(*CHANNEL_COLUMNS).where(ChannelRow.id.in_(numbers)))
    names = {str(channel.id): channel.name for channel in map(channel_of, rows)}
    return tuple(
        _value(number, posts, f"channel:{number}", chosen, names[number])
        for number, posts in counted
        if number in names
    )


def _days(moments: Counter[str], limit: int, timezone: dt.tzinfo, query: Query) -> tuple[FacetValue, ...]:
    days: Counter[dt.date] = Counter()
    for moment, posts in moments.items():
        days[dt.datetime.fromtimestamp(int(moment), timezone).date()] += posts
    bounds = {leaf.day for leaf in wanted(query.root) if isinstance(leaf, After)}
    ends = {leaf.day for leaf in wanted(query.root) if isinstance(leaf, Before)}
    return tuple(
        FacetValue(
            value=day.isoformat(),
            label=day.isoformat(),
            posts=days[day],
            asks=f"after:{day} before:{day + dt.timedelta(days=1)}",
            is_chosen=day in bounds and day + dt.timedelta(days=1) in ends,
        )
        for day in sorted(days, reverse=True)[:limit]
    )
