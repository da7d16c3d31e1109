"""What the server says of its own accord, and differences that tell too little, as the real client meets them."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import Any

import pytest
from telethon.tl import functions, types

from sandbox.mtproto.garbage import Garbage
from tests.sandbox.mtproto_fixtures import Reader, until


async def _difference(reader: Reader, pts: int) -> Any:
    nothing = types.ChannelMessagesFilterEmpty()
    return await reader.ask(functions.updates.GetChannelDifferenceRequest(reader.entity, nothing, pts=pts, limit=100))


async def test_updates_too_long_makes_the_client_ask_for_its_difference(reader: Reader) -> None:
    await reader.settled()
    calls = reader.server.calls["updates.getDifference"]
    [hidden] = reader.world.channels.publish_many(reader.channel, ["hidden"])
    reader.server.send.updates_too_long()
    await until(lambda: hidden in reader.new_ids)
    assert reader.server.calls["updates.getDifference"] == calls + 1


@pytest.mark.parametrize("with_pts", [True, False])
async def test_channel_too_long_makes_the_client_ask_for_the_channel(reader: Reader, with_pts: bool) -> None:
    await reader.settled()
    arrived = reader.spy()
    [hidden] = reader.world.channels.publish_many(reader.channel, ["hidden"])
    reader.server.send.channel_too_long(reader.channel, with_pts=with_pts)
    await until(lambda: hidden in reader.new_ids)
    assert arrived[0].updates[0].pts == (reader.channel.pts if with_pts else None)


async def test_new_session_is_announced_and_changes_nothing(reader: Reader) -> None:
    await reader.settled()
    heard: list[Any] = []
    handlers = reader.client._sender._handlers
    handle = handlers[types.NewSessionCreated.CONSTRUCTOR_ID]

    async def note(message: Any) -> None:
        heard.append(message.obj)
        await handle(message)

    handlers[types.NewSessionCreated.CONSTRUCTOR_ID] = note
    reader.server.send.new_session()
    await until(lambda: heard)
    await reader.settled()


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("unknown_constructor", "Type 0badc0de not found"),
        ("wrong_msg_key", "msg_key doesn't match"),
        ("broken_gzip", "Unhandled error while decrypting"),
    ],
)
async def test_garbage_at_will_reaches_only_whom_it_is_sent_to(
    reader: Reader, kind: Garbage, complaint: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "telethon")
    reader.server.send.garbage(kind, to=[9])
    await reader.settled()
    assert complaint not in caplog.text
    async with reader.reconnecting() if kind == "broken_gzip" else nullcontext():
        reader.server.send.garbage(kind, to=[reader.user.id])
    await reader.settled()
    assert complaint in caplog.text


async def test_namesake_overwrites_the_channel_in_the_clients_cache(reader: Reader) -> None:
    await reader.settled()
    cache = reader.client._mb_entity_cache
    assert cache.get(reader.channel.id).hash == reader.channel.access_hash
    reader.server.send.namesake(reader.channel, access_hash=222)
    await until(lambda: cache.get(reader.channel.id).hash == 222)


async def test_min_channel_arrives_without_a_hash(reader: Reader) -> None:
    await reader.settled()
    arrived = reader.spy()
    reader.server.send.min_channel(reader.channel)
    await until(lambda: arrived)
    assert [(chat.min, chat.access_hash) for chat in arrived[0].chats] == [(True, None)]


async def test_too_many_missed_events_are_not_told_but_where_the_channel_stands(reader: Reader) -> None:
    pts = reader.channel.pts
    ids = reader.world.channels.publish_many(reader.channel, ["1", "2", "3", "4"])
    with reader.server.too_long_after(3):
        answer = await _difference(reader, pts)
        assert isinstance(await _difference(reader, pts + 1), types.updates.ChannelDifference)
    assert isinstance(answer, types.updates.ChannelDifferenceTooLong)
    assert (answer.dialog.top_message, answer.dialog.pts) == (ids[-1], reader.channel.pts)
    assert isinstance(await _difference(reader, pts), types.updates.ChannelDifference)


async def test_telethon_loses_what_a_too_long_difference_skips(reader: Reader) -> None:
    await reader.settled()
    reader.server.too_long_after(3)
    lost = reader.world.channels.publish_many(reader.channel, ["1", "2", "3", "4"])
    calls = reader.server.calls["updates.getChannelDifference"]
    reader.publish("reveals the gap")
    await until(lambda: reader.server.calls["updates.getChannelDifference"] > calls)
    await reader.settled()
    assert not set(lost) & set(reader.new_ids)


async def test_account_difference_that_is_too_long_names_no_channel(reader: Reader) -> None:
    reader.publish("news")
    long_ago = reader.world.clock.now().replace(year=2020)
    ask = functions.updates.GetDifferenceRequest(pts=1, date=long_ago, qts=0)
    with reader.server.account_too_long():
        assert isinstance(await reader.client(ask), types.updates.DifferenceTooLong)
    assert isinstance(await reader.client(ask), types.updates.Difference)
