"""Stored posts on their way out, one by one in the order in which they were stored, however many there are.

A cursor of the server's reads them from one snapshot, so that memory stays as it is and nothing that is edited
meanwhile is half old and half new. Between two runs of one export there is no snapshot, only the number of the last
post that was written, and the largest number that there was at the beginning.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select, text, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from matching.query import Query
from storage.channels import COLUMNS as CHANNEL_COLUMNS
from storage.channels import Channel, channel_of
from storage.database import Connection, Database
from storage.ids import MessageId, PostId
from storage.models import ChannelRow, PostRow, PostVersionRow, StoryPostRow
from storage.search import Scope, found_by
from storage.search.version_terms import file_versions

AT_ONCE = 500
"""Posts that are held in memory: some megabytes, however long they are."""

BEFORE_FIRST = PostId(0)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which posts leave. Those of channels that protect their content never do."""

    query: Query | None
    """None: all posts."""
    deleted: bool = False
    """Also posts that their channel has deleted."""
    versions: bool = False
    """With what each said before its edits; also those that only an earlier version of has the words."""


async def prepare(database: Database, selection: Selection) -> None:
    """Analyse earlier versions that have not been: what is not, is not found."""
    is_left = selection.versions and selection.query is not None
    while is_left:
        async with database.begin() as connection:
            is_left = await file_versions(connection)


async def newest_id(connection: Connection) -> PostId:
    """The largest number of a stored post; BEFORE_FIRST where there is none."""
    return PostId(await connection.scalar(select(func.max(PostRow.id))) or BEFORE_FIRST)


async def count_protected(connection: Connection, selection: Selection, upto: PostId) -> int:
    """How many of the selected posts stay here because their channel protects its content."""
    await _without_limit(connection)
    protected = select(ChannelRow.id).where(ChannelRow.is_protected)
    counted = select(func.count()).select_from(PostRow).where(_selected(selection), PostRow.id <= upto)
    return int(await connection.scalar(counted.where(PostRow.channel_id.in_(protected))) or 0)


async def read_posts(
    connection: Connection, selection: Selection, *, after: PostId, upto: PostId
) -> AsyncIterator[Sequence[dict[str, Any]]]:
    """The selected posts with numbers in (after, upto], AT_ONCE at a time, as values that JSON can hold.

    The names of the values are those of the columns in docs/operators.md; `versions` holds earlier ones, oldest first.
    """
    await _without_limit(connection)
    # All rows are wanted, not the first few: a plan for the whole may sort once instead of walking the whole table.
    await connection.execute(text("SET LOCAL cursor_tuple_fraction = 1"))
    statement = _statement(selection).where(PostRow.id > after, PostRow.id <= upto).order_by(PostRow.id)
    async with connection.stream(statement.execution_options(yield_per=AT_ONCE)) as rows:
        async for page in rows.partitions():
            yield [_exported(row, with_versions=selection.versions) for row in page]


async def _without_limit(connection: Connection) -> None:
    """Whoever exports years of posts waits for the first of them, and may end it at any time."""
    await connection.execute(text("SET LOCAL statement_timeout = 0"))


COLUMNS = (
    PostRow.id, PostRow.message_id, PostRow.text, PostRow.parts, PostRow.language, PostRow.topics, PostRow.has,
    PostRow.links, PostRow.grouped_id, PostRow.reply_to, PostRow.forward, PostRow.views, PostRow.views_are_rounded,
    PostRow.forwards, PostRow.reactions, PostRow.found_by, PostRow.posted_at, PostRow.seen_at, PostRow.edited_at,
    PostRow.deleted_at, PostRow.expires_at,
)  # fmt: skip

AS_THEY_ARE = (
    "language", "topics", "has", "links", "grouped_id", "reply_to", "forward", "views", "views_are_rounded", "forwards",
    "reactions", "found_by",
)  # fmt: skip

_EARLIER = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "version", PostVersionRow.version, "text", PostVersionRow.text, "parts", PostVersionRow.parts,
                    "edited_at", PostVersionRow.edited_at, "replaced_at", PostVersionRow.replaced_at,
                ),
                PostVersionRow.version,
            )
        )
    )
    .where(PostVersionRow.post_id == PostRow.id)
    .correlate(PostRow)
    .scalar_subquery()
)  # fmt: skip


def _statement(selection: Selection) -> Select[Any]:
    earlier = _EARLIER if selection.versions else literal_column("NULL")
    return (
        select(*COLUMNS, StoryPostRow.story_id, earlier.label("versions"), *CHANNEL_COLUMNS)
        .join(ChannelRow, ChannelRow.id == PostRow.channel_id)
        .outerjoin(StoryPostRow, StoryPostRow.post_id == PostRow.id)
        .where(_selected(selection), ~ChannelRow.is_protected)
    )


def _selected(selection: Selection) -> ColumnElement[bool]:
    if selection.query is None:
        return true() if selection.deleted else PostRow.deleted_at.is_(None)
    return found_by(selection.query, Scope(selection.deleted, selection.versions))


def _exported(row: Any, *, with_versions: bool) -> dict[str, Any]:
    channel = channel_of(row[-len(CHANNEL_COLUMNS) :])
    return {
        "post_id": row.id,
        **_names_of(channel, row.message_id),
        "posted_at": row.posted_at.isoformat(),
        "seen_at": row.seen_at.isoformat(),
        "edited_at": _moment(row.edited_at),
        "deleted_at": _moment(row.deleted_at),
        "expires_at": _moment(row.expires_at),
        "story_id": row.id if row.story_id is None else row.story_id,
        "text": row.text,
        "parts": row.parts,
        **{name: getattr(row, name) for name in AS_THEY_ARE},
        **({"versions": [_version(each) for each in row.versions or ()]} if with_versions else {}),
    }


def _names_of(channel: Channel, message_id: int) -> dict[str, Any]:
    return {
        "channel": channel.username or channel.title,
        "channel_title": channel.title,
        "channel_telegram_id": channel.telegram_id,
        "message_id": message_id,
        "url": channel.url_of(MessageId(message_id)),
    }


def _version(stored: dict[str, Any]) -> dict[str, Any]:
    moments = {name: stored[name] for name in ("edited_at", "replaced_at")}
    return stored | {name: _moment(dt.datetime.fromisoformat(at) if at else None) for name, at in moments.items()}


def _moment(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat() if moment else None
