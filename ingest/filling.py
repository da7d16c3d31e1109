"""Holes are filled: what nobody told us of is asked for, a few requests at a time and by turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice

import structlog
from telethon import errors

from ingest.arrivals import Noted
from ingest.asking import MethodClosed
from ingest.client import NoAnswer
from ingest.door import Door
from ingest.fetching import AT_ONCE, Fetched, Fetching
from ingest.supervision import first_to_end
from ingest.watched import Watched
from storage import completeness
from storage.completeness import Hole
from storage.database import Database, DatabaseAway
from storage.ids import ChannelId, MessageId

log = structlog.get_logger()

WORKERS = 4
FETCHES_A_TURN = 5
"""Requests for one channel before the next one has its turn: 100,000 missed posts must not hold up one (issue 4)."""

PAUSE_SECONDS = 2.0
"""After a request that failed for reasons of the server's."""


class Filling:
    """Fills the holes of the channels that it is given, until cancelled."""

    def __init__(
        self, database: Database, fetching: Fetching, door: Door, on_refused: Callable[[ChannelId], None]
    ) -> None:
        self._database = database
        self._fetching = fetching
        self._door = door
        self._on_refused = on_refused
        self._tops: dict[ChannelId, int] = {}
        self._queue: asyncio.Queue[Watched] = asyncio.Queue()
        self._under_way: set[ChannelId] = set()
        self._again: dict[ChannelId, Watched] = {}

    def fill(self, watched: Watched, top: int) -> None:
        """See to it that every id up to `top` is accounted for."""
        self._tops[watched.id] = max(top, self._tops.get(watched.id, 0))
        if watched.id in self._under_way:
            self._again[watched.id] = watched
            return
        self._under_way.add(watched.id)
        self._queue.put_nowait(watched)

    async def run(self) -> None:
        """Work, WORKERS channels at a time. Raises ConnectionError and what stands against the account."""
        await first_to_end(*(self._work() for _ in range(WORKERS)))

    async def _work(self) -> None:
        while True:
            watched = await self._queue.get()
            is_done = await self._turn(watched)
            waits = self._again.pop(watched.id, None)
            if is_done and waits is None:
                self._under_way.discard(watched.id)
            else:
                self._queue.put_nowait(waits or watched)

    async def _turn(self, watched: Watched) -> bool:
        """A few requests for one channel. Whether it needs no more."""
        try:
            before: list[Hole] = []
            for _ in range(FETCHES_A_TURN):
                async with self._database.begin() as connection:
                    holes = await completeness.holes(connection, watched.id, self._tops[watched.id], most=AT_ONCE)
                    if not holes:  # two processes may have committed what closes it, neither seeing the other's
                        await completeness.advance_watermarks(connection, [watched.id])
                if not holes or holes == before:  # what does not change by asking is left to the next sweep
                    return True
                before = holes
                await self._take_in(watched, await self._fetch(watched, holes))
        except MethodClosed as closed:
            await asyncio.sleep(min(closed.seconds, PAUSE_SECONDS))
        except (NoAnswer, DatabaseAway) as error:
            log.warning("hole not filled yet", channel_id=watched.id, error=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)
        except (errors.BadRequestError, errors.ForbiddenError) as error:
            log.warning("channel refuses to be read", channel_id=watched.id, error=type(error).__name__)
            self._on_refused(watched.id)
            return True
        return False

    async def _fetch(self, watched: Watched, holes: list[Hole]) -> Fetched:
        """One request: a page for a long hole, else as many ids as fit. By the other way while one is closed."""
        batch = self._batch(watched, holes)
        if not batch:
            return Fetched()
        ids, first = [number for number, _ in batch], batch[0][1]
        is_page_best = len(first) > AT_ONCE and not await self._are_missing(watched, ids)
        if not is_page_best:
            try:
                return await self._fetching.by_ids(watched, ids)
            except MethodClosed:
                return await self._page(watched, first)
        try:
            page = await self._page(watched, first)
        except MethodClosed:
            return await self._fetching.by_ids(watched, ids)
        says_something = page.found or page.missing
        return page if says_something else await self._fetching.by_ids(watched, ids)

    def _batch(self, watched: Watched, holes: list[Hole]) -> list[tuple[int, Hole]]:
        """The first ids that may be asked for, each with its hole, which may be as long as a channel."""
        numbered = ((number, hole) for hole in holes for number in range(hole.first, hole.last + 1))
        return list(islice((each for each in numbered if self._fetching.is_due(watched.id, each[0])), AT_ONCE))

    async def _page(self, watched: Watched, hole: Hole) -> Fetched:
        return await self._fetching.upwards(watched, hole.first, hole.last)

    async def _are_missing(self, watched: Watched, ids: list[int]) -> bool:
        """Whether pages have left all of these out: then they are asked for by number."""
        async with self._database.begin() as connection:
            kinds = await completeness.stored_ids(connection, watched.id, [MessageId(number) for number in ids])
        return len(kinds) == len(ids)

    async def _take_in(self, watched: Watched, fetched: Fetched) -> None:
        for post in fetched.posts:
            await self._door.offer(post)
        if fetched.service or fetched.missing:
            noted = Noted(watched.id, tuple(fetched.service), tuple(fetched.missing), fetched.is_by_number)
            await self._door.note(noted)
        await self._door.caught_up()
