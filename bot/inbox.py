"""From the stored update to its answer: handled once, in the order of its chat, different chats at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from telegram import Update
from telegram.error import TelegramError

from bot import errands
from bot.errands import Errand
from bot.errors import Action, place_of, verdict_of
from bot.replying import Ending, Replying
from bot.updates import ALLOWED_UPDATES, App, apologise
from bot.waiting import until, wake_at
from storage import inbox
from storage.database import Database, DatabaseAway
from storage.inbox import Received, Superseded

log = structlog.get_logger()

MOST_TRIES = 3
"""After so many failures an update is set aside (fault matrix, row 27)."""

RETRY_AFTER = (0.2, 1.0)
"""Seconds before the second and the third try."""

HANDLERS_AT_ONCE = 5
"""Each holds a connection to the database, and may take a second one: half of the pool (`storage.database`) at most."""

CHATS_AT_ONCE = 500
"""Chats whose updates are under way; most of them wait for their turn to be answered."""

LOOK = 5.0
"""Seconds between the looks that need no wake-up."""

OUTAGE_WAIT = 1.0
"""Seconds before a chat's updates are gone on with after the database, or Telegram, was away."""

PURGE_EVERY = 3600.0
"""Seconds between two looks for updates that need not be remembered any more."""

GRACE = 4.0
"""Seconds that handlers and requests under way get to end when the bot stops."""

_PASSES = (Action.NOT_SENT, Action.UNKNOWN, Action.WAIT, Action.PAUSE)
"""What Telegram's errors mean that are no fault of the update: it is handled again, as often as it takes."""


class Inbox:
    """Handles what the poller stored, until told to stop. `wake` it when something was."""

    def __init__(
        self, database: Database, application: App, replying: Replying, *, retry_after: Sequence[float] = RETRY_AFTER
    ) -> None:
        self._database = database
        self._application = application
        self._replying = replying
        self._retry_after = retry_after
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._handling = asyncio.Semaphore(HANDLERS_AT_ONCE)
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._purged_at = float("-inf")

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Handle updates until `stop` is set. What has not begun then is kept; what is under way gets GRACE to end."""
        self._stop = stop
        waking = asyncio.create_task(wake_at(stop, self._wake))
        try:
            while not stop.is_set():
                self._wake.clear()
                await self._look()
                await until(self._wake, LOOK)
        finally:
            waking.cancel()
            self._replying.end()
            lanes = list(self._lanes.values())
            if lanes:
                _, late = await asyncio.wait(lanes, timeout=GRACE)
                for task in late:
                    task.cancel()
            await asyncio.gather(waking, *lanes, return_exceptions=True)

    async def _look(self) -> None:
        """Begin with every chat that has something waiting."""
        try:
            await self._purge_now_and_then()
            async with self._database.begin() as connection:
                waiting = await inbox.heads(connection, self._lanes.keys(), CHATS_AT_ONCE - len(self._lanes))
        except Exception as error:  # noqa: BLE001 - the loop's door: no outage of the database may end it
            log.warning("inbox not read", error=type(error).__name__, place=place_of(error))
            return
        for received in waiting:
            self._begin(received)

    def _begin(self, received: Received) -> None:
        chat_id = received.chat_id
        task = asyncio.create_task(self._lane(received), name=f"inbox of {chat_id}")
        self._lanes[chat_id] = task

        def ended(_: asyncio.Task[None]) -> None:
            del self._lanes[chat_id]
            self._wake.set()

        task.add_done_callback(ended)

    async def _lane(self, received: Received | None) -> None:
        """One chat's updates, until there is none left. What fails here is begun again from what is stored."""
        try:
            while received is not None and not self._stop.is_set():
                await self._advance(received)
                async with self._database.begin() as connection:
                    received = await inbox.next_of(connection, received.chat_id)
        except Ending:
            return
        except Exception as error:  # noqa: BLE001 - a lane's door: one chat's trouble is no other's
            log.warning("inbox of a chat interrupted", error=type(error).__name__, place=place_of(error))
            await self._pause(OUTAGE_WAIT)

    async def _advance(self, received: Received) -> None:
        """Answer what is handled; handle what is not: its replies are read from what was committed."""
        if received.state == "answering":
            await self._replying.answer(received)
            return
        async with self._handling:
            if self._stop.is_set():
                raise Ending
            outcome = await self._handled(received)
        if isinstance(outcome, Exception):
            await self._failed(received, outcome)
        elif outcome:
            await self._replying.answer(replace(received, state="answering", replies=outcome))

    async def _handled(self, received: Received) -> list[dict[str, Any]] | Exception:
        """The door of every handler: replies to be given from here, or what it raised. Raises DatabaseAway."""
        try:
            return await self._handle(received)
        except Superseded:
            log.warning("update was handled by another process", update_id=received.update_id)
            return []
        except DatabaseAway:
            raise
        except Exception as error:  # noqa: BLE001
            return error

    async def _handle(self, received: Received) -> list[dict[str, Any]]:
        """Parse and handle one update: its effects, its replies and that it is handled are one commit.

        Returns the replies that are stored nowhere: those of an update that its own handling has erased.
        """
        wanted = received.raw.keys() & ALLOWED_UPDATES
        update = _read(received, self._application) if wanted else None
        async with self._database.begin() as connection:
            errand = Errand(connection)
            if update is not None:
                with errands.on(errand):
                    await self._application.process_update(update)
            if errand.failure is not None:
                raise errand.failure
            replies = [reply.to_json() for reply in errand.replies]
            is_kept = await inbox.mark_handled(connection, received.update_id, replies)
        return [] if is_kept else replies

    async def _failed(self, received: Received, failure: Exception) -> None:
        """Its transaction is rolled back, nothing was said: again soon, or set aside when it was once too often."""
        if isinstance(failure, TelegramError) and (verdict := verdict_of(failure)).action in _PASSES:
            await self._pause(max(OUTAGE_WAIT, verdict.wait.total_seconds()))
            return
        kind = f"{type(failure).__name__} {place_of(failure)}"
        async with self._database.begin() as connection:
            is_over = await inbox.mark_failed(connection, received.update_id, kind, most_tries=MOST_TRIES)
        if not is_over:
            await self._pause(self._retry_after[min(received.tries, len(self._retry_after) - 1)])
            return
        log.error("update set aside", update_id=received.update_id, chat_id=received.chat_id)
        if not isinstance(failure, TelegramError):
            with contextlib.suppress(Exception):  # one that cannot be read has nobody to be told
                update = Update.de_json(received.raw, self._application.bot)
                await apologise(update, self._application.bot, self._database)

    async def _purge_now_and_then(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._purged_at < PURGE_EVERY:
            return
        async with self._database.begin() as connection:
            forgotten = await inbox.purge(connection)
        self._purged_at = now
        if forgotten:
            log.info("handled updates forgotten", count=forgotten)

    async def _pause(self, seconds: float) -> None:
        await until(self._stop, seconds)


def _read(received: Received, application: App) -> Update:
    """The update as the library reads it, alone: one that it cannot read harms no other."""
    try:
        return Update.de_json(received.raw, application.bot)
    except Exception as error:
        log.error(
            "update not readable", update_id=received.update_id, error=type(error).__name__, place=place_of(error)
        )
        raise
