"""Posts are read again: edits, deletions and counts that nobody pushed are found, each once at every age."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from ingest.asking import Asking, Lanes, MethodClosed, ServerTrouble
from ingest.fetching import Fetching
from ingest.pipeline import Pipeline
from ingest.rereading import MOST_PASSES, Age, Rereading
from ingest.watched import watched_channels
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage.database import Database
from storage.ids import AccountId
from tests.ingest.connected import monitored
from tests.ingest.values import until
from tests.sandbox.mtproto_fixtures import new_client, sign_in
from tests.storage.makers import change, rows

HOUR = dt.timedelta(hours=1)
AGE = Age(HOUR, dt.timedelta(minutes=5))


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = dt.datetime.now(dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
async def pipeline(database: Database) -> AsyncIterator[Pipeline]:
    made = Pipeline(database)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@dataclass
class Setting:
    """What the tests move by hand."""

    rereading: Rereading
    clock: Clock
    fetching: Fetching
    lanes: Lanes

    async def store_three(self, world: World, news: Channel, database: Database, pipeline: Pipeline) -> None:
        """Three posts, published and stored."""
        for number in range(3):
            world.channels.publish(news, f"post {number}", push=False)
        [watched] = await watched_channels(database, AccountId(1))
        for post in (await self.fetching.by_ids(watched, sorted(news.posts))).posts:
            await pipeline.offer(post)
        await pipeline.caught_up()


@pytest.fixture
async def setting(
    database: Database, server: MtprotoServer, reader: User, news: Channel, pipeline: Pipeline
) -> AsyncIterator[Setting]:
    """Of an account that has been in the channel for an hour, with three stored posts of then."""
    clock = Clock()
    news.members.add(reader.id)
    await change(database, "INSERT INTO accounts (name, state, session) VALUES ('main', 'ready', '')")
    await change(
        database,
        "INSERT INTO channels (telegram_id, username, title, state, reader_id, reader_until_at)"
        f" VALUES ({news.id}, 'news_box', 'News', 'active', 1, now() + interval '1 hour')",
    )
    await change(
        database,
        f"INSERT INTO account_channels (account_id, channel_id, access_hash) VALUES (1, 1, {news.access_hash})",
    )
    async with new_client(server) as client:
        await sign_in(client, reader)
        lanes = Lanes()
        fetching = Fetching(Asking(client, lanes), clock)
        made = Rereading(database, AccountId(1), fetching, pipeline, clock=clock, second_look_after=dt.timedelta(0))
        yield Setting(made, clock, fetching, lanes)


async def test_edit_deletion_and_counts_are_found(
    world: World, news: Channel, database: Database, pipeline: Pipeline, setting: Setting
) -> None:
    await setting.store_three(world, news, database, pipeline)
    world.channels.edit(news, 1, "post 0, corrected", push=False)
    world.channels.delete(news, [2], push=False)
    news.posts[3].views = 77
    setting.clock.now += HOUR + dt.timedelta(minutes=1)
    await setting.rereading.read_again(AGE)
    await pipeline.caught_up()
    found = await rows(database, "SELECT text, deleted_at IS NULL, views FROM posts ORDER BY message_id")
    assert found == [("post 0, corrected", True, 1), ("post 1", False, 1), ("post 2", True, 77)]
    assert await rows(database, "SELECT text FROM post_versions") == [("post 0",)]


async def test_each_post_is_read_once_at_an_age(
    world: World, news: Channel, database: Database, pipeline: Pipeline, setting: Setting, server: MtprotoServer
) -> None:
    await setting.store_three(world, news, database, pipeline)
    calls = server.calls["GetMessages"]
    for minutes in (61, 1, 3, 10, 60):
        setting.clock.now += dt.timedelta(minutes=minutes)
        await setting.rereading.read_again(AGE)
    assert server.calls["GetMessages"] == calls + 1


async def test_old_posts_wait_until_what_was_read_before_them_is_stored(
    world: World, news: Channel, database: Database, pipeline: Pipeline, setting: Setting
) -> None:
    await setting.store_three(world, news, database, pipeline)
    setting.clock.now += HOUR + dt.timedelta(minutes=1)
    stalled = Pipeline(database)  # not at work yet
    reading = Rereading(database, AccountId(1), setting.fetching, stalled, clock=setting.clock)
    task = asyncio.create_task(reading.read_again(AGE))
    assert not (await asyncio.wait([task], timeout=0.5))[0]
    work = asyncio.create_task(stalled.run())
    await task
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_many_posts_are_read_in_rounds_and_none_is_left_out(
    world: World, news: Channel, database: Database, pipeline: Pipeline, setting: Setting, server: MtprotoServer
) -> None:
    await setting.store_three(world, news, database, pipeline)
    await change(database, "UPDATE posts SET posted_at = posted_at + message_id / 2 * interval '1 second'")
    for number in (1, 2, 3):
        news.posts[number].views = 70 + number
    setting.clock.now += HOUR + dt.timedelta(minutes=1)
    reading = Rereading(
        database, AccountId(1), setting.fetching, pipeline, clock=setting.clock, schedule=[AGE], most_at_once=1
    )
    assert await reading.read_again(AGE)
    setting.clock.now += dt.timedelta(minutes=6)
    assert [await reading.read_again(AGE) for _ in range(2)] == [True, False]
    assert await rows(database, "SELECT views FROM posts ORDER BY message_id") == [(71,), (72,), (73,)]


async def test_channel_that_is_lost_between_two_looks_holds_up_no_round(
    world: World, news: Channel, database: Database, pipeline: Pipeline, setting: Setting, reader: User,
    server: MtprotoServer,
) -> None:  # fmt: skip
    await setting.store_three(world, news, database, pipeline)
    world.channels.delete(news, [2], push=False)
    setting.clock.now += HOUR + dt.timedelta(minutes=1)
    reading = Rereading(
        database, AccountId(1), setting.fetching, pipeline, clock=setting.clock,
        second_look_after=dt.timedelta(seconds=1),
    )  # fmt: skip
    looks = server.calls["GetMessages"]
    task = asyncio.create_task(reading.read_again(AGE))
    await until(lambda: server.calls["GetMessages"] > looks)
    news.ban(reader.id)
    await task
    assert await rows(database, "SELECT count(*) FROM posts WHERE deleted_at IS NOT NULL") == [(0,)]
    assert await rows(database, "SELECT count(*) FROM rereads") == [(1,)]


async def test_interrupted_round_goes_on_where_it_was(
    world: World, news: Channel, database: Database, pipeline: Pipeline, setting: Setting, server: MtprotoServer
) -> None:
    await setting.store_three(world, news, database, pipeline)
    world.channels.delete(news, [2], push=False)
    setting.clock.now += HOUR + dt.timedelta(minutes=1)
    flood = server.troubles.flood(1, "GetMessages")
    with pytest.raises(MethodClosed):
        await setting.rereading.read_again(AGE)
    assert await rows(database, "SELECT count(*) FROM rereads") == [(0,)]
    flood.lift()
    setting.lanes._closed_until.clear()
    await setting.rereading.read_again(AGE)
    await pipeline.caught_up()
    assert await rows(database, "SELECT count(*) FROM posts WHERE deleted_at IS NOT NULL") == [(1,)]
    assert await rows(database, "SELECT count(*) FROM rereads") == [(1,)]


async def test_channel_that_telegram_cannot_answer_about_holds_up_no_other_and_no_round_for_long(
    world: World, news: Channel, database: Database, pipeline: Pipeline, setting: Setting, reader: User,
    server: MtprotoServer,
) -> None:  # fmt: skip
    await setting.store_three(world, news, database, pipeline)
    other = world.channels.add("Other", "other_box")
    watched = await monitored(database, other, reader.id)
    world.channels.publish(other, "as it was", push=False)
    await pipeline.offer((await setting.fetching.by_ids(watched, [1])).posts[0])
    await pipeline.caught_up()
    world.channels.edit(other, 1, "as it is", push=False)
    setting.clock.now += HOUR + dt.timedelta(minutes=1)
    with server.troubles.refuse(-505, "ANYTHING", "GetMessages", channel=news) as trouble:
        with pytest.raises(ServerTrouble):
            await setting.rereading.read_again(AGE)
        assert await rows(database, "SELECT text FROM posts WHERE channel_id = 2") == [("as it is",)]
        for _ in range(MOST_PASSES - 2):
            with pytest.raises(ServerTrouble):
                await setting.rereading.read_again(AGE)
        await setting.rereading.read_again(AGE)
    assert trouble.hits == MOST_PASSES + 1  # in the first pass before and behind the other
    assert await rows(database, "SELECT count(*) FROM rereads") == [(1,)]
