"""The whole program against the box: the real Telethon, pipeline and PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from config.settings import IngestSettings
from ingest.joining import BURST, EVERY
from ingest.login import login
from ingest.pace import Pace
from ingest.program import Ingest, IngestError, run_ingest
from ingest.sessions import ACCOUNT
from matching.query import parse
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage import search
from storage.accounts import load_account
from storage.channels import find_channel
from storage.database import Database
from storage.ids import PostId
from storage.posts import StoredPost, get_post
from tests.ingest.conftest import Answers, ask_for
from tests.ingest.values import post, until


async def found(database: Database, query: str) -> list[StoredPost]:
    async with database.begin() as connection:
        return await search.search(connection, parse(query), limit=100)


async def until_found(database: Database, query: str, is_enough: Callable[[list[StoredPost]], object] = bool) -> None:
    async with asyncio.timeout(20):
        while not is_enough(await found(database, query)):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.05)


async def until_active(database: Database, username: str) -> None:
    async with asyncio.timeout(20):
        while True:
            async with database.begin() as connection:
                channel = await find_channel(connection, username)
            if channel and channel.state == "active":
                return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(database: Database, settings: IngestSettings) -> AsyncIterator[asyncio.Task[None]]:
    """The program, until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_ingest(database, settings, stop=stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


@pytest.fixture
async def watching(database: Database, signed_in: IngestSettings, news: Channel) -> AsyncIterator[asyncio.Task[None]]:
    """The program, reading the channel."""
    await ask_for(database, "news_box")
    async with running(database, signed_in) as task:
        await until_active(database, "news_box")
        yield task


async def test_what_a_channel_says_is_stored(
    database: Database, watching: asyncio.Task[None], world: World, news: Channel
) -> None:
    one = world.channels.publish(news, "the bridge opens")
    world.channels.publish_album(news, "an album of the bridge", [b"a", b"b"])
    world.channels.edit(news, one.message_id, "the bridge opens tomorrow")
    await until_found(database, "bridge tomorrow")
    await until_found(database, "album", lambda posts: posts and len(posts[0].parts) == 2)
    [stored] = await found(database, "bridge tomorrow")
    world.channels.delete(news, [one.message_id])
    async with asyncio.timeout(20):
        while not await is_deleted(database, stored.id):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.05)


async def is_deleted(database: Database, post_id: PostId) -> bool:
    async with database.begin() as connection:
        stored = await get_post(connection, post_id)
    assert stored is not None
    return stored.deleted_at is not None


async def test_what_was_heard_before_the_end_is_committed(
    database: Database, signed_in: IngestSettings, world: World, news: Channel
) -> None:
    ingest = Ingest(database, signed_in, Pace(BURST, EVERY))
    stop = asyncio.Event()
    task = asyncio.create_task(ingest.run(stop))
    await ask_for(database, "news_box")
    await until_active(database, "news_box")
    for number in range(50):
        world.channels.publish(news, f"bridge {number}")
    world.channels.publish_album(news, "bridge album", [b"a", b"b"])
    [reader] = ingest.readers.running
    await until(lambda: reader.listener.counts.posts)
    stop.set()  # in the middle of it: some are in the buffer, the album may be held
    await asyncio.wait_for(task, 30)
    heard = reader.listener.counts.posts
    assert sum(len(each.parts) for each in await found(database, "bridge")) == heard


async def test_the_session_is_stored_only_once_its_posts_are_committed(
    database: Database, signed_in: IngestSettings, server: MtprotoServer
) -> None:
    ingest = Ingest(database, signed_in, Pace(BURST, EVERY))
    reading = asyncio.create_task(ingest.readers.run())
    await until(lambda: server.connected)
    before = await stored_session(database)
    ingest.pipeline.offer_nowait(post(1, "bridge"))  # and nobody commits it
    saving = asyncio.create_task(ingest.readers.save_sessions(dt.timedelta(0)))
    await asyncio.sleep(0.2)
    assert not saving.done()
    assert await stored_session(database) == before
    saving.cancel()
    reading.cancel()
    await ingest.readers.close(is_pipeline_alive=False)


async def stored_session(database: Database) -> bytes:
    async with database.begin() as connection:
        account = await load_account(connection, ACCOUNT)
    assert account is not None
    return account.session


async def test_after_a_restart_it_goes_on_and_catches_up(
    database: Database, signed_in: IngestSettings, world: World, news: Channel
) -> None:
    await ask_for(database, "news_box")
    async with running(database, signed_in):
        await until_active(database, "news_box")
        world.channels.publish(news, "bridge before")
        await until_found(database, "bridge before")
    world.channels.publish(news, "bridge meanwhile")
    async with running(database, signed_in):
        await until_found(database, "bridge meanwhile")


async def test_a_reset_connection_comes_back(
    database: Database, watching: asyncio.Task[None], world: World, news: Channel, server: MtprotoServer
) -> None:
    server.drop_all()
    await until(lambda: server.connected)
    number = 0
    async with asyncio.timeout(20):
        while not await found(database, "bridge"):
            number += 1
            world.channels.publish(news, f"bridge {number}")
            await asyncio.sleep(0.2)


async def test_an_ended_session_stops_it_with_a_sentence(
    database: Database, signed_in: IngestSettings, server: MtprotoServer
) -> None:
    task = asyncio.create_task(run_ingest(database, signed_in, stop=asyncio.Event()))
    await until(lambda: server.connected)
    server.forget_keys()
    server.drop_all()
    with pytest.raises(IngestError, match="channelwatch login"):
        await asyncio.wait_for(task, 30)
    async with database.begin() as connection:
        account = await load_account(connection, ACCOUNT)
    assert account is not None
    assert account.state == "revoked"


async def test_a_revoked_session_is_refused_at_the_start_and_a_new_login_heals_it(
    database: Database, signed_in: IngestSettings, server: MtprotoServer, reader: User, news: Channel
) -> None:
    server.revoke(reader.id)
    for _ in range(2):  # found out by Telegram's answer, then known from the database
        with pytest.raises(IngestError, match="has ended the"):
            await run_ingest(database, signed_in, stop=asyncio.Event())
    await login(database, signed_in, Answers())
    await ask_for(database, "news_box")
    async with running(database, signed_in):
        await until_active(database, "news_box")


async def test_without_a_login_it_says_what_to_do(database: Database, settings: IngestSettings) -> None:
    with pytest.raises(IngestError, match="run `channelwatch login` first"):
        await run_ingest(database, settings, stop=asyncio.Event())


async def test_without_settings_it_says_what_is_missing(database: Database, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="TELEGRAM_API_ID"):
        await run_ingest(database, IngestSettings(home=tmp_path, _env_file=None), stop=asyncio.Event())


async def test_without_the_key_it_says_where_it_was(database: Database, signed_in: IngestSettings) -> None:
    signed_in.session_key_path.unlink()
    with pytest.raises(IngestError, match="key of the stored session is missing"):
        await run_ingest(database, signed_in, stop=asyncio.Event())


async def test_a_second_process_stands_by_and_says_so(
    database: Database, signed_in: IngestSettings, watching: asyncio.Task[None], all_logs: list[Any]
) -> None:
    async with running(database, signed_in) as second:
        await until(lambda: any("standing by" in line["event"] for line in all_logs))
        assert not second.done()
    assert sum(line["event"] == "connected to telegram" for line in all_logs) == 0
