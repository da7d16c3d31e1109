"""Telethon's internals as we rely on them: what it asks by itself leaves closed methods alone, and it outlives answers
that it cannot read. A new Telethon that works otherwise fails here.
"""

from __future__ import annotations

import asyncio

import pytest
from telethon import errors
from telethon.tl import functions, types

from ingest.telethon_requests import leave_alone, outlive_unreadable_differences
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from tests.ingest.unreadable import make_unreadable
from tests.ingest.values import until
from tests.sandbox.mtproto_fixtures import new_client, sign_in


def difference_of(channel: Channel, reader: User) -> functions.updates.GetChannelDifferenceRequest:
    peer = types.InputChannel(channel.id, channel.hash_for(reader.id))
    return functions.updates.GetChannelDifferenceRequest(peer, types.ChannelMessagesFilterEmpty(), 1, 100)


async def test_method_that_is_closed_is_not_asked_and_others_are(
    server: MtprotoServer, reader: User, news: Channel
) -> None:
    async with new_client(server) as client:
        await sign_in(client, reader)
        leave_alone(client, {"GetChannelDifference": 60.0, "SomethingOfAnotherLayer": 60.0})
        with pytest.raises(errors.FloodWaitError) as raised:
            await client(difference_of(news, reader))
        assert 55 < raised.value.seconds <= 60
        assert server.calls["GetChannelDifference"] == 0
        assert await client(functions.updates.GetStateRequest())


async def test_what_connecting_asks_is_left_open_to_a_session_without_states(server: MtprotoServer) -> None:
    async with new_client(server) as client:
        leave_alone(client, {"GetUsers": 60.0})
        assert client._flood_waited_requests  # it catches up from a state
        client._flood_waited_requests.clear()
        client._catch_up = False
        leave_alone(client, {"GetUsers": 60.0})
        assert not client._flood_waited_requests


@pytest.mark.parametrize("is_cured", [True, False])
async def test_difference_that_cannot_be_read_ends_a_client_that_is_not_cured(
    server: MtprotoServer, world: World, reader: User, news: Channel, monkeypatch: pytest.MonkeyPatch, is_cured: bool
) -> None:
    news.members.add(reader.id)
    async with new_client(server) as client:
        if is_cured:
            outlive_unreadable_differences(client)
        await sign_in(client, reader)
        world.channels.publish(news, "heard")
        await until(lambda: news.id in client._message_box.map)
        with server.pushes.drop():
            world.channels.publish(news, "missed")
        make_unreadable(monkeypatch, news, 2)
        world.channels.publish(news, "reveals the gap")
        await until(lambda: server.calls["GetChannelDifference"])
        await asyncio.sleep(0.3)
        assert bool(client.is_connected()) == is_cured
        if is_cured:
            with pytest.raises(errors.TypeNotFoundError):  # what we ask ourselves is told as it is
                await client(difference_of(news, reader))
