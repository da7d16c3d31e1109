"""What cannot be told for a moment is asked for again; what is absent for a moment is not deleted."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from telethon.tl import types

from config.settings import IngestSettings
from ingest.catching_up import CatchingUp
from ingest.differences import Differences
from ingest.fetching import Fetching
from ingest.listener import utc_now
from ingest.pipeline import Pipeline
from ingest.pts import PtsCount
from ingest.watched import Watched
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer, reading
from sandbox.mtproto.tl_objects import message_tl
from sandbox.world import User, World
from storage.completeness import Look, note_looks
from storage.database import Database
from storage.ids import MessageId
from tests.ingest.connected import connected, monitored
from tests.storage.makers import rows

STORED = 150


@dataclass
class Setting:
    """A channel of which everything is stored and its count of changes known."""

    database: Database
    catching_up: CatchingUp
    pts: PtsCount
    watched: Watched
    channel: Channel
    done: asyncio.Event

    async def catch_up(self) -> None:
        """As a sweep has it done: once."""
        self.done.clear()
        told = Look(self.watched.id, MessageId(self.channel.top_message_id), self.channel.pts)
        self.catching_up.catch_up(self.watched, told)
        async with asyncio.timeout(20):
            await self.done.wait()

    async def is_known(self) -> bool:
        """Whether all changes count as known."""
        [(stored,)] = await rows(self.database, "SELECT pts FROM channels")
        is_behind = self.pts.is_behind(self.watched.id, self.channel.pts)
        assert is_behind == (stored < self.channel.pts)
        return not is_behind


@pytest.fixture
async def setting(
    database: Database, signed_in: IngestSettings, world: World, news: Channel, reader: User
) -> AsyncIterator[Setting]:
    world.channels.publish_many(news, [f"post {n}" for n in range(1, STORED + 1)])
    watched = await monitored(database, news, reader.id, watermark=0)
    pipeline, pts, done = Pipeline(database), PtsCount(), asyncio.Event()
    async with connected(database, signed_in) as asking:
        fetching = Fetching(asking, utc_now)
        catching_up = CatchingUp(
            database,
            fetching,
            Differences(asking, utc_now),
            pipeline,
            pts,
            lambda *_: done.set(),
            clock=utc_now,
            second_look_after=dt.timedelta(0),
        )
        running = asyncio.gather(pipeline.run(), catching_up.run())
        for first in (1, 101):
            for post in (await fetching.by_ids(watched, range(first, min(first + 100, STORED + 1)))).posts:
                await pipeline.offer(post)
        await pipeline.caught_up()
        async with database.begin() as connection:
            await note_looks(connection, [Look(watched.id, MessageId(STORED), news.pts)])
        pts.settle(watched.id, news.pts)
        yield Setting(database, catching_up, pts, watched, news, done)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("trouble", ["closed", "not answered"])
async def test_changes_that_are_not_told_for_a_moment_are_not_taken_for_known(
    setting: Setting, world: World, server: MtprotoServer, trouble: str
) -> None:
    world.channels.edit(setting.channel, 1, "post 1, corrected", push=False)  # far below the newest hundred
    if trouble == "closed":
        lasting = server.troubles.flood(1, "GetChannelDifference")
    else:
        lasting = server.troubles.refuse(-505, "ANYTHING", "GetChannelDifference")
    with lasting:
        await setting.catch_up()
    assert not await setting.is_known()
    setting.catching_up._differences._asking.lanes._closed_until.clear()
    setting.catching_up._differences._asking.client._flood_waited_requests.clear()
    await setting.catch_up()
    assert await setting.is_known()
    assert await rows(setting.database, "SELECT text FROM posts WHERE message_id = 1") == [("post 1, corrected",)]


async def test_newest_posts_are_read_meanwhile(setting: Setting, world: World, server: MtprotoServer) -> None:
    world.channels.edit(setting.channel, 149, "post 149, corrected", push=False)
    with server.troubles.refuse(-505, "ANYTHING", "GetChannelDifference"):
        await setting.catch_up()
    assert await rows(setting.database, "SELECT text FROM posts WHERE message_id = 149") == [("post 149, corrected",)]


async def test_post_that_a_lagging_copy_leaves_out_is_not_deleted(
    setting: Setting, world: World, server: MtprotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.channels.edit(setting.channel, 2, "a change", push=False)
    with server.too_long_after(0):
        with monkeypatch.context() as lagging:
            _leave_out(lagging, 140)
            await setting.catch_up()
        assert not await setting.is_known()
        await setting.catch_up()
        assert await setting.is_known()
    assert await rows(setting.database, "SELECT message_id FROM posts WHERE deleted_at IS NOT NULL") == []


async def test_post_that_is_absent_twice_is_deleted(setting: Setting, world: World, server: MtprotoServer) -> None:
    world.channels.delete(setting.channel, [140], push=False)
    with server.too_long_after(0):
        await setting.catch_up()
        assert not await setting.is_known()
        await setting.catch_up()
        assert await setting.is_known()
    assert await rows(setting.database, "SELECT message_id FROM posts WHERE deleted_at IS NOT NULL") == [(140,)]


def _leave_out(patch: pytest.MonkeyPatch, number: int) -> None:
    """Telegram answers from a copy that does not have this message yet."""
    history_page = reading.history_page

    def page(*given: Any, **options: Any) -> list[Any]:
        return [post for post in history_page(*given, **options) if post.message_id != number]

    def message(channel: Channel, wanted: int) -> Any:
        empty = types.MessageEmpty(wanted, types.PeerChannel(channel.id))
        return empty if wanted == number else message_tl(channel, wanted)

    patch.setattr(reading, "history_page", page)
    patch.setattr(reading, "message_tl", message)
