"""The stage of the journeys: the box, a database, an account that reads channels, and people who subscribe."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.application import run_bot
from cli.demonstration.reader import KnowsTheCode, environment_of, settings_of
from config.settings import IngestSettings
from ingest.login import login
from ingest.pace import Pace
from ingest.pipeline import Pipeline
from ingest.program import Sweeping, run_ingest
from ingest.replay import Replayed, replay
from matching.query import parse
from sandbox.bot_api import BotApiServer, Limits
from sandbox.channels import Channel, ChannelPost
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage import channels as stored_channels
from storage.database import Database
from storage.posts import StoredPost
from storage.search import search
from tests.journeys.people import PATIENCE_SECONDS, Person, until

PHONE = "+380441234567"
TOKEN = "42:TEST-token"

AS_SHIPPED = Sweeping()


@dataclass(slots=True)
class Stage:
    """Everything a journey needs. Programs run inside `reading`, `answering` and `running`."""

    world: World
    telegram: MtprotoServer
    bot_api: BotApiServer
    database: Database
    settings: IngestSettings
    reader: User
    people: list[Person] = field(default_factory=list)

    async def channel(self, username: str, title: str = "") -> Channel:
        """A new channel that somebody asked to be read (`channelwatch channels add`)."""
        channel = self.world.channels.add(title or username.replace("_", " ").title(), username)
        async with self.database.begin() as connection:
            await stored_channels.request_channel(connection, username)
        return channel

    def person(self, name: str = "Anna") -> Person:
        """Somebody who has opened a chat with the bot."""
        user = self.world.add_user(name)
        self.world.chats.add_private(user)
        self.people.append(Person(self.world, user))
        return self.people[-1]

    @asynccontextmanager
    async def reading(self, sweeping: Sweeping = AS_SHIPPED) -> AsyncIterator[asyncio.Task[None]]:
        """Ingest as its program runs it: connected, and every requested channel joined."""
        connected = self.telegram.calls["updates.GetState"]
        stop = asyncio.Event()
        at_once = Pace(burst=100, every=dt.timedelta(seconds=0.1))  # nobody has to be polite to the box
        async with _running(
            run_ingest(self.database, self.settings, stop=stop, pace=at_once, sweeping=sweeping), stop
        ) as task:
            await until(lambda: task.done() or self.telegram.calls["updates.GetState"] > connected, "the connection")
            await until(lambda: task.done() or self._all_joined(), "the channels to be joined")
            assert not task.done(), task
            yield task

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[asyncio.Task[None]]:
        """The bot as its program runs it, polling."""
        polls = self.bot_api.calls["getUpdates"]
        stop = asyncio.Event()
        async with _running(run_bot(self.database, TOKEN, self.bot_api.base_url, stop=stop), stop) as task:
            await until(lambda: task.done() or self.bot_api.calls["getUpdates"] > polls, "the first poll")
            assert not task.done(), task
            yield task

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Both programs."""
        async with self.reading(), self.answering():
            yield

    async def find(self, query: str) -> list[StoredPost]:
        """What is stored, as a search finds it."""
        async with self.database.begin() as connection:
            return await search(connection, parse(query, standing=False), limit=1000)

    async def found(self, query: str) -> StoredPost:
        """Wait until a search finds something; the newest of it."""
        await until(lambda: self.find(query), f"a stored post for {query}")
        return (await self.find(query))[0]

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database answers to one statement."""
        async with self.database.begin() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(statement)]

    async def value(self, statement: str) -> Any:
        """The first column of the first row."""
        return (await self.rows(statement))[0][0]

    async def replay(self, archive: Path) -> Replayed:
        """`channelwatch replay --live`, beside whatever else runs."""
        pipeline = Pipeline(self.database)
        running = asyncio.create_task(pipeline.run())
        try:
            return await replay(self.database, pipeline, archive, live=True)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def environment(self) -> dict[str, str]:
        """What `channelwatch run` reads to find the box and the database."""
        return {
            **environment_of(self.settings, self.database.url),
            "BOT_TOKEN": TOKEN,
            "BOT_API_URL": self.bot_api.base_url,
            "CHANNELWATCH_ACCESS": "open",
        }

    async def _all_joined(self) -> bool:
        async with self.database.begin() as connection:
            return not await stored_channels.requested_channels(connection)


@asynccontextmanager
async def set_stage(database: Database, home: Path) -> AsyncIterator[Stage]:
    """The box on fresh ports, with an account signed in; limits are generous, pace is not the subject here."""
    world = World()
    bot_api = BotApiServer(world, TOKEN, limits=Limits.none())
    async with MtprotoServer(world) as telegram:
        await bot_api.start()
        settings = settings_of(telegram, home)
        reader = world.add_user("Reader", phone=PHONE)
        await login(database, settings, KnowsTheCode(reader))
        try:
            yield Stage(world, telegram, bot_api, database, settings, reader)
        finally:
            await bot_api.stop()
    world.raise_failures()
    assert world.faults.pending() == []
    assert world.chats.inside_bans == 0


def link_to(channel: Channel, post: ChannelPost) -> str:
    """The public address of a post."""
    return f"https://t.me/{channel.username}/{post.message_id}"


def write_archive(path: Path, *said: tuple[Channel, ChannelPost]) -> Path:
    """Posts as they stand now, as JSON lines that `channelwatch replay` reads."""
    with path.open("w", encoding="utf-8") as file:
        for line in map(_archived, said):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return path


def everything_in(world: World) -> Iterator[tuple[Channel, ChannelPost]]:
    """Every post of every channel that has not been deleted."""
    for channel in world.channels:
        for post in channel.posts.values():
            yield channel, post


def _archived(said: tuple[Channel, ChannelPost]) -> dict[str, object]:
    channel, post = said
    return {
        "channel": channel.username,
        "channel_title": channel.title,
        "message_id": post.message_id,
        "date": post.posted_at.isoformat(),
        "edit_date": post.edited_at.isoformat() if post.edited_at else None,
        "text": post.text,
        "grouped_id": post.grouped_id,
        "media_type": "MessageMediaPhoto" if post.media else None,
    }


@asynccontextmanager
async def _running(program: Coroutine[Any, Any, None], stop: asyncio.Event) -> AsyncIterator[asyncio.Task[None]]:
    """A program as a task; told to stop at the end of the block, and its failure raised."""
    task = asyncio.create_task(program)
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait([task], timeout=PATIENCE_SECONDS)
        assert task.done(), "the program did not stop"
        task.result()
