"""Bursts as they are stored: opened once, grown while they last, ended when they are quiet, read back for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, NewType

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from analysis.bursts import QUIET, REST, SPAN, TOPIC
from storage.ids import PostId
from storage.models import BurstRow
from storage.post_values import storable
from storage.rates import OLD

BurstId = NewType("BurstId", int)

EXAMPLES = 5
"""Posts kept of a burst, each of another channel."""

MOST_READ = 40
"""Posts of a burst whose texts are read, to see how people write its word and what they write about."""

KEPT = dt.timedelta(days=365)
"""How long bursts are remembered (docs/privacy-and-terms.md: as posts are by default)."""


@dataclass(frozen=True, slots=True)
class Burst:
    """A time in which something was heard far more than usual. Voices and posts are those of an hour."""

    id: BurstId
    kind: str
    """word, name or topic."""
    what: str
    """A lemma, or "topic:" and a code."""
    shown: str
    """How people write it; a topic's code."""
    also: tuple[str, ...]
    """What else is heard so in the same posts."""
    companions: tuple[str, ...]
    """Some of that as people write it."""
    topics: frozenset[str]
    """Codes, with ancestors, that at least half of its posts have."""
    began_at: dt.datetime
    last_at: dt.datetime
    ended_at: dt.datetime | None
    usual: float
    """Voices an hour that were to be expected."""
    peak_voices: int
    peak_posts: int
    """Reposts and all."""
    peak_channels: int
    peak_at: dt.datetime
    post_ids: tuple[PostId, ...]
    """Some of its posts, the earliest first."""

    @property
    def times(self) -> float:
        """How many times its usual rate the peak was."""
        return self.peak_voices / self.usual

    @property
    def whats(self) -> tuple[str, ...]:
        """All that bursts in it."""
        return (self.what, *self.also)


@dataclass(frozen=True, slots=True)
class Said:
    """Posts of the last hour that say something, the earliest first: all, and of how many channels."""

    post_ids: tuple[PostId, ...]
    channels: int
    examples: tuple[PostId, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a burst is stored with when it opens."""

    kind: str
    what: str
    shown: str
    also: tuple[str, ...]
    companions: tuple[str, ...]
    topics: frozenset[str]
    usual: float
    voices: int
    said: Said


COLUMNS = (
    BurstRow.id, BurstRow.kind, BurstRow.what, BurstRow.shown, BurstRow.also, BurstRow.companions, BurstRow.topics,
    BurstRow.began_at, BurstRow.last_at, BurstRow.ended_at, BurstRow.usual, BurstRow.peak_voices, BurstRow.peak_posts,
    BurstRow.peak_channels, BurstRow.peak_at, BurstRow.post_ids,
)  # fmt: skip


def burst_of(row: Any) -> Burst:
    """A burst from a row (or tuple) of COLUMNS."""
    values = dict(zip((each.name for each in fields(Burst)), row, strict=True))
    listed = {name: tuple(values[name]) for name in ("also", "companions", "post_ids")}
    return Burst(**{**values, **listed, "topics": frozenset(values["topics"])})


async def open_bursts(connection: AsyncConnection) -> list[Burst]:
    """Those that go on, the oldest first."""
    rows = await connection.execute(select(*COLUMNS).where(BurstRow.ended_at.is_(None)).order_by(BurstRow.id))
    return [burst_of(row) for row in rows]


async def recent_bursts(connection: AsyncConnection, since: dt.datetime, limit: int = 50) -> list[Burst]:
    """Those that went on at or after a moment: first those that go on, and of each the latest first."""
    rows = await connection.execute(
        select(*COLUMNS)
        .where(BurstRow.last_at >= since)
        .order_by(BurstRow.ended_at.is_(None).desc(), BurstRow.began_at.desc(), BurstRow.id.desc())
        .limit(limit)
    )
    return [burst_of(row) for row in rows]


async def read_burst(connection: AsyncConnection, burst_id: BurstId) -> Burst | None:
    """The burst of that number."""
    row = (await connection.execute(select(*COLUMNS).where(BurstRow.id == burst_id))).first()
    return burst_of(row) if row else None


async def read_said(connection: AsyncConnection, whats: Sequence[str], now: dt.datetime) -> dict[str, Said]:
    """The posts of the last hour that say each of these."""
    if not whats:
        return {}
    topics = [what.removeprefix(TOPIC) for what in whats if what.startswith(TOPIC)]
    words = [what for what in whats if not what.startswith(TOPIC)]
    values = {
        "since": now - SPAN, "until": now, "leave_out": list(OLD), "topics": topics, "words": words,
    }  # fmt: skip
    found: dict[str, Said] = {}
    for row in await connection.execute(SAID, values):
        first_of = {channel: post for post, channel in reversed(list(zip(row.posts, row.channels, strict=True)))}
        examples = sorted(first_of.values(), key=row.posts.index)[:EXAMPLES]
        found[row.what] = Said(tuple(row.posts), len(first_of), tuple(examples))
    return found


async def read_texts(connection: AsyncConnection, post_ids: Collection[PostId]) -> list[tuple[str, frozenset[str]]]:
    """The text of each post with the codes of its topics, in no order."""
    rows = await connection.execute(TEXTS, {"posts": list(post_ids)[:MOST_READ]})
    return [(row.text, frozenset(row.topic_codes)) for row in rows]


async def open_burst(connection: AsyncConnection, opening: Opening, now: dt.datetime) -> tuple[BurstId, bool]:
    """Store a burst; its number, and whether it is news: what ended lately and comes again is the same one."""
    again = await connection.scalar(AGAIN, {"what": opening.what, "now": now, "rest": REST})
    if again is not None:
        return BurstId(again), False
    number = await connection.scalar(
        insert(BurstRow)
        .values(
            kind=opening.kind, what=opening.what, shown=storable(opening.shown), also=list(opening.also),
            companions=[storable(each) for each in opening.companions], topics=sorted(opening.topics),
            began_at=now, last_at=now, peak_at=now, usual=opening.usual, peak_voices=opening.voices,
            peak_posts=len(opening.said.post_ids), peak_channels=opening.said.channels,
            post_ids=list(opening.said.examples),
        )
        .returning(BurstRow.id)
    )  # fmt: skip
    return BurstId(int(number or 0)), True


async def go_on(
    connection: AsyncConnection, burst_id: BurstId, now: dt.datetime, *, voices: int, said: Said | None
) -> None:
    """It lasts; a higher peak is noted with its posts."""
    values = {"id": burst_id, "now": now, "voices": voices}
    await connection.execute(LASTS, values)
    if said is not None:
        await connection.execute(PEAK, {**values, "posts": len(said.post_ids), "channels": said.channels})


async def add_words(connection: AsyncConnection, burst_id: BurstId, whats: Collection[str]) -> None:
    """More is heard in the same posts."""
    await connection.execute(ADD, {"id": burst_id, "whats": sorted(whats)})


async def end_quiet(connection: AsyncConnection, now: dt.datetime) -> list[BurstId]:
    """End those that have not lasted for a while: they ended when they were last heard."""
    return list(await connection.scalars(END, {"now": now, "quiet": QUIET}))


async def forget_bursts(connection: AsyncConnection, now: dt.datetime) -> None:
    """Forget what ended long ago."""
    await connection.execute(FORGET, {"before": now - KEPT})


SAID = text(
    """
    WITH lately AS (
        SELECT id, channel_id, posted_at, terms, topic_codes FROM posts
        WHERE posted_at >= :since AND posted_at < :until AND deleted_at IS NULL
            AND found_by <> ALL(CAST(:leave_out AS text[]))
    ), said AS (
        SELECT lexeme AS what, id, channel_id, posted_at FROM lately, unnest(terms)
        WHERE lexeme = ANY(CAST(:words AS text[]))
        UNION ALL
        SELECT 'topic:' || code, id, channel_id, posted_at FROM lately, unnest(topic_codes) AS code
        WHERE code = ANY(CAST(:topics AS text[]))
    )
    SELECT what, array_agg(id ORDER BY posted_at, id) AS posts, array_agg(channel_id ORDER BY posted_at, id) AS channels
    FROM said GROUP BY what
    """
)
"""Each post's terms are read once, however many words are asked for."""

TEXTS = text("SELECT text, topic_codes FROM posts WHERE id = ANY(CAST(:posts AS bigint[]))")

AGAIN = text(
    """
    UPDATE bursts SET ended_at = NULL, last_at = :now WHERE id = (
        SELECT id FROM bursts WHERE (what = :what OR :what = ANY(also))
            AND ended_at > CAST(:now AS timestamptz) - CAST(:rest AS interval) ORDER BY id DESC LIMIT 1)
        AND NOT EXISTS (SELECT FROM bursts o WHERE o.ended_at IS NULL AND o.what = bursts.what)
    RETURNING id
    """
)

LASTS = text("UPDATE bursts SET last_at = :now WHERE id = :id")

PEAK = text(
    "UPDATE bursts SET peak_voices = :voices, peak_posts = :posts, peak_channels = :channels, peak_at = :now"
    " WHERE id = :id AND peak_voices < :voices"
)

ADD = text("UPDATE bursts SET also = ARRAY(SELECT unnest(also) UNION SELECT unnest(CAST(:whats AS text[])) ORDER BY 1)"
           " WHERE id = :id")  # fmt: skip

END = text(
    "UPDATE bursts SET ended_at = last_at WHERE ended_at IS NULL"
    " AND last_at < CAST(:now AS timestamptz) - CAST(:quiet AS interval) RETURNING id"
)

FORGET = text("DELETE FROM bursts WHERE ended_at < :before")
