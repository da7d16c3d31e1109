"""Requested channels are joined by the running ingest."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telethon import errors

from config.metrics import REGISTRY
from config.settings import IngestSettings
from ingest import joining
from ingest.client import build_client, call, connect, disconnect
from ingest.joining import Joiner
from ingest.leases import Leases
from ingest.listener import Listener
from ingest.pace import Pace
from ingest.session_key import SessionKey
from ingest.sessions import ACCOUNT, read_session
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.mtproto.faults import RpcFault
from sandbox.world import User, World
from storage import channels, readers
from storage.accounts import load_account
from storage.channels import find_channel
from storage.database import Database
from storage.flood_waits import flood_waits_of
from storage.ids import AccountId
from tests.ingest.conftest import ask_for
from tests.ingest.connected import monitored
from tests.ingest.values import Collector, until
from tests.storage.makers import rows


class Setting:
    """A joiner on a connected client, with a pace that notes its pauses instead of taking them."""

    def __init__(self, database: Database, client: Any, account_id: AccountId) -> None:
        self.seconds = 0.0
        self.client = client
        self.account_id = account_id
        self.pipeline = Collector()
        self.listener = Listener(self.pipeline)
        self.listener.attach(client)
        pace = Pace(2, dt.timedelta(seconds=30), clock=lambda: self.seconds, sleep=self._sleep)
        self.leases = Leases(database, account_id, self.listener)
        self.joiner = Joiner(database, account_id, self.leases, pace=pace)

    async def join(self) -> None:
        """Everything that is requested now."""
        await self.joiner.join_wanted(self.client)

    async def _sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
async def setting(database: Database, signed_in: IngestSettings) -> AsyncIterator[Setting]:
    """The reader's client, connected."""
    async with database.begin() as connection:
        account = await load_account(connection, ACCOUNT)
    assert account is not None
    client = build_client(signed_in, read_session(account, SessionKey.read(signed_in.session_key_path)))
    made = Setting(database, client, account.id)
    await connect(client)
    yield made
    await disconnect(client)


async def state_of(database: Database, username: str) -> tuple[str, str]:
    async with database.begin() as connection:
        channel = await find_channel(connection, username)
    assert channel is not None
    return channel.state, channel.state_detail or ""


async def test_a_requested_channel_is_joined_and_heard(
    database: Database, setting: Setting, world: World, news: Channel, reader: User
) -> None:
    news.noforwards = True
    await ask_for(database, "News_Box")
    await setting.join()
    assert news.members == {reader.id}
    async with database.begin() as connection:
        [(channel, access_hash)] = await readers.held_channels(connection, setting.account_id)
    assert (channel.telegram_id, channel.username, channel.title) == (news.id, "news_box", "News of the box")
    assert (access_hash, channel.is_protected) == (news.access_hash, True)
    world.channels.publish(news, "heard at once")
    await until(lambda: setting.pipeline.posts)
    assert setting.pipeline.posts[0].channel_id == channel.id


async def test_an_unknown_name_is_refused_with_a_sentence(database: Database, setting: Setting) -> None:
    await ask_for(database, "nobody_here")
    await setting.join()
    state, why = await state_of(database, "nobody_here")
    assert state == "lost"
    assert "check the spelling" in why


async def test_a_person_is_no_channel(database: Database, setting: Setting, world: World) -> None:
    world.add_user("Petro", username="petro_box")
    await ask_for(database, "petro_box")
    await setting.join()
    assert "not a channel" in (await state_of(database, "petro_box"))[1]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("CHANNEL_PRIVATE", "no access to this channel"),
        ("INVITE_REQUEST_SENT", "only whom it has approved"),
        ("SOMETHING_NEW", "refuses the channel"),
    ],
)
async def test_refusals_of_telegram_become_sentences(
    database: Database, setting: Setting, world: World, news: Channel, error: str, sentence: str
) -> None:
    world.faults.add("mtproto", "channels.joinChannel", RpcFault(400, error))
    await ask_for(database, "news_box")
    await setting.join()
    assert sentence in (await state_of(database, "news_box"))[1]


async def test_an_account_that_may_join_no_more_leaves_the_request_and_says_so(
    database: Database, setting: Setting, world: World, news: Channel
) -> None:
    world.faults.add("mtproto", "channels.joinChannel", RpcFault(400, "CHANNELS_TOO_MUCH"))
    await ask_for(database, "news_box")
    await setting.join()
    assert await state_of(database, "news_box") == ("requested", readers.NO_ROOM)
    assert not news.members


async def test_where_the_account_is_banned_the_channel_is_refused(
    database: Database, setting: Setting, news: Channel, reader: User
) -> None:
    news.ban(reader.id)
    await ask_for(database, "news_box")
    await setting.join()
    assert "no access to this channel" in (await state_of(database, "news_box"))[1]


async def test_a_flood_wait_is_obeyed_and_the_channel_still_joined(
    database: Database, setting: Setting, world: World, news: Channel
) -> None:
    before = REGISTRY.get_sample_value(*JOINS_FLOODED) or 0
    # 3 s: what Telethon remembers of so short a ban it ignores itself, so that real time does not matter here
    world.faults.add("mtproto", "channels.joinChannel", RpcFault(420, "FLOOD_WAIT_3"))
    await ask_for(database, "news_box")
    await setting.join()
    assert (await state_of(database, "news_box"))[0] == "active"
    assert setting.seconds >= 4
    async with database.begin() as connection:
        assert [wait.method for wait in await flood_waits_of(connection, setting.account_id)] == ["JoinChannel"]
    assert REGISTRY.get_sample_value(*JOINS_FLOODED) == before + 1


JOINS_FLOODED = ("channelwatch_flood_waits_total", {"method": "JoinChannel"})


async def test_a_flood_wait_of_a_former_program_is_obeyed(database: Database, setting: Setting, news: Channel) -> None:
    setting.joiner.obey("JoinChannel", dt.timedelta(hours=2))
    setting.joiner.obey("GetHistory", dt.timedelta(hours=20))
    await ask_for(database, "news_box")
    await setting.join()
    assert setting.seconds == 7_200


async def test_trouble_of_telegrams_puts_one_channel_off_and_the_next_is_joined(
    database: Database, setting: Setting, world: World, news: Channel, server: MtprotoServer
) -> None:
    troubled = world.channels.add("Troubled", "troubled_box")
    await ask_for(database, "troubled_box")
    await ask_for(database, "news_box")
    with server.troubles.refuse(-505, "ANYTHING", "GetHistory", channel=troubled) as trouble:
        await setting.join()
        await setting.join()
    assert trouble.hits == 1  # not tried again for a minute
    assert await state_of(database, "news_box") == ("active", "")
    assert await state_of(database, "troubled_box") == ("requested", "")
    assert await rows(database, "SELECT reader_id FROM channels WHERE username = 'troubled_box'") == [(None,)]


async def test_a_channel_that_telegram_does_not_answer_about_is_put_off(
    database: Database, setting: Setting, news: Channel, server: MtprotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def soon(client: Any, request: Any) -> Any:
        return await call(client, request, dt.timedelta(milliseconds=100))

    monkeypatch.setattr(joining, "call", soon)
    await ask_for(database, "news_box")
    with server.troubles.ignore("JoinChannel"):
        await setting.join()
    assert (await state_of(database, "news_box"))[0] == "requested"


async def test_who_was_thrown_out_comes_back_at_the_same_pace(
    database: Database, setting: Setting, news: Channel, reader: User
) -> None:
    watched = await monitored(database, news, reader.id)
    for _ in range(4):
        news.members.clear()
        assert await setting.joiner.rejoin(setting.client, watched)
        assert reader.id in news.members
    assert setting.seconds == 60


async def test_many_channels_are_joined_at_the_pace(database: Database, setting: Setting, world: World) -> None:
    for number in range(4):
        world.channels.add(f"Channel {number}", f"channel_{number}")
        await ask_for(database, f"channel_{number}")
    await setting.join()
    assert setting.seconds == 60
    async with database.begin() as connection:
        assert len(await readers.held_channels(connection, setting.account_id)) == 4


async def test_what_stands_against_the_account_is_raised(
    database: Database, setting: Setting, world: World, news: Channel
) -> None:
    world.faults.add("mtproto", "contacts.resolveUsername", RpcFault(401, "SESSION_REVOKED"))
    await ask_for(database, "news_box")
    with pytest.raises(errors.SessionRevokedError):
        await setting.join()
    assert (await state_of(database, "news_box"))[0] == "requested"


async def test_woken_it_joins_what_is_requested_and_hears_no_more_of_what_is_removed(
    database: Database, setting: Setting, world: World, news: Channel, server: MtprotoServer
) -> None:
    running = asyncio.gather(setting.joiner.run(setting.client), setting.leases.run())
    await ask_for(database, "news_box")
    setting.joiner.wake()
    await until(lambda: news.members)
    world.channels.publish(news, "one")
    await until(lambda: setting.pipeline.posts)
    async with database.begin() as connection:
        await channels.remove_channel(connection, "news_box")
    setting.leases.wake()
    await until(lambda: not setting.listener._channels)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
