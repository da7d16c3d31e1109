"""The bot as its program runs it, two people and a group around it, and a wire between them that waits for nothing.

Everything is the real thing but the clock of the limits, which runs a thousand times as fast; so an update takes as
long as it is worked on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.application import build
from bot.delivery import Delivery
from bot.erasing import Erasing
from bot.inbox import Inbox
from bot.limits import Limits
from bot.poller import Poller
from bot.replying import Replying
from bot.rules import Rules
from bot.updates import App
from sandbox.bot_api import BotApiServer
from sandbox.bot_api import Limits as ServerLimits
from sandbox.chat_records import ChatMessage
from sandbox.world import World
from storage.database import Connection, Database
from tests.bot.conftest import TOKEN, Newsroom, until

FASTER = 1000.0
MOST_SUBSCRIPTIONS = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of something that a person did: messages and changes in that chat, answers to its button."""

    new: tuple[ChatMessage, ...]
    changed: tuple[ChatMessage, ...]
    answers: tuple[str, ...]


class Desk:
    """One world with a running bot, to be used from code that is not asynchronous. `close` it in the end."""

    def __init__(self, address: str) -> None:
        self._runner = asyncio.Runner()
        self.world = World()
        chats = self.world.chats
        self.anna, self.borys = self.world.add_user("Anna"), self.world.add_user("Borys")
        chats.add_private(self.anna)
        chats.add_private(self.borys)
        self.group = chats.add_group("Newsroom", [self.anna, self.borys])
        self._stop = asyncio.Event()
        self.database: Database = self.run(self._open(address))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it to its end; the bot goes on meanwhile."""
        return self._runner.run(work)

    def ask(self, question: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Ask the database."""

        async def asked() -> T:
            async with self.database.begin() as connection:
                return await question(connection)

        return self.run(asked())

    def hear(self, chat_id: int, do: Callable[[], object]) -> Heard:
        """Let a person do something there, and wait until nothing of it is left to be done."""
        chats = self.world.chats
        before = len(chats.history(chat_id)), len(chats.edits), len(chats.answers)
        do()
        self.run(self._settled())
        self.world.raise_failures()
        return Heard(
            tuple(message for message in chats.history(chat_id)[before[0] :] if message.from_bot),
            tuple(self._message(each.chat_id, each.message_id) for each in chats.edits[before[1] :]),
            tuple(each.text for each in chats.answers[before[2] :]),
        )

    def close(self) -> None:
        """End the bot; raises what went wrong inside the box."""
        self.run(self._close())
        self._runner.close()
        self.world.raise_failures()

    def _message(self, chat_id: int, message_id: int) -> ChatMessage:
        message = self.world.chats.message(chat_id, message_id)
        assert message is not None
        return message

    async def _open(self, address: str) -> Database:
        database = Database(address)
        self._server = BotApiServer(self.world, TOKEN, limits=ServerLimits.none())
        await self._server.start()
        limits = Limits(lambda: time.monotonic() * FASTER, speed=FASTER)
        rules = Rules(
            operators=frozenset({self.anna.id}), most_subscriptions=MOST_SUBSCRIPTIONS, commands_a_minute=10**6
        )
        self._application: App = build(database, TOKEN, self._server.base_url, limits, rules=rules)
        await self._application.initialize()
        bot = self._application.bot
        inbox = Inbox(database, self._application, Replying(database, bot, limits))
        parts = (inbox.run, Poller(database, bot, inbox.wake).run, Erasing(database, bot).run,
                 Delivery(database, bot, limits).run)  # fmt: skip
        self._tasks = [asyncio.create_task(part(self._stop)) for part in parts]
        await until(lambda: self._server.calls["getUpdates"])
        await self._alerts(database)
        return database

    async def _alerts(self, database: Database) -> None:
        """Everybody has a subscription and one alert of it, whose buttons can be pressed."""
        newsroom = Newsroom(database)
        for chat in (self.anna.id, self.borys.id, self.group.id):
            kind = "private" if chat > 0 else "supergroup"
            own = await newsroom.subscription(await newsroom.subscriber(chat, chat_type=kind), "ferry")
            await newsroom.owe(await newsroom.post("The ferry to Limansk is late."), own)
        await newsroom.settled(sent=3)

    async def _settled(self) -> None:
        """Until all that was said is stored, handled and answered, and who wanted it is forgotten."""
        async with asyncio.timeout(60):
            while self.world.chats.updates.pending or await self._is_busy():  # noqa: ASYNC110 - rows tell
                await asyncio.sleep(0.003)

    async def _is_busy(self) -> bool:
        async with self.database.begin() as connection:
            busy = await connection.exec_driver_sql(
                "SELECT EXISTS (SELECT FROM inbox WHERE state IN ('new', 'answering')) OR EXISTS (SELECT FROM erasures)"
            )
            return bool(busy.scalar())

    async def _close(self) -> None:
        self._stop.set()
        for task in self._tasks:
            await asyncio.wait_for(task, 10)
        await self._application.shutdown()
        await self._application.bot.shutdown()
        await self._server.stop()
        await self.database.close()
