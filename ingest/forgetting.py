"""The nightly job that forgets what is not to be kept any longer, in small steps between which everybody else works."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from pathlib import Path

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from analysis.stories import SPAN
from ingest.media_folder import MediaFolder, MediaLimits
from storage import (
    forgetting,
    inbox,
    invites,
    media_files,
    operator_sessions,
    operators,
    proposals,
    share_links,
    webhook_deliveries,
)
from storage.database import AlreadyRunning, Connection, Database, DatabaseAway, StatementRefused
from storage.deliveries import purge_settled
from storage.disk_usage import FILLED, measure
from storage.forgetting import BATCH, Batch, Place
from storage.holding import only_one
from storage.keeping import Keeping
from storage.notices import purge_old
from storage.stories import forget_signatures

log = structlog.get_logger()

SIGNATURES_KEPT = SPAN + dt.timedelta(hours=1)
"""Of posts, for the window in which stories are told; an hour more, for clocks differ."""

KEEP_THEMSELVES = (
    inbox.purge,
    invites.forget_spent,
    share_links.forget_expired,
    proposals.forget_old,
    operator_sessions.forget_ended,
    operators.forget_actions,
)
"""Records whose own rooms know how long they are kept, and forget when they write: but that may not be for a year."""

HOUR = 2
"""UTC: before dawn in Kyiv and Moscow."""

FIRST_AFTER = dt.timedelta(minutes=10)
"""After a start: a machine that is switched off at night forgets all the same."""

EXPIRED_EVERY = dt.timedelta(minutes=5)
"""How late a post whose time to live has ended may still be found."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two transactions: as long as the last one took, within these bounds."""

Clock = Callable[[], dt.datetime]
Pause = Callable[[float], Awaitable[None]]
Step = Callable[[Connection, Place], Awaitable[Batch]]


@dataclass(slots=True)
class Forgotten:
    """How much one run forgot."""

    expired: int = 0
    """Posts whose time to live had ended."""
    aged: int = 0
    """Posts older than posts are kept."""
    over_budget: int = 0
    """The oldest of the others, so that the rest fits the disk budget."""
    texts: int = 0
    """Deleted posts that no longer say what they said."""
    deliveries: int = 0
    webhook_deliveries: int = 0
    replays: int = 0

    @property
    def posts(self) -> int:
        """All posts that are gone."""
        return self.expired + self.aged + self.over_budget


def utc_now() -> dt.datetime:
    """The time."""
    return dt.datetime.now(dt.UTC)


async def forget(
    database: Database, keeping: Keeping, clock: Clock = utc_now, *, batch: int = BATCH, pause: Pause = asyncio.sleep
) -> Forgotten:
    """Forget all that `keeping` does not keep; `batch` posts a transaction.

    It may be killed anywhere: what is forgotten is committed, and the next run goes on with what is left. What others
    hold locked at this moment waits for the next run, too. Raises AlreadyRunning when another process is at it (two
    would free the disk twice), DatabaseAway or StatementRefused.
    """
    async with only_one(database, "forgetting"):
        return await _Forgetting(database, keeping, clock(), batch, pause).run()


async def forget_expired(
    database: Database, clock: Clock = utc_now, *, batch: int = BATCH, pause: Pause = asyncio.sleep
) -> int:
    """Forget the posts whose time to live has ended; how many. Asked often, it costs a look into an index."""
    return await _Forgetting(database, Keeping(), clock(), batch, pause).forget_expired()


async def forget_media(database: Database, home: Path) -> int:
    """Take away the media of forgotten posts; how many."""
    folder, count = MediaFolder(home, MediaLimits()), 0
    async with database.begin() as connection:
        for channel_id, message_id in await media_files.orphans(connection):
            for path in await media_files.forget(connection, channel_id, [message_id]):
                folder.remove(path)
                count += 1
    return count


def schedule(scheduler: AsyncIOScheduler, database: Database, keeping: Keeping, home: Path) -> None:
    """Add them to ingest's jobs. `home`: the data folder, where media lie."""

    async def nightly() -> None:
        forgotten = await forget(database, keeping)
        media = await forget_media(database, home)
        counts = {field.name: getattr(forgotten, field.name) for field in fields(forgotten)}
        log.info("forgot what is not kept", media=media, **counts)

    async def often() -> None:
        if count := await forget_expired(database):
            log.info("forgot posts whose time had ended", posts=count)

    soon = utc_now() + FIRST_AFTER
    scheduler.add_job(_guarded(nightly), "cron", hour=HOUR, jitter=1800, next_run_time=soon, id="forget")
    scheduler.add_job(_guarded(often), "interval", seconds=EXPIRED_EVERY.total_seconds(), id="forget expired")


def _guarded(job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """The job's door: what fails tonight is done tomorrow, and nothing else is harmed."""

    async def guarded() -> None:
        try:
            await job()
        except AlreadyRunning:
            log.info("another process forgets at this moment")
        except (DatabaseAway, StatementRefused) as error:
            log.warning("forgetting stopped; the next run goes on", reason=str(error))

    return guarded


class _Forgetting:
    """One run."""

    def __init__(self, database: Database, keeping: Keeping, now: dt.datetime, batch: int, pause: Pause) -> None:
        self._database = database
        self._keeping = keeping
        self._now = now
        self._batch = batch
        self._pause = pause

    async def run(self) -> Forgotten:
        """Everything, the most urgent first."""
        done = Forgotten()
        done.expired = await self.forget_expired()
        if not self._keeping.deleted_texts:
            done.texts = await self._forget_texts()
        oldest_at = self._keeping.oldest_at(self._now)
        if oldest_at is not None:
            done.aged = await self._walk(
                lambda connection, place: forgetting.forget_older(connection, oldest_at, place, self._batch)
            )
        if self._keeping.disk_budget is not None:
            done.over_budget = await self._forget_over(self._keeping.disk_budget)
        await self._forget_records(done)
        if done.posts or done.texts:
            await forgetting.reuse_space(self._database)
        return done

    async def forget_expired(self) -> int:
        """Posts whose time to live has ended."""
        return await self._walk(
            lambda connection, place: forgetting.forget_expired(connection, self._now, place, self._batch)
        )

    async def _walk(self, step: Step, enough: float = float("inf")) -> int:
        """Step after step until there is nothing left, or so many bytes of rows are gone. How many posts went."""
        place: Place | None = Place()
        count = row_bytes = 0
        while place is not None and row_bytes < enough:
            began = time.monotonic()
            async with self._database.begin() as connection:
                done = await step(connection, place)
            place, count, row_bytes = done.reached, count + done.forgotten, row_bytes + done.row_bytes
            if place is not None:
                await self._breathe(began)
        return count

    async def _forget_over(self, budget: int) -> int:
        """The oldest posts, until what is left fits."""
        async with self._database.begin() as connection:
            usage = await measure(connection)
        if usage.used <= budget:
            return 0
        goal = budget * FILLED
        if usage.others >= goal:
            # To forget every post would not help, so it is no budget but a mistake.
            log.error("disk budget is too small for what is no post", mib_used=usage.others >> 20, mib=budget >> 20)
            return 0
        return await self._walk(
            lambda connection, place: forgetting.forget_older(connection, None, place, self._batch),
            enough=(usage.used - goal) / usage.freed_by(1),
        )

    async def _forget_texts(self) -> int:
        after: int | None = 0
        count = 0
        while after is not None:
            began = time.monotonic()
            async with self._database.begin() as connection:
                found, after = await forgetting.next_deleted(connection, after, self._batch)
                count += await forgetting.forget_texts(connection, found)
            await self._breathe(began)
        return count

    async def _forget_records(self, done: Forgotten) -> None:
        """What is kept of the work itself; a posts' deliveries have gone with it."""
        age = self._keeping.records
        async with self._database.begin() as connection:
            done.deliveries = await purge_settled(connection, age)
        async with self._database.begin() as connection:
            done.webhook_deliveries = await webhook_deliveries.purge_settled(connection, age)
        async with self._database.begin() as connection:
            await purge_old(connection, age)
            done.replays = await forgetting.forget_finished_replays(connection, self._now - age)
        async with self._database.begin() as connection:
            await forget_signatures(connection, SIGNATURES_KEPT)
        async with self._database.begin() as connection:
            for forget_ended in KEEP_THEMSELVES:
                await forget_ended(connection)

    async def _breathe(self, began: float) -> None:
        """Ingest gets as much of the database's time as this, at least."""
        await self._pause(min(max(time.monotonic() - began, SHORTEST_PAUSE), LONGEST_PAUSE))
