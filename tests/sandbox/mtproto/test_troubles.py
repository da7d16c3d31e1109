"""Troubles of calls that last until lifted: errors, flood waits that count down, limits, slowness, silence."""

from __future__ import annotations

import asyncio
import random

import pytest
from telethon import errors
from telethon.tl import functions, types

from sandbox.channels import Channel
from sandbox.mtproto import RpcFault
from sandbox.mtproto.keys import process_key
from sandbox.mtproto.state import BoxState
from sandbox.mtproto.troubles import Troubles
from sandbox.world import ManualClock, World
from tests.sandbox.mtproto_fixtures import Reader

_STATE = functions.updates.GetStateRequest


def _history(channel: Channel) -> functions.messages.GetHistoryRequest:
    peer = types.InputPeerChannel(channel.id, channel.access_hash)
    return functions.messages.GetHistoryRequest(peer, 0, None, 0, 10, 0, 0, 0)


def _messages(*channels: Channel) -> functions.messages.GetPeerDialogsRequest:
    peers = [types.InputPeerChannel(each.id, each.access_hash) for each in channels]
    return functions.messages.GetPeerDialogsRequest([types.InputDialogPeer(peer) for peer in peers])


@pytest.fixture
def clock() -> ManualClock:
    """The time of flood waits, moved by hand."""
    return ManualClock()


@pytest.fixture
def troubles(clock: ManualClock) -> Troubles:
    """Troubles without a server."""
    return Troubles(BoxState(World(clock), process_key(), rng=random.Random(1)))


async def test_refused_method_is_refused_until_lifted_and_no_other(reader: Reader) -> None:
    refusing = reader.server.troubles.refuse(-503, "Timeout", "updates.getState")
    for _ in range(2):
        with pytest.raises(errors.TimedOutError):
            await reader.ask(_STATE())
    assert await reader.ask(_history(reader.channel))
    refusing.lift()
    assert await reader.ask(_STATE())
    assert refusing.hits == 2


async def test_all_methods_are_refused_but_those_of_connecting_and_signing_in(reader: Reader) -> None:
    with reader.server.troubles.refuse(500, "RPC_CALL_FAIL"):
        with pytest.raises(errors.RpcCallFailError):
            await reader.ask(_STATE())
        assert await reader.ask(functions.help.GetConfigRequest())
        assert await reader.client.send_code_request("79990005566")


async def test_difference_may_be_refused_as_outdated(reader: Reader) -> None:
    reader.server.troubles.refuse(500, "PERSISTENT_TIMESTAMP_OUTDATED", "GetChannelDifference")
    request = functions.updates.GetChannelDifferenceRequest(
        reader.entity, types.ChannelMessagesFilterEmpty(), pts=1, limit=100
    )
    with pytest.raises(errors.PersistentTimestampOutdatedError):
        await reader.ask(request)


async def test_flood_on_one_channel_leaves_the_others_alone(reader: Reader) -> None:
    other = reader.world.channels.add("Other", "other")
    with reader.server.troubles.flood(30, "messages.getHistory", channel=reader.channel):
        with pytest.raises(errors.FloodWaitError) as raised:
            await reader.ask(_history(reader.channel))
        assert await reader.ask(_history(other))
    assert raised.value.seconds == 30
    assert await reader.ask(_history(reader.channel))


async def test_slow_calls_come_back_late_and_hold_up_no_other(reader: Reader) -> None:
    with reader.server.troubles.slow(0.2, "updates.getState"):
        slow = asyncio.create_task(reader.ask(_STATE()))
        await reader.ask(_history(reader.channel))
        assert not slow.done()
        await slow


async def test_ignored_call_is_never_answered_though_the_line_lives(reader: Reader) -> None:
    with reader.server.troubles.ignore("updates.getState"):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.ask(_STATE()), 0.1)
        assert await reader.ask(_history(reader.channel))
    assert await reader.ask(_STATE())


async def test_single_faults_are_met_before_lasting_troubles(reader: Reader) -> None:
    reader.server.troubles.refuse(-503, "Timeout", "updates.getState")
    reader.world.faults.add("mtproto", "updates.getState", RpcFault(400, "SINGLE"))
    with pytest.raises(errors.BadRequestError, match="SINGLE"):
        await reader.ask(_STATE())


async def test_everything_that_lasts_is_lifted_at_once(reader: Reader) -> None:
    reader.server.troubles.refuse(-503, "Timeout")
    reader.server.pushes.drop()
    reader.server.network.skew(400)
    reader.server.network.freeze()
    assert len(reader.server.lasting) == 4
    reader.server.lift_all()
    assert reader.server.lasting == []
    await reader.settled()


def test_flood_wait_counts_down_and_ends_by_itself(troubles: Troubles, clock: ManualClock) -> None:
    flood = troubles.flood(10, "GetHistory")
    met = []
    for _ in range(3):
        met.append(troubles.meet("messages.getHistory", 1, None))
        clock.advance(4.5)
    assert met == [RpcFault(420, "FLOOD_WAIT_10"), RpcFault(420, "FLOOD_WAIT_6"), RpcFault(420, "FLOOD_WAIT_1")]
    assert troubles.meet("messages.getHistory", 1, None) is None
    assert flood.is_lifted


def test_limit_gives_each_account_its_calls_a_second(troubles: Troubles, clock: ManualClock) -> None:
    troubles.limit("messages.getPeerDialogs", per_second=0.5, burst=2)
    first = [troubles.meet("messages.getPeerDialogs", 1, None) for _ in range(3)]
    assert first == [None, None, RpcFault(420, "FLOOD_WAIT_2")]
    assert troubles.meet("messages.getPeerDialogs", 2, None) is None
    assert troubles.meet("messages.getHistory", 1, None) is None
    clock.advance(2)
    assert troubles.meet("messages.getPeerDialogs", 1, None) is None
    assert troubles.meet("messages.getPeerDialogs", 1, None) == RpcFault(420, "FLOOD_WAIT_2")


def test_share_of_calls_is_drawn_from_the_seed(troubles: Troubles) -> None:
    trouble = troubles.refuse(500, "RPC_CALL_FAIL", share=0.3)
    met = [troubles.meet("messages.getHistory", 1, None) for _ in range(1000)]
    assert trouble.hits == 1000 - met.count(None) == pytest.approx(300, abs=50)


def test_trouble_may_be_of_one_account(troubles: Troubles) -> None:
    troubles.flood(5, user_id=1)
    assert troubles.meet("messages.getHistory", 1, None)
    assert troubles.meet("messages.getHistory", 2, None) is None


def test_call_about_many_channels_meets_the_trouble_of_each(troubles: Troubles) -> None:
    channels = World(ManualClock()).channels
    calm, troubled = channels.add("Calm", "calm"), channels.add("Troubled", "troubled")
    troubles.refuse(400, "CHANNEL_INVALID", channel=troubled)
    assert troubles.meet("messages.getPeerDialogs", 1, _messages(calm)) is None
    assert troubles.meet("messages.getPeerDialogs", 1, _messages(calm, troubled))
    inputs = [types.InputChannel(troubled.id, troubled.access_hash)]
    assert troubles.meet("channels.getChannels", 1, functions.channels.GetChannelsRequest(inputs))
