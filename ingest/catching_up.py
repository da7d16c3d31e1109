"""Changes that nobody pushed: asked for from our own count, or seen by reading the newest posts again."""

from __future__ import annotations

import asyncio
import datetime as dt
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
from storage.completeness import Look
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
    ) -> None:
        self._database = database
        self._fetching = fetching
        self._differences = differences
        self._door = door
        self._pts = pts
        self._on_done = on_done
        self._clock = clock
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
        pts = told.pts
        try:
            if reading.pts is None:  # never looked at
                raise TooMuchToTell
            # From what was heard without a gap: else every sweep of a busy channel would read all of it again.
            heard = max(reading.pts, self._pts.known(watched.id) or 0)
            async for changes in self._differences.since(watched, heard):
                await self._take_in(watched, changes)
                pts = max(pts, changes.pts)
        except (MethodClosed, NoAnswer, TooMuchToTell):
            await self._take_in(watched, await self._newest(watched, told.pts))
        await self._door.caught_up()
        async with self._database.begin() as connection:
            await completeness.note_looks(connection, [Look(watched.id, told.top_message_id, pts)])
        self._pts.settle(watched.id, pts)

    async def _newest(self, watched: Watched, pts: int) -> Changes:
        """What the newest hundred messages show of it: edits of stored posts, and stored posts that are not there."""
        page = await self._fetching.newest(watched)
        async with self._database.begin() as connection:
            ids = [MessageId(number) for number in (*page.found, *page.missing)]
            kinds = await completeness.stored_ids(connection, watched.id, ids)
        is_stored = {number for number, kind in kinds.items() if kind in ("post", "part")}
        posts = [post for post in page.posts if not is_stored.isdisjoint(part.message_id for part in post.parts)]
        gone = [number for number in page.missing if number in is_stored]
        if gone:  # asked for by number it is not there either, or it is not deleted
            gone = (await self._fetching.by_ids(watched, gone)).missing
        return Changes(pts, posts, page.service, gone)

    async def _take_in(self, watched: Watched, changes: Changes) -> None:
        for post in changes.posts:
            await self._door.offer(post)
        if changes.service:
            await self._door.note(Noted(watched.id, service=tuple(changes.service)))
        if changes.deleted:
            await self._door.offer_deletion(watched.id, changes.deleted, self._clock())
