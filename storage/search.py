"""The query language over everything stored: the same questions that alerts ask, newest post first.

The law (a property test keeps it): over stored values, `query.matches(post.fields)` holds exactly when `search`
returns the post. Raw words never reach PostgreSQL's parser: every fragment is written from analysed, quoted lexemes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, cast, exists, func, literal, not_, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement, Executable
from sqlalchemy.types import Date, Text

from matching.conditions import After, Before, Channel, ForwardedFrom, Has, InSet, Language, Link, Topic
from matching.nodes import And, Node, Not, Or, tsquery
from matching.query import Query
from storage.channels import COLUMNS as CHANNEL_COLUMNS
from storage.channels import Channel as StoredChannel
from storage.channels import channel_of
from storage.ids import PostId
from storage.models import ChannelRow, ChannelSetMemberRow, PostRow
from storage.posts import COLUMNS, StoredPost, stored_post

MANY = 20_000
"""Above so many estimated matches a walk along the dates finds the newest at once; below, the matches are fetched
first and sorted (reference: performance, 6.2, tuned on 1 M posts)."""

TIME_BUDGET = "10s"
"""No search holds a connection longer."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next one holds what is older."""

    posted_at: dt.datetime
    id: PostId


async def search(
    connection: AsyncConnection, query: Query, *, limit: int = 20, before: Cursor | None = None
) -> list[StoredPost]:
    """Posts that the query matches, newest first, deleted ones left out. Pages stay right while posts arrive."""
    condition = _visible(query)
    if before is not None:
        condition = and_(condition, tuple_(PostRow.posted_at, PostRow.id) < (before.posted_at, before.id))
    await _bound(connection)
    newest = await _newest(connection, condition, limit)
    rows = await connection.execute(
        select(*COLUMNS)
        .join(ChannelRow, ChannelRow.id == PostRow.channel_id)
        .where(PostRow.id.in_(newest))
        .order_by(PostRow.posted_at.desc(), PostRow.id.desc())
    )
    return [stored_post(row) for row in rows]


async def count(connection: AsyncConnection, query: Query) -> int:
    """How many posts the query matches, deleted ones left out."""
    await _bound(connection)
    return int(await connection.scalar(select(func.count()).select_from(PostRow).where(_visible(query))) or 0)


async def count_by_day(connection: AsyncConnection, query: Query) -> dict[dt.date, int]:
    """How many posts of each day (UTC) the query matches, days without any left out."""
    await _bound(connection)
    day = cast(PostRow.posted_at, Date)
    rows = await connection.execute(select(day, func.count()).where(_visible(query)).group_by(day))
    return dict(rows.all())


async def count_by_channel(connection: AsyncConnection, query: Query, limit: int) -> list[tuple[StoredChannel, int]]:
    """The channels with the most posts that the query matches, and how many of each."""
    await _bound(connection)
    number = func.count().label("number")
    matches = select(PostRow.channel_id, number).where(_visible(query)).group_by(PostRow.channel_id).subquery()
    rows = await connection.execute(
        select(*CHANNEL_COLUMNS, matches.c.number)
        .join(matches, matches.c.channel_id == ChannelRow.id)
        .order_by(matches.c.number.desc(), ChannelRow.id)
        .limit(limit)
    )
    return [(channel_of(row[:-1]), row.number) for row in rows]


async def is_match(connection: AsyncConnection, query: Query, post_id: PostId) -> bool:
    """Whether the query matches this one stored post, as search sees it."""
    found = select(PostRow.id).where(PostRow.id == post_id, _condition(query.root))
    return bool(await connection.scalar(select(exists(found))))


async def _bound(connection: AsyncConnection) -> None:
    """Bound the time for the rest of the transaction, and plan each query by its own words: some are rare, some not."""
    await connection.execute(
        text("SELECT set_config('statement_timeout', :budget, true), set_config('plan_cache_mode', :mode, true)"),
        {"budget": TIME_BUDGET, "mode": "force_custom_plan"},
    )


async def _newest(connection: AsyncConnection, condition: ColumnElement[bool], limit: int) -> list[int]:
    order = (PostRow.posted_at.desc(), PostRow.id.desc())
    if await _estimate(connection, select(PostRow.id).where(condition)) > MANY:
        statement: Select[Any] = select(PostRow.id).where(condition).order_by(*order).limit(limit)
    else:
        # Materialised, so that the planner cannot walk the dates of the whole table for a rare word.
        matches = select(PostRow.id, PostRow.posted_at).where(condition).cte("matches").prefix_with("MATERIALIZED")
        statement = select(matches.c.id).order_by(matches.c.posted_at.desc(), matches.c.id.desc()).limit(limit)
    return list((await connection.execute(statement)).scalars())


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explain)
def _compile_explain(element: _Explain, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


async def _estimate(connection: AsyncConnection, statement: Select[Any]) -> int:
    """How many rows the planner expects: about a millisecond, and good enough to choose the way."""
    plan = await connection.scalar(_Explain(statement))
    return int(plan[0]["Plan"]["Plan Rows"])


def _visible(query: Query) -> ColumnElement[bool]:
    return and_(PostRow.deleted_at.is_(None), _condition(query.root))


def _condition(node: Node) -> ColumnElement[bool]:
    words = tsquery(node)
    if words is not None:
        return PostRow.terms.bool_op("@@")(cast(literal(words), TSQUERY))
    match node:
        case And(parts):
            return and_(*map(_condition, parts))
        case Or(parts):
            return or_(*map(_condition, parts))
        case Not(part):
            return not_(_condition(part))
        case _:
            return _field(node)


def _field(node: Node) -> ColumnElement[bool]:
    match node:
        case Channel(channel):
            return PostRow.channel_id == channel if isinstance(channel, int) else literal(False)
        case InSet(channels):
            members = select(ChannelSetMemberRow.channel_id).where(ChannelSetMemberRow.set_id == channels)
            return PostRow.channel_id.in_(members) if isinstance(channels, int) else literal(False)
        case Topic(code):
            return _holds(PostRow.topic_codes, code)
        case Language(code):
            return PostRow.language.is_not_distinct_from(code)
        case Has(kind):
            return _holds(PostRow.has, kind)
        case ForwardedFrom(origin):
            return _holds(PostRow.forwarded_from, origin)
        case Link(host):
            return _holds(PostRow.links, host)
        case After(at=moment):
            return PostRow.posted_at >= moment
        case Before(at=moment):
            return PostRow.posted_at < moment
        case _:
            raise TypeError(f"search cannot ask for {node!r}")


def _holds(column: Any, value: str) -> ColumnElement[bool]:
    held: ColumnElement[bool] = column.bool_op("@>")(cast(literal([value], ARRAY(Text)), ARRAY(Text)))
    return held


def found_by(query: Query) -> ColumnElement[bool]:
    """What holds for the posts that search finds: for other statements of this package."""
    return _visible(query)
