"""What ingest does by the clock, beside listening."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from analysis import kept_lemmas
from ingest.clock import ServerClock
from ingest.memory import GIVE_BACK_EVERY, give_back_memory
from ingest.stages import Stages
from storage import blindness, heartbeats
from storage.database import Database, DatabaseAway

log = structlog.get_logger()

SAVE_LEMMAS_EVERY = dt.timedelta(minutes=10)
RETRY_FAILED_EVERY = dt.timedelta(minutes=5)
SAVE_SESSION_EVERY = dt.timedelta(minutes=1)
LOG_PACE_EVERY = dt.timedelta(minutes=1)

BEAT_EVERY = dt.timedelta(seconds=10)
LOOK_AT_CLOCK_EVERY = dt.timedelta(seconds=30)
LOOK_FOR_BLINDNESS_EVERY = dt.timedelta(seconds=30)


def make_scheduler(
    home: Path,
    *,
    retry_failed: Callable[[], Awaitable[int]],
    save_session: Callable[[], Awaitable[None]],
    stages: Stages,
) -> AsyncIOScheduler:
    """The jobs, not started yet. One that is late runs once, as soon as it can, and never twice at a time."""
    scheduler = AsyncIOScheduler(
        timezone=dt.UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    add = scheduler.add_job
    add(save_lemmas, "interval", [home], seconds=SAVE_LEMMAS_EVERY.total_seconds(), id="save lemmas")
    add(_retry, "interval", [retry_failed], seconds=RETRY_FAILED_EVERY.total_seconds(), id="retry failed analyses")
    add(save_session, "interval", seconds=SAVE_SESSION_EVERY.total_seconds(), id="save session")
    add(give_back_memory, "interval", seconds=GIVE_BACK_EVERY.total_seconds(), id="give back memory")
    add(PaceLog(stages).write, "interval", seconds=LOG_PACE_EVERY.total_seconds(), id="log pace")
    return scheduler


def add_watch(scheduler: AsyncIOScheduler, database: Database) -> None:
    """Say that ingest lives, and notice channels that nobody can look at."""
    add = scheduler.add_job
    now = dt.datetime.now(dt.UTC)
    add(beat, "interval", [database], seconds=BEAT_EVERY.total_seconds(), id="beat", next_run_time=now)
    add(look_for_blindness, "interval", [database], seconds=LOOK_FOR_BLINDNESS_EVERY.total_seconds(), id="blindness")


def add_clock(scheduler: AsyncIOScheduler, database: Database, clock: ServerClock) -> None:
    """Sound the alarm when this machine's clock is wrong."""
    seconds = LOOK_AT_CLOCK_EVERY.total_seconds()
    scheduler.add_job(_check, "interval", [database, clock], seconds=seconds, id=f"clock {id(clock)}")


async def _check(database: Database, clock: ServerClock) -> None:
    try:
        await clock.check(database)
    except DatabaseAway as away:
        log.warning("clock alarm not noted", reason=str(away))


async def beat(database: Database) -> None:
    """Ingest works: the bot tells operators when this stops."""
    try:
        async with database.begin() as connection:
            await heartbeats.beat(connection, "ingest")
    except DatabaseAway as away:
        log.warning("heartbeat not written", reason=str(away))


async def look_for_blindness(database: Database) -> None:
    """Tell operators of channels that could not be looked at for minutes, and when it is over."""
    try:
        async with database.begin() as connection:
            blind = await blindness.note_blindness(connection)
    except DatabaseAway as away:
        log.warning("blindness not looked for", reason=str(away))
        return
    if blind:
        log.warning("channels are not being read", channels=len(blind), channel_id=blind[0])


class PaceLog:
    """Says how long each stage took the posts of the last minute, if there were any."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._before = stages.copy()

    async def write(self) -> None:
        """One line: the posts since the last one, and microseconds a post by stage."""
        lately = self._stages.since(self._before)
        self._before = self._stages.copy()
        if lately.posts:
            times = {f"{name}_us": round(value) for name, value in lately.per_post().items()}
            log.info("pipeline pace", posts=lately.posts, **times)


async def save_lemmas(home: Path) -> None:
    """Keep the lemmas: at its end a program does so, too, but it may be killed."""
    try:
        await asyncio.to_thread(kept_lemmas.save_lemmas, home)
    except OSError as error:
        log.warning("lemma cache not written", error=error.strerror)


async def _retry(retry_failed: Callable[[], Awaitable[int]]) -> None:
    if count := await retry_failed():
        log.info("failed analyses tried again", posts=count)
