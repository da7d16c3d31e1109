"""Where the nemesis meets ingest: the box with its channels, an account that reads them, a database of our own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.measuring import progress
from benchmarks.nemesis_lives import Lives
from cli.demonstration.reader import KnowsTheCode, environment_of, settings_of
from ingest.login import login
from ingest.sessions import ACCOUNT
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage import channels as stored_channels
from storage.database import Database

OURS = "nemesis"
"""What our own connections to the database are called: they are spared when others are cut."""

PHONES = 380_441_234_567
"""The first account's; the others' follow."""

MOST_CRASHES = 2
"""Before the first post is published: more, and something is wrong with ingest or with us."""

JOIN_SECONDS = 300.0
"""For how long joining may take at most: a thousand channels take about a tenth of it."""


@dataclass(slots=True)
class Arena:
    """The box and the database. `database_url` is libpq's address; `home` is the data folder of ingest."""

    world: World
    telegram: MtprotoServer
    readers: list[User]
    channels: list[Channel]
    database_url: str
    home: Path

    def environment(self) -> dict[str, str]:
        """What ingest reads to find the box and the database."""
        return environment_of(settings_of(self.telegram, self.home), self.database_url)

    async def connect(self) -> psycopg.AsyncConnection:
        """A connection that no fault cuts."""
        return await psycopg.AsyncConnection.connect(self.database_url, autocommit=True, application_name=OURS)

    async def all_joined(self, lives: Lives) -> None:
        """Wait until ingest reads every channel. Raises TimeoutError, or RuntimeError when it does not even live."""
        async with await self.connect() as connection, asyncio.timeout(JOIN_SECONDS):
            while True:
                if len(lives.crashes) > MOST_CRASHES:
                    raise RuntimeError(f"ingest does not start: {lives.last_words()}")
                row = await (
                    await connection.execute("SELECT count(*) FROM channels WHERE state = 'active'")
                ).fetchone()
                if row is not None and row[0] == len(self.channels):
                    break
                await asyncio.sleep(0.1)
        progress(f"{len(self.channels)} channels are read")


@asynccontextmanager
async def arena(database_url: str, home: Path, seed: int, channels: int, accounts: int = 1) -> AsyncIterator[Arena]:
    """The box on a free port with so many channels, asked to be read by so many accounts that are signed in.

    The database is migrated and empty. What the box could not do is in `world.failures`.
    """
    world = World()
    async with MtprotoServer(world, rng=random.Random(seed)) as telegram:  # noqa: S311 - faults, not secrets
        made = Arena(world, telegram, [], [], database_url, home)
        database = Database(database_url)
        try:
            for number in range(accounts):
                made.readers.append(world.add_user(f"Reader {number + 1}", phone=f"+{PHONES + number}"))
                name = f"reader-{number + 1}" if number else ACCOUNT
                await login(database, settings_of(telegram, home), KnowsTheCode(made.readers[-1]), account=name)
            for number in range(channels):
                made.channels.append(world.channels.add(f"Channel {number}", f"channel_{number}"))
            async with database.begin() as connection:
                for channel in made.channels:
                    await stored_channels.request_channel(connection, channel.username or "")
        finally:
            await database.close()
        yield made
        telegram.lift_all()
