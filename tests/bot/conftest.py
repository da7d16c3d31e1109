"""The bot's tests stand on the box's real Bot API server and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from telegram.ext import ExtBot

from analysis.labels import label
from bot.application import build, run_bot
from bot.callback_data import Seal
from bot.delivery import Delivery
from bot.limits import Limits
from bot.rules import Rules
from bot.talk import OPEN_HOUSE
from matching.query import parse
from sandbox.bot_api import BotApiServer
from sandbox.bot_api import Limits as ServerLimits
from sandbox.chat_records import ChatMessage
from sandbox.world import User, World
from storage import channels, deliveries, subscribers, subscriptions
from storage.database import Database
from storage.ids import ChatId, MessageId, PostId
from storage.post_store import store_posts
from storage.post_values import Part, Post
from storage.posts import LabelledPost
from storage.subscribers import Subscriber
from storage.subscriptions import Subscription

TOKEN = "42:TEST-token"


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for the condition; TimeoutError when it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the box's world has no event for everything
            await asyncio.sleep(0.005)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.raise_failures()
    assert world.faults.pending() == []
    assert world.chats.inside_bans == 0


@pytest.fixture
async def server(world: World) -> AsyncIterator[BotApiServer]:
    """The Bot API with its real limits."""
    server = BotApiServer(world, TOKEN, limits=ServerLimits())
    await server.start()
    yield server
    await server.stop()


@dataclass
class Newsroom:
    """Stores posts and owes alerts for them, as ingest does."""

    database: Database
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    async def subscriber(self, chat_id: int, *, chat_type: str = "private") -> Subscriber:
        async with self.database.begin() as connection:
            return await subscribers.enter(connection, ChatId(chat_id), chat_type=chat_type, language="en")

    async def subscription(self, subscriber: Subscriber, query: str) -> Subscription:
        async with self.database.begin() as connection:
            draft = await subscriptions.draft(connection, subscriber.id, name=query, query=parse(query))
            made = await subscriptions.confirm(connection, subscriber.id, draft)
        assert made is not None
        return made

    async def post(
        self,
        text: str,
        *,
        username: str = "harbour_news",
        title: str = "Harbour News",
        late: dt.timedelta = dt.timedelta(0),
    ) -> PostId:
        """A post that is seen now, so long after it was published."""
        now = dt.datetime.now(dt.UTC)
        async with self.database.begin() as connection:
            channel_id = await channels.archived_channel(connection, username=username, title=title)
            post = Post(channel_id, (Part(MessageId(next(self.numbers)), text),), posted_at=now - late, seen_at=now)
            ((post_id, _),) = await store_posts(connection, [LabelledPost(post, label(text))])
        return post_id

    async def owe(self, post_id: PostId, *wanted: Subscription) -> None:
        async with self.database.begin() as connection:
            for item in wanted:
                owed = deliveries.Owed(item.subscriber_id, post_id, (item.id,))
                await deliveries.owe_alerts(connection, [owed])

    async def owe_late(self, wanted: Subscription, *texts: str) -> list[PostId]:
        """Owe, in one transaction, late alerts about new posts, published an hour ago: their digest is due at once."""
        posts = [await self.post(text, late=dt.timedelta(hours=1)) for text in texts]
        async with self.database.begin() as connection:
            owed = [deliveries.Owed(wanted.subscriber_id, post_id, (wanted.id,)) for post_id in posts]
            await deliveries.owe_alerts(connection, owed)
            await connection.exec_driver_sql(
                "UPDATE deliveries SET is_late = true, priority = 30, due_at = now() WHERE post_id = ANY(%s)", (posts,)
            )
        return posts

    async def states(self) -> dict[str, int]:
        async with self.database.begin() as connection:
            return await deliveries.counts_by_state(connection)

    async def settled(self, **counts: int) -> None:
        """Wait until the deliveries are in these states, and in no other."""
        async with asyncio.timeout(20):
            while await self.states() != counts:  # noqa: ASYNC110 - a database has no event for it
                await asyncio.sleep(0.02)


@pytest.fixture
def newsroom(database: Database) -> Newsroom:
    return Newsroom(database)


@asynccontextmanager
async def delivering(database: Database, server: BotApiServer, limits: Limits | None = None) -> AsyncIterator[Limits]:
    """Delivery alone, on the application's own bot, with short waits after errors."""
    limits = limits or Limits()
    application = build(database, TOKEN, server.base_url, limits)
    bot: ExtBot[bool] = application.bot
    stop = asyncio.Event()
    short = dt.timedelta(milliseconds=50)
    async with bot:
        running = asyncio.create_task(
            Delivery(database, bot, limits, unknown_delay=short, not_sent_delay=short).run(stop)
        )
        try:
            yield limits
        finally:
            stop.set()
            await asyncio.wait_for(running, 10)


@dataclass
class Chatting:
    """A person in a chat with the running bot."""

    world: World
    user: User
    chat_id: int

    def history(self) -> list[ChatMessage]:
        """What the bot said, oldest first."""
        return [message for message in self.world.chats.history(self.chat_id) if message.from_bot]

    async def say(self, text: str, *, reply_to: int | None = None) -> ChatMessage:
        """Write something; the bot's next message."""
        count = len(self.history())
        self.world.chats.say(self.user.id, self.chat_id, text, reply_to=reply_to)
        await until(lambda: len(self.history()) > count)
        return self.history()[-1]

    async def press(self, message: ChatMessage, label: str) -> str:
        """Press the button with that word in its label, when it is there; the answer's text, once it is given."""
        await until(lambda: any(label in button["text"] for button in message.buttons))
        (data,) = [button["callback_data"] for button in message.buttons if label in button["text"]]
        return await self.press_data(message, data)

    async def press_data(self, message: ChatMessage, data: str) -> str:
        count = len(self.world.chats.answers)
        self.world.chats.press(self.user.id, self.chat_id, message.message_id, data)
        await until(lambda: len(self.world.chats.answers) > count)
        return self.world.chats.answers[-1].text

    async def shows(self, words: str) -> ChatMessage:
        """Wait until one of the bot's messages holds the words; the newest that does."""
        await until(lambda: any(words in message.text for message in self.history()))
        return next(message for message in reversed(self.history()) if words in message.text)


@asynccontextmanager
async def running_bot(
    database: Database,
    server: BotApiServer,
    *,
    operators: Collection[int] = (),
    rules: Rules = OPEN_HOUSE,
    seal: Seal | None = None,
) -> AsyncIterator[None]:
    """The whole bot, as its program runs it."""
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_bot(database, TOKEN, server.base_url, stop=stop, operators=operators, rules=rules, seal=seal)
    )
    try:
        await until(lambda: running.done() or server.calls["getUpdates"])
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)


@pytest.fixture
async def anna(world: World, server: BotApiServer, database: Database) -> AsyncIterator[Chatting]:
    """Anna in her private chat with the running bot."""
    user = world.add_user("Anna")
    chat = world.chats.add_private(user)
    async with running_bot(database, server):
        yield Chatting(world, user, chat.id)
