"""Lost channels are looked at in their turn, and at once when Telegram speaks of them, of none else."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from config.settings import IngestSettings
from ingest import channel_states
from ingest.asking import Asking
from ingest.channel_states import ChannelStates
from ingest.client import NoAnswer, call
from ingest.listener import Listener
from ingest.watched import Watched
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage.database import Database
from storage.ids import AccountId
from tests.ingest.connected import connected, monitored
from tests.ingest.values import Collector, until
from tests.storage.makers import change, rows


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_states, "FEWEST_SECONDS_BETWEEN_TRIES", 0.1)


@pytest.fixture
async def asking(database: Database, signed_in: IngestSettings) -> AsyncIterator[Asking]:
    async with connected(database, signed_in) as made:
        yield made


class Joining:
    """A slow pace: who wants in waits until a test says so."""

    def __init__(self) -> None:
        self.wanted: list[Watched] = []
        self.turn = asyncio.Event()

    async def __call__(self, watched: Watched) -> bool:
        self.wanted.append(watched)
        await self.turn.wait()
        return True


async def nothing() -> None:
    """There is no listener to be told."""


async def test_only_the_lost_channel_that_telegram_speaks_of_is_tried_at_once(
    database: Database, asking: Asking, world: World, reader: User, news: Channel, server: MtprotoServer
) -> None:
    other = world.channels.add("Other", "other_box")
    for channel in (news, other):
        await monitored(database, channel, reader.id)
        world.channels.close(channel, "CHANNEL_PRIVATE")
    await change(database, "UPDATE channels SET state = 'private'")
    listener = Listener(Collector())
    states = ChannelStates(database, AccountId(1), asking, listener, nothing, Joining())
    running = asyncio.create_task(states.run())
    await until(lambda: server.calls["GetChannels"] == 2)
    listener.doubt(987_654, "told of a change")
    await asyncio.sleep(0.5)
    assert server.calls["GetChannels"] == 2
    listener.doubt(other.id, "told of a change")
    await until(lambda: server.calls["GetChannels"] > 2)
    await asyncio.sleep(0.3)
    assert server.calls["GetChannels"] == 3
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_lost_channels_do_not_wait_for_one_that_is_joined_again_slowly(
    database: Database, asking: Asking, world: World, reader: User, news: Channel
) -> None:
    back = world.channels.add("Back", "back_box")
    for channel in (news, back):
        await monitored(database, channel, reader.id)
    await change(database, "UPDATE channels SET state = 'kicked'")
    world.channels.kick(news, reader.id)
    joining = Joining()
    running = asyncio.create_task(
        ChannelStates(database, AccountId(1), asking, Listener(Collector()), nothing, joining).run()
    )
    await _until_active(database, ["back_box"])
    assert [each.channel.username for each in joining.wanted] == ["news_box"]
    joining.turn.set()
    await _until_active(database, ["back_box", "news_box"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_question_that_gets_no_answer_is_no_try(
    database: Database,
    asking: Asking,
    reader: User,
    news: Channel,
    server: MtprotoServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def soon(client: Any, request: Any, _: dt.timedelta) -> Any:
        return await call(client, request, dt.timedelta(milliseconds=100))

    await monitored(database, news, reader.id)
    await change(database, "UPDATE channels SET state = 'private'")
    states = ChannelStates(database, AccountId(1), asking, Listener(Collector()), nothing, Joining())
    with server.troubles.ignore("GetChannels"), monkeypatch.context() as impatient:
        impatient.setattr("ingest.asking.call", soon)
        with pytest.raises(NoAnswer):
            await states.try_again()
    await states.try_again()
    assert await rows(database, "SELECT state FROM channels") == [("active",)]


async def test_channel_that_telegram_cannot_answer_about_holds_up_no_other(
    database: Database, asking: Asking, world: World, reader: User, news: Channel, server: MtprotoServer
) -> None:
    back = world.channels.add("Back", "back_box")
    for channel in (news, back):
        await monitored(database, channel, reader.id)
    await change(database, "UPDATE channels SET state = 'private'")
    states = ChannelStates(database, AccountId(1), asking, Listener(Collector()), nothing, Joining())
    with server.troubles.refuse(-505, "ANYTHING", "GetChannels", channel=news):
        await states.try_again()
    active = "SELECT username FROM channels WHERE state = 'active' ORDER BY 1"
    assert await rows(database, active) == [("back_box",)]
    await states.try_again()
    assert await rows(database, active) == [("back_box",), ("news_box",)]


async def _until_active(database: Database, names: list[str]) -> None:
    active = "SELECT username FROM channels WHERE state = 'active' ORDER BY 1"
    async with asyncio.timeout(20):
        while await rows(database, active) != [(name,) for name in names]:  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.05)
