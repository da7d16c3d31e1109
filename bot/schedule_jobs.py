"""What happens by people's clocks: digests are let go at their hour, and the next moments are written down.

The tables hold every moment, so that nothing hangs on this process: what was missed while nobody ran is done at the
first tick, once, and two processes do nothing twice (`storage.schedule_runs`).
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import place_of
from bot.post_view import zone_of
from bot.schedule import next_digest, quiet_window
from storage import schedule_runs
from storage.database import Database
from storage.schedule_runs import AT_ONCE

log = structlog.get_logger()

TICK = dt.timedelta(seconds=5)
"""How late a digest may be let go; `storage.deferring.PATIENCE` is as long."""

FORGET_EVERY = dt.timedelta(hours=1)

GRACE = 2.0
"""Seconds that a job under way gets to end when the bot stops."""


def utc_now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


class ScheduleJobs:
    """Renews the schedules until told to stop. `clock` gives the time, in UTC."""

    def __init__(self, database: Database, *, clock: Callable[[], dt.datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._at_work = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set, and at once when somebody changes their settings."""
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        scheduler = AsyncIOScheduler(timezone=dt.UTC, job_defaults=defaults)
        add, now = scheduler.add_job, dt.datetime.now(dt.UTC)
        add(self._safely, "interval", [self.tick], seconds=TICK.total_seconds(), id="tick", next_run_time=now)
        add(self._safely, "interval", [self.forget], seconds=FORGET_EVERY.total_seconds(), id="forget")
        scheduler.start()
        listening = asyncio.create_task(self._listen(), name="schedules heard")
        try:
            await stop.wait()
        finally:
            listening.cancel()
            scheduler.remove_all_jobs()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE), self._at_work:
                    pass  # the scheduler would cut off what is under way, and say so at length
            scheduler.shutdown(wait=False)
            await asyncio.gather(listening, return_exceptions=True)

    async def tick(self) -> None:
        """Renew everything whose moment has come, or that is to be found out."""
        while await self._renew_windows() == AT_ONCE:
            pass
        while await self._run_digests() == AT_ONCE:
            pass

    async def forget(self) -> None:
        """Forget what is over."""
        async with self._database.begin() as connection:
            await schedule_runs.forget_old(connection, self._clock())

    async def _run_digests(self) -> int:
        now = self._clock()
        async with self._database.begin() as connection:
            due = await schedule_runs.due_runs(connection, now)
            if due:
                next_at = [next_digest(each.pace, each.digest_hour, zone_of(each.time_zone), now) for each in due]
                moved = await schedule_runs.run(connection, due, next_at)
                log.info("digests let go", schedules=len(due), deliveries=moved)
        return len(due)

    async def _renew_windows(self) -> int:
        now = self._clock()
        async with self._database.begin() as connection:
            due = await schedule_runs.due_windows(connection, now)
            renewed = []
            for each in due:
                window = quiet_window(each.quiet_from, each.quiet_until, zone_of(each.time_zone), now)
                renewed.append((each.subscriber_id, window.from_at, window.until_at))
            if renewed:
                await schedule_runs.renew_windows(connection, renewed)
        return len(due)

    async def _safely(self, job: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._at_work:
                await job()
        except Exception as error:  # noqa: BLE001 - the job's door: no outage of the database may end it
            log.warning("schedules not renewed", error=type(error).__name__, place=place_of(error))

    async def _listen(self) -> None:
        async for _ in self._database.wakeups("schedules"):
            await self._safely(self.tick)
