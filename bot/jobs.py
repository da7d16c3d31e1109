"""What the bot does beside talking and delivering: it owes operators their notices, and notices ingest's silence."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Collection

import structlog

from bot.errors import place_of
from bot.waiting import act_whenever
from storage import heartbeats, notices, people
from storage.database import Database
from storage.heartbeats import SILENT_AFTER

log = structlog.get_logger()

LOOK = 30.0
"""Seconds between the looks that need no wake-up: those are only hints, and silence gives none."""


class OperatorNotices:
    """Tells operators (numbers of people) what they should know, until told to stop. `clock` gives seconds."""

    def __init__(
        self,
        database: Database,
        operators: Collection[int],
        *,
        look: float = LOOK,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._operators = frozenset(operators)
        self._look_seconds = look
        self._clock = clock
        self._heard_at = clock()
        """When ingest was last known to beat, or we began to listen: after a night in which the machine slept, or
        nothing ran, ingest gets the time to beat before it is called silent."""
        self._waiting = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever something is noted, and every now and then, until `stop` is set."""
        wakeups = self._database.wakeups("notices")
        await act_whenever(wakeups, self._look_seconds, self._look_safely, stop)

    async def look(self) -> None:
        """Listen for silence once, then owe what waits."""
        await self._listen_for_silence()
        async with self._database.begin() as connection:
            operators = self._operators | await people.operators(connection)
            outcome = await notices.owe_notices(connection, operators)
        for kind in outcome.owed:
            log.warning("notice for operators", kind=kind, told=outcome.operators)
        if outcome.waiting and outcome.waiting != self._waiting:
            log.warning("nobody is told: no operator has started the bot", waiting=outcome.waiting)
        self._waiting = outcome.waiting

    async def _look_safely(self) -> None:
        try:
            await self.look()
        except Exception as error:  # noqa: BLE001 - the job's door: no outage of the database may end it
            log.warning("notices not read", error=type(error).__name__, place=place_of(error))

    async def _listen_for_silence(self) -> None:
        now = self._clock()
        async with self._database.begin() as connection:
            silence = await heartbeats.silence_of(connection, "ingest")
            if silence is None:
                return
            if silence <= SILENT_AFTER:
                self._heard_at = now
                await heartbeats.tell_return(connection)
            elif dt.timedelta(seconds=now - self._heard_at) > SILENT_AFTER:
                await heartbeats.tell_silence(connection, silence)
