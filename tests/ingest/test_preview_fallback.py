"""What no account reads is read from its public pages, and each post is one post, whoever brought it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ingest.pipeline import Pipeline
from ingest.preview_fallback import PreviewFallback
from sandbox.channels import Channel
from sandbox.preview_pages import PreviewPages
from sandbox.world import World
from storage.database import Database
from tests.ingest.conftest import ask_for
from tests.storage.makers import change, rows


@pytest.fixture
async def pages(world: World) -> AsyncIterator[PreviewPages]:
    made = PreviewPages(world)
    await made.start()
    yield made
    await made.stop()


@asynccontextmanager
async def following(database: Database, pages: PreviewPages) -> AsyncIterator[None]:
    """The fallback with its pipeline, looking often."""
    pipeline = Pipeline(database)
    fallback = PreviewFallback(database, pipeline, pages.base_url, choose_every=dt.timedelta(seconds=0.1))
    tasks = [asyncio.create_task(pipeline.run()), asyncio.create_task(fallback.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_stored(database: Database, count: int) -> None:
    async with asyncio.timeout(20):
        while (await rows(database, "SELECT count(*) FROM posts")) != [(count,)]:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)


async def test_requested_channel_is_followed_without_an_account(
    database: Database, world: World, news: Channel, pages: PreviewPages
) -> None:
    for number in range(3):
        world.channels.publish(news, f"the bridge, part {number}")
    await ask_for(database, "news_box")
    async with following(database, pages):
        await until_stored(database, 3)
        async with asyncio.timeout(20):
            while (await rows(database, "SELECT state FROM channels")) != [("active",)]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert await rows(database, "SELECT DISTINCT found_by FROM posts") == [("preview",)]


async def test_channel_that_an_account_reads_is_left_to_it(
    database: Database, world: World, news: Channel, pages: PreviewPages
) -> None:
    world.channels.publish(news, "the bridge")
    await ask_for(database, "news_box")
    await change(database, "UPDATE channels SET state = 'active', reader_until_at = now() + interval '1 hour'")
    async with following(database, pages):
        await asyncio.sleep(0.5)
        assert pages.requests == []
        await change(database, "UPDATE channels SET reader_until_at = now() - interval '1 hour'")
        await until_stored(database, 1)
