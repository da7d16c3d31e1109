"""Chats that asked to be forgotten: once nothing is under way there any more, every trace of them goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.delivery import SENDING_LEASE
from bot.errors import place_of
from bot.texts import texts_in
from bot.waiting import act_whenever
from storage import erasure
from storage.database import Database
from storage.erasure import Erasure

log = structlog.get_logger()

LOOK = 30.0
"""Seconds between the looks that need no wake-up: those are only hints, and a restart hears none."""

STEP = 0.2
"""Seconds between two looks at what is still under way in a chat."""

LONGEST = SENDING_LEASE.total_seconds() + 10
"""Seconds after which a chat is forgotten although something seems to be under way: its sender's lease is over."""


class Erasing:
    """Forgets chats until told to stop. `clock` gives seconds."""

    def __init__(
        self,
        database: Database,
        bot: ExtBot[Any],
        *,
        longest: float = LONGEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._bot = bot
        self._longest = longest
        self._clock = clock
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever somebody asked, and every now and then, until `stop` is set. What is not done then is begun
        again by the next process."""
        try:
            await act_whenever(self._database.wakeups("erasures"), LOOK, self._begin_all, stop)
        finally:
            tasks = list(self._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def forget(self, wanted: Erasure) -> None:
        """Wait until nothing is under way in the chat, erase it, and say there that it is done."""
        begun_at = self._clock()
        while await self._is_busy(wanted) and self._clock() - begun_at < self._longest:  # noqa: ASYNC110
            await asyncio.sleep(STEP)  # the rows tell; the sender may be another process
        async with self._database.begin() as connection:
            erased = await erasure.finish(connection, wanted.chat_id)
        log.info("a chat was forgotten", rows=erased)  # without its number: logs are kept, too
        await self._say_done(wanted)

    async def _begin_all(self) -> None:
        try:
            async with self._database.begin() as connection:
                wanted = await erasure.requested(connection)
        except Exception as error:  # noqa: BLE001 - the job's door: no outage of the database may end it
            log.warning("erasures not read", error=type(error).__name__, place=place_of(error))
            return
        for each in wanted:
            if each.chat_id not in self._under_way:
                task = asyncio.create_task(self._forget_safely(each), name="erasure")
                self._under_way[each.chat_id] = task

    async def _forget_safely(self, wanted: Erasure) -> None:
        try:
            await self.forget(wanted)
        except Exception as error:  # noqa: BLE001 - it is asked for still, and begun again
            log.warning("a chat not forgotten yet", error=type(error).__name__, place=place_of(error))
        finally:
            self._under_way.pop(wanted.chat_id, None)

    async def _is_busy(self, wanted: Erasure) -> bool:
        async with self._database.begin() as connection:
            return await erasure.is_busy(connection, wanted.chat_id)

    async def _say_done(self, wanted: Erasure) -> None:
        try:
            await self._bot.send_message(
                wanted.chat_id, texts_in(wanted.language).erased, message_thread_id=wanted.thread_id or None
            )
        except TelegramError as error:
            log.info("a forgotten chat was not told", error=type(error).__name__)
