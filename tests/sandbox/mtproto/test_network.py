"""A network that is silent, refuses or lies about the time, as the real client meets it."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from telethon.tl import functions

from sandbox.mtproto import MtprotoServer
from tests.sandbox.mtproto_fixtures import Reader, new_client, sign_in, until

_STATE = functions.updates.GetStateRequest


async def _is_answered(client: Any) -> bool:
    try:
        await asyncio.wait_for(client(_STATE()), 0.2)
    except TimeoutError:
        return False
    return True


async def test_frozen_network_is_silent_but_connected_and_delivers_late(reader: Reader) -> None:
    await reader.settled()
    with reader.server.network.freeze():
        [late] = reader.publish("late")
        assert not await _is_answered(reader.client)
        assert reader.client.is_connected()
        assert late not in reader.new_ids
    await until(lambda: late in reader.new_ids)
    assert await _is_answered(reader.client)


async def test_new_connection_to_a_frozen_network_hears_nothing(reader: Reader) -> None:
    with reader.server.network.freeze():
        stream, writer = await asyncio.open_connection(reader.server.host, reader.server.port)
        writer.write(struct.pack("<iii", 12, 0, 0))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.read(), 0.1)
    assert await stream.read() == b""  # now it is told that this is no MTProto
    writer.close()


async def test_half_open_connection_stays_silent_after_the_network_heals(reader: Reader, server: MtprotoServer) -> None:
    with server.network.freeze(for_good=True):
        reader.publish("lost on the way")
    assert not await _is_answered(reader.client)
    assert reader.client.is_connected()
    async with new_client(server) as client:
        await sign_in(client, reader.user)
        assert await _is_answered(client)
    assert reader.new == []
    async with reader.reconnecting():
        server.drop_all()
    await reader.settled()


async def test_refused_connections_are_refused_until_lifted(reader: Reader) -> None:
    await reader.settled()
    refusing = reader.server.network.refuse()
    await until(lambda: reader.server.connected == 0)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(reader.server.host, reader.server.port)
    async with reader.reconnecting():
        refusing.lift()
    await reader.settled()


async def test_door_that_opens_and_shuts_in_one_breath_is_shut(server: MtprotoServer) -> None:
    for _ in range(3):
        server.network.refuse().lift()
    refusing = server.network.refuse()
    await asyncio.sleep(0.01)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(server.host, server.port)
    refusing.lift()
    await asyncio.sleep(0.01)
    _, writer = await asyncio.open_connection(server.host, server.port)
    writer.close()


async def test_open_connections_may_live_on_while_new_ones_are_refused(reader: Reader) -> None:
    with reader.server.network.refuse(reset=False):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(reader.server.host, reader.server.port)
        await reader.settled()


async def test_server_may_be_stopped_while_it_refuses(server: MtprotoServer) -> None:
    server.network.refuse()
    await server.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(server.host, server.port)


@pytest.mark.parametrize("seconds", [60.0, -400.0])
async def test_client_is_deaf_to_a_server_whose_clock_is_off(reader: Reader, seconds: float) -> None:
    await reader.settled()
    with reader.server.network.skew(seconds):
        [unheard] = reader.publish("unheard")
        assert not await _is_answered(reader.client)
        assert unheard not in reader.new_ids
    await reader.settled()
    assert unheard in reader.new_ids


@pytest.mark.parametrize("seconds", [400.0, -60.0])
async def test_notified_client_sets_its_clock_by_the_servers(reader: Reader, seconds: float) -> None:
    await reader.settled()
    reader.server.network.skew(seconds, notify=True)
    state = await asyncio.wait_for(reader.client(_STATE()), 5)
    assert reader.client._sender._state.time_offset == pytest.approx(seconds, abs=2)
    ahead = (state.date - reader.world.clock.now()).total_seconds()
    assert ahead == pytest.approx(seconds, abs=3)
    await reader.settled()


async def test_fresh_key_brings_the_servers_clock_with_it(reader: Reader, server: MtprotoServer) -> None:
    server.network.skew(5000)
    async with new_client(server) as client:
        assert client._sender._state.time_offset == pytest.approx(5000, abs=2)
        await sign_in(client, reader.user)
