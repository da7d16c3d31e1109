"""Posts as they arrive, for open pages: one look at the database serves all that watch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import structlog

from storage.arriving import settled_number
from storage.database import Database, DatabaseAway, StatementRefused
from storage.ids import PostId

log = structlog.get_logger()

OWN_LOOK = 2.0
"""Seconds after which we look by ourselves: a wake-up is a hint, never a guarantee (`Database.wakeups`)."""

MOST_WATCHERS = 100
"""Pages that may be open at once, of all operators."""


class TooManyWatchers(Exception):
    """So many live pages are open that another one is refused."""


class Arrivals:
    """The settled numbers of posts (`storage.arriving`), told to whoever watches. Looks only while somebody does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._number = PostId(0)
        self._moved = asyncio.Condition()
        self._watchers = 0
        self._task: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def numbers(self, after: PostId, *, silence: float) -> AsyncGenerator[PostId | None, None]:
        """Settled numbers greater than `after`, each greater than the last; None after `silence` seconds without one.

        Ends when the program does. Raises TooManyWatchers.
        """
        if self._watchers >= MOST_WATCHERS:
            raise TooManyWatchers
        self._watchers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        try:
            while not self._closed:
                moved = await self._next(after, silence)
                if moved is not None:
                    after = moved
                yield moved
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._rest()

    async def close(self) -> None:
        """End every stream: the program stops."""
        self._closed = True
        async with self._moved:
            self._moved.notify_all()

    async def ended(self) -> None:
        """Return when nothing looks at the database any more; after the last stream."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _next(self, after: PostId, silence: float) -> PostId | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(silence), self._moved:
                await self._moved.wait_for(lambda: self._number > after or self._closed)
                return self._number if self._number > after else None
        return None

    async def _follow(self) -> None:
        woken = asyncio.Event()
        listening = asyncio.create_task(self._listen(woken))
        try:
            while True:
                woken.clear()
                try:
                    number = await settled_number(self._database)
                except (DatabaseAway, StatementRefused):  # refused: while the tables are restored or migrated
                    log.warning("live pages wait for the database")
                    number = self._number
                if number != self._number:  # less: the tables were emptied
                    async with self._moved:
                        self._number = number
                        self._moved.notify_all()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(OWN_LOOK):  # wait_for would swallow an end that comes with a wake-up
                        await woken.wait()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, woken: asyncio.Event) -> None:
        async for _ in self._database.wakeups("posts"):
            woken.set()

    def _rest(self) -> None:
        # Not awaited here: a browser that goes away cancels its stream over and over until it has ended, and each
        # time would interrupt the follower while it gives its connections back.
        task, self._task = self._task, None
        if task is not None:
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
            task.cancel()
