"""Old posts that somebody asked for: how far back, and how far they have been read (`models.BackfillRow`).

A backfill goes from the newest id that nothing accounts for downwards. What it has read stays read: a later request
goes on below it, and one that asks for no more than an earlier one did asks for nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from storage.database import Connection, notify, prefer_indexes
from storage.ids import ChannelId


class BackfillUnderWay(Exception):
    """Another backfill of the channel is being read, and neither of the two reaches as far as the other in all."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back: to posts published since `since_at`, and `most` posts at most. None: no such bound."""

    since_at: dt.datetime | None = None
    most: int | None = None

    def covers(self, other: Reach) -> bool:
        """Whether whoever has read as far as this has read all that the other asks for."""
        is_as_old = self.since_at is None or (other.since_at is not None and self.since_at <= other.since_at)
        is_as_many = self.most is None or (other.most is not None and self.most >= other.most)
        return is_as_old and is_as_many


@dataclass(frozen=True, slots=True)
class Backfill:
    """How far a channel's backfill is. Without `first_id` and `next_id` it has not begun."""

    channel_id: ChannelId
    reach: Reach
    first_id: int | None
    """The id below which it began."""
    next_id: int | None
    """Everything from here to `first_id` is read and committed; the next page is below it."""
    oldest_at: dt.datetime | None
    """When the oldest post that it has read was published."""
    posts: int
    """Posts that it has read, those that were stored already among them."""
    state: str
    state_detail: str | None
    began_at: dt.datetime
    """When the posts around `first_id` were published, as far as it is known; else when it was asked for."""

    @property
    def is_open(self) -> bool:
        """Whether something is left to be read."""
        return self.state in ("waiting", "running")

    @property
    def is_satisfied(self) -> bool:
        """Whether it has come as far as it is known to have to: its number, its date, or the channel's first id."""
        is_at_the_end = self.next_id is not None and self.next_id <= 1
        has_the_number = self.reach.most is not None and self.posts >= self.reach.most
        since_at, oldest_at = self.reach.since_at, self.oldest_at
        return is_at_the_end or has_the_number or bool(since_at and oldest_at and oldest_at < since_at)

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1: by ids, by dates or by posts, whichever will end it first.

        Ids that the channel has deleted count as much as others, so that it ends where the channel does.
        """
        if self.state == "done":
            return 1.0
        shares = [0.0]
        if self.first_id is not None and self.next_id is not None:
            shares.append((self.first_id - self.next_id) / max(self.first_id - 1, 1))
        if self.reach.most is not None:
            shares.append(self.posts / self.reach.most)
        if self.reach.since_at is not None and self.oldest_at is not None and self.reach.since_at < self.began_at:
            shares.append((self.began_at - self.oldest_at) / (self.began_at - self.reach.since_at))
        return min(max(shares), 1.0)


COLUMNS = """b.channel_id, b.since_at, b.most, b.first_id, b.next_id, b.oldest_at, b.posts, b.state, b.state_detail,
    coalesce((SELECT p.posted_at FROM posts p WHERE p.channel_id = b.channel_id AND p.message_id >= b.first_id
        ORDER BY p.message_id LIMIT 1), b.requested_at) AS began_at"""


def _backfill_of(row: Any) -> Backfill:
    channel_id, since_at, most, *others = row
    return Backfill(ChannelId(channel_id), Reach(since_at, most), *others)


FIND = text(f"SELECT {COLUMNS} FROM backfills b WHERE b.channel_id = :channel")  # noqa: S608 - our own column names
OPEN = text(
    f"SELECT {COLUMNS} FROM backfills b WHERE b.state IN ('waiting', 'running') ORDER BY b.requested_at, b.channel_id"  # noqa: S608
)


async def find(connection: Connection, channel_id: ChannelId) -> Backfill | None:
    """A channel's backfill; None if nobody ever asked for one."""
    row = (await connection.execute(FIND, {"channel": channel_id})).first()
    return _backfill_of(row) if row else None


async def open_backfills(connection: Connection) -> list[Backfill]:
    """Those in which something is left to be read, the first that was asked for first."""
    return [_backfill_of(row) for row in await connection.execute(OPEN)]


REQUEST = text(
    """
    INSERT INTO backfills (channel_id, since_at, most, state) VALUES (:channel, :since, :most, 'waiting')
    ON CONFLICT (channel_id) DO UPDATE SET since_at = excluded.since_at, most = excluded.most, state = 'waiting',
        state_detail = NULL, requested_at = now(), changed_at = now()
    """
)


async def request(connection: Connection, channel_id: ChannelId, reach: Reach) -> Backfill:
    """Ask for a channel's old posts: begins, goes on where the last one ended, or (asking for no more) changes nothing.

    Raises BackfillUnderWay.
    """
    await connection.execute(
        text("SELECT 1 FROM backfills WHERE channel_id = :channel FOR UPDATE"), {"channel": channel_id}
    )
    before = await find(connection, channel_id)
    if before is not None and before.state != "failed" and before.reach.covers(reach):
        return before
    if before is not None and before.is_open and not reach.covers(before.reach):
        raise BackfillUnderWay(
            "Another backfill of this channel is under way that reaches further in one way and less far in the other: "
            "ask again when it is done, or for more than it."
        )
    await connection.execute(REQUEST, {"channel": channel_id, "since": reach.since_at, "most": reach.most})
    await notify(connection, "backfills")
    made = await find(connection, channel_id)
    if made is None:
        raise LookupError(channel_id)
    return made


BEGIN = text(
    """
    UPDATE backfills b SET state = 'running', first_id = coalesce(b.first_id, s.first), next_id = coalesce(b.next_id,
        s.first), changed_at = now()
    FROM (SELECT c.id, coalesce(
            (SELECT m.message_id FROM channel_messages m
                WHERE m.channel_id = c.id AND m.message_id <= c.watermark
                    AND EXISTS (SELECT 1 FROM channel_messages w WHERE w.channel_id = c.id
                        AND w.message_id = c.watermark)
                    AND NOT EXISTS (SELECT 1 FROM channel_messages d WHERE d.channel_id = c.id
                        AND d.message_id = m.message_id - 1)
                ORDER BY m.message_id DESC LIMIT 1),
            c.watermark + 1) AS first
        FROM channels c WHERE c.id = :channel AND c.watermark IS NOT NULL) AS s
    WHERE b.channel_id = s.id AND b.state = 'waiting'
    """
)
"""Monitoring accounts for every id from somewhere up to the watermark: there the backfill begins."""


async def begin(connection: Connection, channel_id: ChannelId) -> Backfill | None:
    """Take a backfill up, or up again. None: nothing is left to be read, or monitoring has not begun.

    Without a watermark nobody could tell old posts from new ones, and those owe alerts.
    """
    await prefer_indexes(connection)
    await connection.execute(BEGIN, {"channel": channel_id})
    found = await find(connection, channel_id)
    return found if found is not None and found.state == "running" else None


ADVANCE = text(
    """
    UPDATE backfills SET next_id = :next, oldest_at = least(oldest_at, CAST(:oldest AS timestamptz)),
        posts = posts + :posts, state_detail = NULL, changed_at = now(),
        state = CASE WHEN :done AND since_at IS NOT DISTINCT FROM CAST(:since AS timestamptz)
            AND most IS NOT DISTINCT FROM CAST(:most AS bigint) THEN 'done' ELSE 'running' END
    WHERE channel_id = :channel AND next_id = :before AND state IN ('waiting', 'running')
    """
)


async def advance(
    connection: Connection,
    backfill: Backfill,
    *,
    next_id: int,
    posts: int,
    oldest_at: dt.datetime | None,
    is_done: bool,
) -> None:
    """Everything down to `next_id` is committed, `posts` more posts. Nothing, if somebody else was faster.

    One that was widened meanwhile is not done.
    """
    await connection.execute(
        ADVANCE,
        {
            "channel": backfill.channel_id,
            "before": backfill.next_id,
            "next": next_id,
            "oldest": oldest_at,
            "posts": posts,
            "done": is_done,
            "since": backfill.reach.since_at,
            "most": backfill.reach.most,
        },
    )


async def explain(connection: Connection, channel_id: ChannelId, why: str) -> None:
    """Say why it does not go on at the moment; the next progress takes it back."""
    await connection.execute(
        text(
            "UPDATE backfills SET state_detail = :why WHERE channel_id = :channel AND state IN ('waiting', 'running')"
        ),
        {"channel": channel_id, "why": why},
    )


async def fail(connection: Connection, channel_id: ChannelId, why: str) -> None:
    """It cannot go on, until somebody asks again."""
    await connection.execute(
        text(
            "UPDATE backfills SET state = 'failed', state_detail = :why, changed_at = now()"
            " WHERE channel_id = :channel AND state IN ('waiting', 'running')"
        ),
        {"channel": channel_id, "why": why},
    )
