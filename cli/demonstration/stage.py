"""The stage of the demo: Telegram in a box with its channels, an own database, and a reading account signed in."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from cli.demonstration.reader import KnowsTheCode, settings_of
from config.settings import IngestSettings
from ingest.login import login
from sandbox.bot_api import BotApiServer
from sandbox.chat_page import ChatPage
from sandbox.feed.sample import Feed, load
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage import channels as stored_channels
from storage.database import Database

PHONE = "10000000001"


@dataclass(slots=True)
class Stage:
    """Everything the demo plays with."""

    feed: Feed
    world: World
    bot_api: BotApiServer
    database: Database
    ingest: IngestSettings
    page: ChatPage
    visitor: User
    people: dict[str, User] = field(default_factory=dict)
    """The subscribers of the feed, by name."""


@contextlib.asynccontextmanager
async def set_stage(port: int) -> AsyncIterator[Stage]:
    """Start both servers, the chat page (on `port`, 0 for any) and a private database, all gone when the block ends."""
    async with contextlib.AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="channelwatch-demo-")))
        feed, world = load(), World()
        for channel in feed.channels:
            world.channels.add(channel.title, channel.username)
        telegram = await stack.enter_async_context(MtprotoServer(world))
        bot_api = BotApiServer(world)
        await bot_api.start()
        stack.push_async_callback(bot_api.stop)
        database = await Database.open(home)
        stack.push_async_callback(database.close)
        ingest = settings_of(telegram, home)
        await _sign_in(world, database, ingest)
        visitor = world.add_user("You")
        page = ChatPage(world, visitor)
        await page.start(port)
        stack.push_async_callback(page.stop)
        people = {
            person.name: world.add_user(person.name.split()[0], language_code=person.language)
            for person in feed.subscribers
        }
        yield Stage(feed, world, bot_api, database, ingest, page, visitor, people)
        world.raise_failures()


async def _sign_in(world: World, database: Database, settings: IngestSettings) -> None:
    reader = world.add_user("Reader", phone=PHONE)
    await login(database, settings, KnowsTheCode(reader))
    async with database.begin() as connection:
        for channel in world.channels:
            if channel.username:
                await stored_channels.request_channel(connection, channel.username)
