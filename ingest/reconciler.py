"""The proof that nothing is missing: what Telegram says of every channel is held against what is accounted for.

A push is a hint. Every sweep asks Telegram for each channel's newest id and its count of changes, a hundred channels a
request; ids that nobody accounts for are asked for (ingest.filling), and so are changes that the count shows and nobody
told us of (ingest.catching_up). Doubts of any kind make a sweep begin at once (reference: telethon, 5).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Sequence

import structlog

from ingest.asking import Asking, MethodClosed, ServerTrouble
from ingest.catching_up import CatchingUp
from ingest.channel_states import ChannelStates
from ingest.client import NoAnswer
from ingest.door import Door
from ingest.doubts import Doubts
from ingest.filling import Filling
from ingest.looking import Seen, look_at
from ingest.pts import PtsCount
from ingest.rereading import Rereading
from ingest.supervision import first_to_end
from ingest.watched import Watched, watched_channels
from storage import completeness
from storage.completeness import Look
from storage.database import Database, DatabaseAway
from storage.ids import AccountId, ChannelId

log = structlog.get_logger()

SWEEP_EVERY = dt.timedelta(seconds=20)
"""Between two sweeps when nothing is in doubt."""

SOONER = 0.5
"""Share of that pause after a sweep of all channels that found some of which not everything is accounted for: more
may be coming untold, and every push dropped, no post may be more than 30 s late (issue 4). The worst of 18,000 was 31 s
late without it (benchmarks.nemesis --deaf). A channel that cannot be settled keeps it so: six requests a minute instead
of three for a hundred channels."""

GRACE = dt.timedelta(seconds=1)
"""For pushes that are on their way while we look: Telethon holds what is out of order for half a second, we hold albums
for 0.3 s."""

FEWEST_SECONDS_BETWEEN_SWEEPS = 1.0
"""Doubts come in swarms; one look settles them all."""

FAR_BEHIND = 500
"""Ids: five requests for either way."""

MOST_SILENT_SWEEPS = 2
"""A connection may be dead and say it is connected: after so many looks in a row without an answer, a new one."""


class Reconciler:
    """Sweeps over an account's channels until cancelled. One object a life of the client."""

    def __init__(
        self,
        database: Database,
        account_id: AccountId,
        asking: Asking,
        doubts: Doubts,
        door: Door,
        *,
        filling: Filling,
        catching_up: CatchingUp,
        rereading: Rereading,
        states: ChannelStates,
        pts: PtsCount,
        sweep_every: dt.timedelta = SWEEP_EVERY,
        grace: dt.timedelta = GRACE,
    ) -> None:
        self._database = database
        self._account_id = account_id
        self._asking = asking
        self._doubts = doubts
        self._door = door
        self._filling = filling
        self._catching_up = catching_up
        self._rereading = rereading
        self._states = states
        self._pts = pts
        self._sweep_every = sweep_every.total_seconds()
        self._grace = grace.total_seconds()
        self._left: set[ChannelId] = set()
        self._troubled: set[ChannelId] = set()

    async def run(self) -> None:
        """Sweep at once, at every doubt, and every SWEEP_EVERY or SOONER. Raises ConnectionError, and what ends the
        account."""
        await first_to_end(self._filling.run(), self._catching_up.run(), self._rereading.run(), self._sweep_for_ever())

    async def _sweep_for_ever(self) -> None:
        about: set[ChannelId] | None = None
        silent = troubles = 0
        swept_all_at, pause = float("-inf"), self._sweep_every
        while True:
            if time.monotonic() - swept_all_at >= pause:
                about = None  # doubts about some must not keep us from the others
            try:
                began = time.monotonic()
                was_told_of_all = await self.sweep(about)
                silent = 0
                if about is None:
                    troubles, swept_all_at = 0, began
                    pause = self._sweep_every * (1 if was_told_of_all else SOONER)
            except MethodClosed as closed:
                log.warning("sweep put off", seconds=round(closed.seconds))
                await asyncio.sleep(min(closed.seconds, self._sweep_every))
                about = None
                continue
            except ServerTrouble as trouble:  # about some: the others have been looked at
                log.warning("sweep failed in part", error=type(trouble).__name__)
                silent = 0
                if about is None:  # soon again; if it lasts, no oftener than ever
                    swept_all_at, troubles = began, troubles + 1
                    pause = min(FEWEST_SECONDS_BETWEEN_SWEEPS * 2 ** min(troubles, 10), self._sweep_every)
            except (NoAnswer, DatabaseAway) as error:
                log.warning("sweep failed", error=type(error).__name__)
                silent += isinstance(error, NoAnswer)
                if silent >= MOST_SILENT_SWEEPS:
                    raise
                await asyncio.sleep(FEWEST_SECONDS_BETWEEN_SWEEPS)
                about = None
                continue
            await asyncio.sleep(min(FEWEST_SECONDS_BETWEEN_SWEEPS, self._sweep_every))
            await self._doubts.wait(max(swept_all_at + pause - time.monotonic(), 0.0))
            about = self._doubts.take() or None

    async def sweep(self, about: set[ChannelId] | None = None) -> bool:
        """Look at these channels (None: all), and see to it that what is missing is fetched. Whether it was nothing.

        What is seen before Telegram tells no more is settled, and the next sweep begins with the others. Raises
        MethodClosed, NoAnswer, ConnectionError, DatabaseAway, and what the account suffers.
        """
        every = await watched_channels(self._database, self._account_id)
        wanted = [each for each in every if about is None or each.id in about]
        apart = [each for each in wanted if each.id in self._troubled]  # lest they spoil it for the others again
        together = [each for each in wanted if each.id not in self._troubled]
        seen = await look_at(self._asking, sorted(together, key=lambda each: each.id not in self._left), apart)
        asked = {each.id for each in wanted}
        self._left = self._left - asked | {each.id for each in seen.left}
        self._troubled = self._troubled - asked | {each.id for each in seen.troubled}
        was_told_of_all = await self._settle(
            [each for each in wanted if each.id not in self._left | self._troubled], seen
        )
        if seen.error is not None:
            raise seen.error
        return was_told_of_all

    async def _settle(self, watched: Sequence[Watched], seen: Seen) -> bool:
        """What these channels' looks show to be missing is fetched, the rest is noted as known. Whether it was all."""
        by_id = {each.id: each for each in watched}
        await self._door.caught_up()  # what is noted below as heard must not wait in memory any more
        suspicious = await self._suspicious(seen.looks)
        if suspicious:
            await asyncio.sleep(self._grace)
            await self._door.caught_up()
            suspicious = await self._suspicious([look for look, _ in suspicious])
        changed = {look.channel_id for look, _ in suspicious if self._pts.is_behind(look.channel_id, look.pts)}
        for look, unknown in suspicious:
            # A difference tells of posts, edits and deletions at once, a hundred changes a request; pages of history
            # tell posts only, but of any number. What catching up leaves open is filled when it is done.
            if look.channel_id in changed:
                self._catching_up.catch_up(by_id[look.channel_id], look)
            if look.channel_id not in changed or unknown > FAR_BEHIND:
                self._filling.fill(by_id[look.channel_id], look.top_message_id)
        await self._door.caught_up()  # what came since was counted as heard, too
        await self._note([look for look in seen.looks if look.channel_id not in changed])
        try:
            await self._states.seen(watched, seen)
        except (MethodClosed, NoAnswer) as error:  # of channels that are not shown; the others are looked after
            log.warning("channels' states not settled yet", error=type(error).__name__)
        return not suspicious

    async def _suspicious(self, looks: Sequence[Look]) -> list[tuple[Look, int]]:
        """Those whose newest id is not accounted for, or whose changes we have not all heard of.

        With how far the newest id is above the watermark.
        """
        async with self._database.begin() as connection:
            readings = await completeness.readings(connection, [look.channel_id for look in looks])
        found = []
        for look in looks:
            reading = readings.get(look.channel_id)
            if reading is None:
                continue
            if reading.pts == look.pts:  # nothing has happened since the last sweep, whichever process made it
                self._pts.settle(look.channel_id, look.pts)
            unknown = 0 if reading.watermark is None else max(look.top_message_id - reading.watermark, 0)
            if unknown or self._pts.is_behind(look.channel_id, look.pts):
                found.append((look, unknown))
        return found

    async def _note(self, looks: Sequence[Look]) -> None:
        async with self._database.begin() as connection:
            await completeness.note_looks(connection, looks)
        for look in looks:
            self._pts.settle(look.channel_id, look.pts)
