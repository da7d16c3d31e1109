"""Who watches: everything that was published is looked for in the database until it is there, and healing is timed."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import psycopg

from benchmarks.nemesis_schedule import Happened
from sandbox.world import World

LOOK_EVERY = 0.25
"""Seconds between two looks: how exact lags and healing are known."""

MOST_AT_ONCE = 20_000
"""Messages asked for in one look, the oldest first."""

Key = tuple[int, int]
"""A channel by Telegram's number, and a message."""

STORED = """
    SELECT k.c, k.m FROM unnest(%s::bigint[], %s::bigint[]) AS k(c, m)
    JOIN channels c ON c.telegram_id = k.c JOIN channel_messages m ON m.channel_id = c.id AND m.message_id = k.m
    WHERE m.post_id IS NOT NULL
"""


class Oracle:
    """Knows of every published message whether it is stored, by asking for those that were not there before.

    `connection` is for the oracle alone; `apart` are channels, by Telegram's number, that it does not look at. What is
    deleted before it was seen stored is waited for no more.
    """

    def __init__(
        self,
        world: World,
        connection: psycopg.AsyncConnection,
        faults: Sequence[Happened] = (),
        *,
        apart: Collection[int] = (),
    ) -> None:
        self._channels = world.channels
        self._connection = connection
        self._faults = faults
        self._apart = apart
        self._read = self._read_deletions = 0
        self.pending: dict[Key, float] = {}
        """What is not stored yet, oldest first, with the second at which it was published."""
        self.vanished: dict[Key, tuple[float, float]] = {}
        """What was deleted before it was seen stored: published when, deleted when."""
        self.lags: dict[int, array[float]] = defaultdict(lambda: array("d"))
        """Seconds from publishing to being seen stored, by channel."""

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Once: what is stored now, and which faults are healed."""
        began = time.monotonic()
        self._take_in()
        stored = await self._stored(list(self.pending)[:MOST_AT_ONCE])
        now = time.monotonic()
        for key in stored:
            self.lags[key[0]].append(now - self.pending.pop(key))
        oldest = next(iter(self.pending.values()), None)
        for fault in self._faults:
            is_over = fault.ended is not None and fault.ended <= began
            if is_over and fault.healed is None and (oldest is None or oldest > (fault.ended or 0)):
                fault.healed = now

    async def until_all_stored(self, seconds: float) -> bool:
        """Wait until nothing is pending, for so long at most; whether nothing is."""
        until = time.monotonic() + seconds
        while True:
            await self.look()
            if not self.pending or time.monotonic() >= until:
                return not self.pending
            await asyncio.sleep(LOOK_EVERY)

    def all_lags(self) -> list[float]:
        """The lags of all channels."""
        return [lag for lags in self.lags.values() for lag in lags]

    def _take_in(self) -> None:
        """What was published and deleted since the last look."""
        ledger, deletions = self._channels.ledger, self._channels.deletions
        for line in ledger[self._read :]:
            if line.channel_id not in self._apart:
                self.pending[line.channel_id, line.message_id] = line.monotonic
        self._read = len(ledger)
        for gone in deletions[self._read_deletions :]:
            key = (gone.channel_id, gone.message_id)
            if (published := self.pending.pop(key, None)) is not None:
                self.vanished[key] = (published, gone.monotonic)
        self._read_deletions = len(deletions)

    async def _stored(self, keys: Iterable[Key]) -> list[Key]:
        wanted = list(keys)
        if not wanted:
            return []
        found = await self._connection.execute(STORED, ([key[0] for key in wanted], [key[1] for key in wanted]))
        return [(channel, message) for channel, message in await found.fetchall()]
