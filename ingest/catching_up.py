"""Changes that nobody pushed: asked for from our own count, or seen by reading the newest posts again."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable

import structlog
from telethon import errors

from ingest.arrivals import Noted
from ingest.asking import MethodClosed
from ingest.client import NoAnswer
from ingest.differences import Changes, Differences, TooMuchToTell
from ingest.door import Door
from ingest.fetching import Fetching
from ingest.pts import PtsCount
from ingest.supervision import first_to_end
from ingest.watched import Watched
from storage import completeness
from storage.completeness import SECOND_LOOK_AFTER, Look
from storage.database import Database, DatabaseAway
from storage.ids import ChannelId, MessageId

log = structlog.get_logger()

WORKERS = 4

PAUSE_SECONDS = 2.0
"""Before a channel that could not be asked is asked again."""


class CatchingUp:
    """Catches up with the changes of the channels that it is given, until cancelled.

    `pts` is told up to which count a channel's changes are known then, `on_done` the newest id that there must be: what
    a difference tells of new posts need not be all.
    """

    def __init__(
        self,
        database: Database,
        fetching: Fetching,
        differences: Differences,
        door: Door,
        pts: PtsCount,
        on_done: Callable[[Watched, int], None],
        *,
        clock: Callable[[], dt.datetime],
        second_look_after: dt.timedelta = SECOND_LOOK_AFTER,
    ) -> None:
        self._database = database
        self._fetching = fetching
        self._differences = differences
        self._door = door
        self._pts = pts
        self._on_done = on_done
        self._clock = clock
        self._second_look_after = second_look_after.total_seconds()
        self._absent_since: dict[ChannelId, dict[MessageId, float]] = {}
        self._wanted: dict[ChannelId, tuple[Watched, Look]] = {}
        self._queue: asyncio.Queue[ChannelId] = asyncio.Queue()

    def catch_up(self, watched: Watched, told: Look) -> None:
        """See to it that all changes are known up to what Telegram told."""
        if watched.id not in self._wanted:
            self._queue.put_nowait(watched.id)
        self._wanted[watched.id] = (watched, told)

    async def run(self) -> None:
        """For ever, WORKERS channels at a time. Raises ConnectionError and what stands against the account."""
        await first_to_end(*(self._work() for _ in range(WORKERS)))

    async def _work(self) -> None:
        while True:
            channel_id = await self._queue.get()
            watched, told = self._wanted[channel_id]
            if not await self._tried(watched, told):
                self._on_done(watched, told.top_message_id)  # new posts need not wait for what tells of changes
                await asyncio.sleep(PAUSE_SECONDS)
            elif self._wanted[channel_id] == (watched, told):
                del self._wanted[channel_id]
                self._on_done(watched, told.top_message_id)
                continue
            self._queue.put_nowait(channel_id)

    async def _tried(self, watched: Watched, told: Look) -> bool:
        try:
            await self._catch_up(watched, told)
        except MethodClosed as closed:
            await asyncio.sleep(min(closed.seconds, PAUSE_SECONDS))
            return False
        except (NoAnswer, DatabaseAway) as error:
            log.warning("changes not read yet", channel_id=watched.id, error=type(error).__name__)
            return False
        except (errors.BadRequestError, errors.ForbiddenError) as error:
            # The sweep finds out why, and says so.
            log.warning("changes cannot be read", channel_id=watched.id, error=type(error).__name__)
        return True

    async def _catch_up(self, watched: Watched, told: Look) -> None:
        async with self._database.begin() as connection:
            reading = (await completeness.readings(connection, [watched.id]))[watched.id]
        # From what was heard without a gap: else every sweep of a busy channel would read all of it again.
        pts = max(reading.pts or 0, self._pts.known(watched.id) or 0)
        try:
            if reading.pts is None:  # never looked at
                raise TooMuchToTell
            async for changes in self._differences.since(watched, pts):
                await self._take_in(watched, changes)
                pts = max(pts, changes.pts)
            pts = max(pts, told.pts)
        except (MethodClosed, NoAnswer) as error:
            # For now: what is older than the newest hundred is asked for by the next sweep, from where we are.
            log.warning("changes not told yet", channel_id=watched.id, error=type(error).__name__)
            await self._take_in_newest(watched, told)
        except TooMuchToTell:
            if await self._take_in_newest(watched, told):
                pts = max(pts, told.pts)
        await self._door.caught_up()
        async with self._database.begin() as connection:
            await completeness.note_looks(connection, [Look(watched.id, told.top_message_id, pts)])
        self._pts.settle(watched.id, pts)

    async def _take_in_newest(self, watched: Watched, told: Look) -> bool:
        """What the newest hundred messages show: edits of stored posts, and stored posts that are not there.

        Whether that is all they show: one that is absent is not deleted before a second look finds it so.
        """
        page = await self._fetching.newest(watched, told.top_message_id)
        async with self._database.begin() as connection:
            ids = [MessageId(number) for number in (*page.found, *page.missing)]
            kinds = await completeness.stored_ids(connection, watched.id, ids)
        is_stored = {number for number, kind in kinds.items() if kind in ("post", "part")}
        posts = [post for post in page.posts if not is_stored.isdisjoint(part.message_id for part in post.parts)]
        absent = [number for number in page.missing if number in is_stored]
        if absent:  # asked for by number it is not there either, or it is not deleted
            absent = (await self._fetching.by_ids(watched, absent)).missing
        gone = self._gone(watched.id, absent)
        await self._take_in(watched, Changes(told.pts, posts, page.service, gone))
        return len(gone) == len(absent)

    def _gone(self, channel_id: ChannelId, absent: list[MessageId]) -> list[MessageId]:
        """Those that were absent long ago already. A copy of Telegram's that lags gives less than there is."""
        before, now = self._absent_since.pop(channel_id, {}), time.monotonic()
        since = {number: before.get(number, now) for number in absent}
        gone = [number for number in absent if number in before and now - before[number] >= self._second_look_after]
        if waiting := {number: at for number, at in since.items() if number not in gone}:
            self._absent_since[channel_id] = waiting
        return gone

    async def _take_in(self, watched: Watched, changes: Changes) -> None:
        for post in changes.posts:
            await self._door.offer(post)
        if changes.service:
            await self._door.note(Noted(watched.id, service=tuple(changes.service)))
        if changes.deleted:
            await self._door.offer_deletion(watched.id, changes.deleted, self._clock())
