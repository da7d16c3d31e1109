"""A sweep keeps what it has seen, and counts nothing as heard that is not committed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest

from config.settings import IngestSettings
from ingest import looking
from ingest.asking import Asking, MethodClosed
from ingest.catching_up import CatchingUp
from ingest.channel_states import ChannelStates
from ingest.differences import Differences
from ingest.fetching import Fetching
from ingest.filling import Filling
from ingest.listener import Listener, utc_now
from ingest.pipeline import Pipeline
from ingest.reconciler import Reconciler
from ingest.rereading import Rereading
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.mtproto.tl_objects import update_tl
from sandbox.world import User, World
from storage.database import Database
from storage.ids import AccountId
from tests.ingest.connected import connected, monitored
from tests.sandbox.mtproto_fixtures import until
from tests.storage.makers import rows

ACCOUNT = AccountId(1)


@pytest.fixture
async def asking(database: Database, signed_in: IngestSettings) -> AsyncIterator[Asking]:
    async with connected(database, signed_in) as made:
        yield made


def reconciler_of(database: Database, asking: Asking, listener: Listener, door: Pipeline) -> Reconciler:
    async def refresh() -> None:
        pass

    async def rejoin(_: object) -> bool:
        return False

    fetching, differences = Fetching(asking, utc_now), Differences(asking, utc_now)
    filling = Filling(database, fetching, door, lambda _: None)
    return Reconciler(
        database,
        ACCOUNT,
        asking,
        listener.doubts,
        door,
        filling=filling,
        catching_up=CatchingUp(database, fetching, differences, door, listener.pts, filling.fill, clock=utc_now),
        rereading=Rereading(database, ACCOUNT, fetching, door, clock=utc_now),
        states=ChannelStates(database, ACCOUNT, asking, listener, refresh, rejoin),
        pts=listener.pts,
        grace=dt.timedelta(0),
    )


async def test_sweep_that_is_interrupted_keeps_what_it_saw_and_the_next_begins_with_the_rest(
    database: Database,
    asking: Asking,
    world: World,
    reader: User,
    server: MtprotoServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looking, "AT_ONCE", 1)
    listener = Listener(Pipeline(database))
    reconciler = reconciler_of(database, asking, listener, Pipeline(database))
    made = [world.channels.add(f"Channel {number}", f"channel_{number}") for number in range(3)]
    for channel in made:
        listener.pts.settle((await monitored(database, channel, reader.id)).id, channel.pts)
    for flooded, settled in ((made[1], [made[0]]), (made[0], made)):  # the second sweep comes to the first one last
        with server.troubles.flood(60, "GetPeerDialogs", channel=flooded), pytest.raises(MethodClosed):
            await reconciler.sweep()
        asking.lanes._closed_until.clear()
        asking.client._flood_waited_requests.clear()
        names = await rows(database, "SELECT username FROM channels WHERE reconciled_at IS NOT NULL ORDER BY id")
        assert names == [(each.username,) for each in settled]


async def test_after_a_sweep_that_found_what_nobody_told_of_the_next_comes_sooner(
    database: Database, asking: Asking, world: World, reader: User, news: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.reconciler.SOONER", 0.0)
    pipeline = Pipeline(database)
    listener = Listener(pipeline)
    reconciler = reconciler_of(database, asking, listener, pipeline)
    watched = await monitored(database, news, reader.id)
    listener.pts.settle(watched.id, news.pts)
    assert await reconciler.sweep()
    world.channels.publish(news, "a post that is not pushed", push=False)
    before = asking.lanes.calls["GetPeerDialogs"]
    tasks = [asyncio.create_task(each) for each in (pipeline.run(), reconciler.run())]
    await until(lambda: asking.lanes.calls["GetPeerDialogs"] >= before + 2)
    async with asyncio.timeout(10):  # what labels a post is loaded for the first one
        while not await reconciler.sweep():  # noqa: ASYNC110 - it is the sweep that says so
            await asyncio.sleep(0.1)
    assert await rows(database, "SELECT message_id FROM posts") == [(1,)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Crossed(Pipeline):
    """A pipeline to which an update comes just when somebody has seen that nothing waits in it."""

    update: object = None
    listener: Listener

    async def caught_up(self) -> None:
        await super().caught_up()
        update, self.update = self.update, None
        if update is not None:
            self.listener.handle(update)


async def test_change_is_not_noted_as_known_before_it_is_committed(
    database: Database, asking: Asking, world: World, reader: User, news: Channel
) -> None:
    world.channels.publish(news, "a post")
    watched = await monitored(database, news, reader.id)
    pipeline = Crossed(database)
    pipeline.listener = listener = Listener(pipeline)
    listener.watch({news.id: watched.id})
    listener.pts.settle(watched.id, news.pts)
    world.channels.edit(news, 1, "a post, corrected", push=False)
    pipeline.update = update_tl(news, news.events[-1])
    sweep = asyncio.create_task(reconciler_of(database, asking, listener, pipeline).sweep())
    assert not (await asyncio.wait([sweep], timeout=0.5))[0]
    assert await rows(database, "SELECT pts FROM channels") == [(None,)]
    work = asyncio.create_task(pipeline.run())
    await sweep
    assert await rows(database, "SELECT pts FROM channels") == [(news.pts,)]
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
