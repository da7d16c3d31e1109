"""What is right and wrong in the database when the storm is over: all of it against all of the box."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from benchmarks.nemesis_oracle import Key
from benchmarks.nemesis_schedule import Happened
from sandbox.world import World

MESSAGES = """
    SELECT c.telegram_id, m.message_id, m.kind, m.post_id IS NOT NULL FROM channel_messages m
    JOIN channels c ON c.id = m.channel_id
"""

TEXTS = """
    SELECT c.telegram_id, CAST(part->>'message_id' AS bigint), coalesce(part->>'text', p.text) FROM posts p
    JOIN channels c ON c.id = p.channel_id, jsonb_array_elements(p.parts) AS part
"""

NEWEST = 100

WATERMARKS = "SELECT telegram_id, coalesce(watermark, -1) FROM channels WHERE telegram_id IS NOT NULL"


@dataclass(slots=True)
class Verdict:
    """Messages, but for `channels_behind`. Service messages are no posts and not counted."""

    published: int = 0
    stored: int = 0
    lost: int = 0
    """There, or deleted after it could be seen, and not stored."""
    deleted_before_seen: int = 0
    """Deleted before it was stored, while nobody can be blamed for it."""
    stale_texts: int = 0
    """Stored with another text than the channel shows."""
    unmarked_deletions: int = 0
    """Stored, deleted in the channel, and not marked so."""
    wrong_among_newest: int = 0
    """Of both, those among the newest NEWEST messages of their channel: one page of its history would have told."""
    wrongly_gone: int = 0
    """There, and marked as deleted."""
    duplicates: int = 0
    """Parts of more than one post, or twice of one."""
    holes: int = 0
    """Ids up to a channel's newest of which nothing is known."""
    awaiting_second_look: int = 0
    """Ids that Telegram did not give once: deleted before they were seen, as a second look a minute later will say."""
    channels_behind: int = 0
    """Channels whose watermark is not at their newest message; holes and ids that await a second look hold it back."""
    lost_messages: list[Key] = field(default_factory=list)
    """The first few."""

    def reported(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)


async def judged(
    connection: psycopg.AsyncConnection,
    world: World,
    vanished: Mapping[Key, tuple[float, float]],
    faults: Sequence[Happened],
    bearable: float,
) -> Verdict:
    """Compare. What was deleted unseen counts as lost if it stood for `bearable` seconds in which no fault lasted."""
    known = {(c, m): (kind, is_stored) for c, m, kind, is_stored in await _rows(connection, MESSAGES)}
    texts = await _rows(connection, TEXTS)
    there = {(channel.id, number): post for channel in world.channels for number, post in channel.posts.items()}
    newest = {channel.id: channel.ids[-NEWEST:][0] if channel.ids else 0 for channel in world.channels}
    verdict = Verdict(published=len(world.channels.ledger))
    for line in world.channels.ledger:
        key = (line.channel_id, line.message_id)
        kind, is_stored = known.get(key, ("unknown", False))
        verdict.stored += is_stored
        if is_stored and key not in there and kind != "gone":
            verdict.unmarked_deletions += 1
            verdict.wrong_among_newest += line.message_id >= newest[line.channel_id]
        verdict.wrongly_gone += is_stored and key in there and kind == "gone"
        if is_stored:
            continue
        if key in there or (key in vanished and _calm(*vanished[key], faults) >= bearable):
            verdict.lost += 1
            verdict.lost_messages += [key] if len(verdict.lost_messages) < 10 else []
        else:
            verdict.deleted_before_seen += 1
    stale = [(c, m) for c, m, said in texts if (c, m) in there and there[c, m].text != said]
    verdict.stale_texts = len(stale)
    verdict.wrong_among_newest += sum(m >= newest[c] for c, m in stale)
    verdict.duplicates = len(texts) - len({(c, m) for c, m, _ in texts})
    await _judge_accounts(connection, world, known, verdict)
    return verdict


async def _judge_accounts(
    connection: psycopg.AsyncConnection, world: World, known: Mapping[Key, tuple[str, bool]], verdict: Verdict
) -> None:
    """Whether every id is accounted for."""
    watermarks = dict(await _rows(connection, WATERMARKS))
    for channel in world.channels:
        top = channel.top_message_id
        verdict.holes += sum((channel.id, number) not in known for number in range(1, top + 1))
        verdict.channels_behind += watermarks.get(channel.id, -1) < top
    verdict.awaiting_second_look = sum(kind == "missing" for kind, _ in known.values())


def _calm(since: float, until: float, faults: Iterable[Happened]) -> float:
    """The longest time between two moments in which no fault lasted."""
    longest, at = 0.0, since
    for fault in sorted(faults, key=lambda each: each.began):
        longest = max(longest, min(fault.began, until) - at)
        at = max(at, until if fault.ended is None else fault.ended)
    return max(longest, until - at)


async def _rows(connection: psycopg.AsyncConnection, statement: str) -> list[Any]:
    return await (await connection.execute(statement.encode())).fetchall()
