"""One bot at a time: a second process stands by, and takes over when the first is gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from bot.waiting import until
from storage.database import AlreadyRunning, Database, DatabaseAway
from storage.holding import Hold

log = structlog.get_logger()

JOB = "bot"


@dataclass(frozen=True, slots=True)
class Standby:
    """How a process waits for its turn to be the bot, in seconds. Tests make it fast."""

    look_every: float = 2.0
    handover: float = 20.0
    """Between getting the lock that another process had, and using it: longer than that process tries to have a lost
    lock back (`storage.holding.RETAKE_SECONDS`) and ends. With looks and a start it stays below 30 s (fault matrix, row
    24)."""


AS_SHIPPED = Standby()


@contextlib.asynccontextmanager
async def alone(database: Database, stop: asyncio.Event, standby: Standby) -> AsyncIterator[Hold | None]:
    """Wait until no other process is the bot on this database; None when told to stop before."""
    hold = Hold(database, JOB)
    is_alone = await _taken(hold, stop, standby)
    try:
        yield hold if is_alone else None
    finally:
        await hold.give_back()


async def _taken(hold: Hold, stop: asyncio.Event, standby: Standby) -> bool:
    has_stood_by = False
    while not stop.is_set():
        try:
            await hold.take()
        except AlreadyRunning:
            if not has_stood_by:
                log.warning("standing by: another process is the bot on this database")
            has_stood_by = True
        except DatabaseAway as error:
            log.warning("lock not asked for", error=str(error))
        else:
            if has_stood_by:
                await until(stop, standby.handover)
                log.warning("taking over: the other process is gone")
            return not stop.is_set()
        await until(stop, standby.look_every)
    return False
