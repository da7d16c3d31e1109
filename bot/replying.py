"""Says what an update is owed for an answer: in order, each at its turn, and after a crash at most once more.

Before a message is sent, that it may have been sent is committed; known not to have been sent, that is taken back. So a
message that a crash or a broken line left in doubt is sent once more, marked, and never a third time.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.bans import TOKEN_PAUSE, heed, keep
from bot.errors import Action, Verdict, verdict_of
from bot.limits import EVERYBODY, Limits
from bot.outgoing import speaks
from bot.replies import Reply
from bot.settling import NOT_SENT_DELAY
from storage import inbox, subscribers, supergroups
from storage.database import Connection, Database, DatabaseAway
from storage.ids import ChatId
from storage.inbox import Received

log = structlog.get_logger()

MOST_SENT = 2
"""How often a message may have been sent: once, and once more in doubt (reference: bot-api, D-5)."""

UNKNOWN_DELAY = dt.timedelta(seconds=10)
"""Before a reply is sent again whose first request nobody knows the end of: as long as reading its answer may take."""

SETTLE_WAITS = (0.1, 0.2, 0.4, 0.8, *[2.0] * 60)
"""Seconds between tries to write down that a reply was given: nothing else knows it."""

_NOT_MADE = (Action.NOT_SENT, Action.WAIT, Action.PAUSE, Action.MIGRATE)


class Ending(Exception):
    """The bot ends: what is not begun is given in its next life."""


class Replying:
    """Gives replies, through the one limiter, before alerts, until `end` is called."""

    def __init__(
        self,
        database: Database,
        bot: ExtBot[Any],
        limits: Limits,
        *,
        unknown_delay: dt.timedelta = UNKNOWN_DELAY,
        not_sent_delay: dt.timedelta = NOT_SENT_DELAY,
    ) -> None:
        self._database = database
        self._bot = bot
        self._limits = limits
        self._unknown_delay = unknown_delay
        self._not_sent_delay = not_sent_delay
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Begin with no other reply; those under way end by themselves."""
        self._ending.set()

    async def answer(self, received: Received) -> None:
        """Give what is left of an update's replies.

        Raises Ending, or DatabaseAway: then again, from what is stored.
        """
        begun = received.begun
        for place in range(received.answered, len(received.replies)):
            reply = Reply.from_json(received.replies[place])
            await self._say(received.update_id, place, reply, begun)
            begun = 0

    async def _say(self, update_id: int, place: int, reply: Reply, begun: int) -> None:
        while True:
            if begun >= MOST_SENT:
                log.warning("reply given up, it may have come", update_id=update_id)
                await self._settle(update_id, place)
                return
            if reply.chat_id is not None and speaks(reply.endpoint):
                await self._unless_ending(self._limits.turn(reply.chat_id, is_reply=True))
            verdict = await self._once(update_id, place, reply, begun)
            if verdict is None:
                return
            if verdict.action is Action.UNKNOWN:
                begun += 1
            elif verdict.action is Action.MIGRATE and verdict.new_chat_id is not None:
                reply = reply.to_chat(verdict.new_chat_id)
            await self._unless_ending(asyncio.sleep(self._wait_after(verdict).total_seconds()))

    async def _unless_ending(self, waiting: Coroutine[Any, Any, object]) -> None:
        """Wait for a turn or a time; Ending instead when the bot ends before."""
        task, ending = asyncio.create_task(waiting), asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait([task, ending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            ending.cancel()
            await asyncio.gather(task, ending, return_exceptions=True)
        if task.cancelled():
            raise Ending

    def _wait_after(self, verdict: Verdict) -> dt.timedelta:
        """How long to let it be before the next try."""
        match verdict.action:
            case Action.UNKNOWN:
                return self._unknown_delay
            case Action.NOT_SENT:
                return self._not_sent_delay
            case Action.PAUSE:
                return TOKEN_PAUSE
        return verdict.wait

    async def _once(self, update_id: int, place: int, reply: Reply, begun: int) -> Verdict | None:
        """One request, from its mark to its settlement; what went wrong if it is to be made again."""
        if reply.is_message:
            await self._write(lambda connection: inbox.mark_begun(connection, update_id, begun + 1))
        verdict = await self._request(reply.marked() if begun and reply.is_message else reply)
        if verdict is not None and verdict.action in _NOT_MADE:
            if reply.is_message:
                await self._surely(lambda connection: inbox.mark_begun(connection, update_id, begun))
            await self._heed(reply, verdict)
            return verdict
        if verdict is not None and verdict.action is Action.UNKNOWN:
            log.info("reply in doubt", update_id=update_id, detail=verdict.detail)
            return verdict
        if verdict is not None and verdict.action is not Action.IGNORE:
            await self._refused(update_id, reply, verdict)
        await self._settle(update_id, place)
        return None

    async def _request(self, reply: Reply) -> Verdict | None:
        """None when Telegram took it, or what its error means."""
        if reply.chat_id is not None and self._limits.banned_for(reply.chat_id) > 0:
            return Verdict(Action.NOT_SENT, "a ban began")  # while it was being marked
        try:
            await self._bot.request.post(
                f"{self._bot.base_url}/{reply.endpoint}", reply.form(), write_timeout=20 if reply.files else 5
            )
        except TelegramError as error:
            return verdict_of(error)
        return None

    async def _heed(self, reply: Reply, verdict: Verdict) -> None:
        """What concerns more than this reply: a flood, a refused token, a group's new number."""
        if (ban := heed(self._limits, reply.chat_id or EVERYBODY, verdict)) is not None:
            await self._surely(lambda connection: keep(connection, ban))
        elif verdict.action is Action.MIGRATE and reply.chat_id is not None and verdict.new_chat_id is not None:
            old, new = ChatId(reply.chat_id), ChatId(verdict.new_chat_id)
            await self._surely(lambda connection: supergroups.migrate_chat(connection, old, new))

    async def _refused(self, update_id: int, reply: Reply, verdict: Verdict) -> None:
        """It can never be said. A chat that is closed to us is owed nothing more until it comes back."""
        log.warning("reply refused", update_id=update_id, detail=verdict.detail)
        owner = reply.owner
        if verdict.action is Action.SUSPEND and owner is not None:
            await self._surely(lambda connection: subscribers.suspend(connection, owner, verdict.detail))

    async def _settle(self, update_id: int, place: int) -> None:
        await self._surely(lambda connection: inbox.mark_answered(connection, update_id, place + 1))

    async def _surely(self, change: Callable[[Connection], Awaitable[None]]) -> None:
        """Write it down although the database may be away now: nothing else knows it."""
        for wait in SETTLE_WAITS:
            try:
                await self._write(change)
                return
            except DatabaseAway as error:
                log.warning("reply not settled", error=str(error))
            await asyncio.sleep(wait)
        await self._write(change)

    async def _write(self, change: Callable[[Connection], Awaitable[None]]) -> None:
        async with self._database.begin() as connection:
            await change(connection)
