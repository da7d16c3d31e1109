"""What a reader of the box missed: offline, reset, slowed, refused; and what the difference gives back."""

from __future__ import annotations

import asyncio
import contextlib
import struct

import pytest
from telethon import errors, utils
from telethon.tl import functions, types

from sandbox.mtproto import Delay, DropSocket, RpcFault
from tests.sandbox.mtproto_fixtures import Reader, until


async def _difference(reader: Reader, pts: int, limit: int = 100) -> types.updates.ChannelDifference:
    return await reader.client(
        functions.updates.GetChannelDifferenceRequest(
            reader.entity, types.ChannelMessagesFilterEmpty(), pts=pts, limit=limit
        )
    )


async def test_gap_of_two_slices_is_recovered_after_being_offline(reader: Reader) -> None:
    await reader.settled()
    await reader.client.disconnect()
    ids = reader.publish(*(f"missed {number}" for number in range(150)))
    await reader.client.connect()
    await until(lambda: len(reader.new) == 151)
    assert reader.new_ids[1:] == ids
    assert reader.server.calls["updates.getChannelDifference"] == 2


async def test_account_difference_names_only_channels_that_moved(reader: Reader) -> None:
    quiet = reader.world.channels.add("Quiet", "quiet")
    quiet.members.add(reader.user.id)
    reader.publish("news")
    long_ago = reader.world.clock.now().replace(year=2020)
    answer = await reader.client(functions.updates.GetDifferenceRequest(pts=1, date=long_ago, qts=0))
    assert [update.channel_id for update in answer.other_updates] == [reader.channel.id]
    later = reader.world.clock.now().replace(year=2037)
    answer = await reader.client(functions.updates.GetDifferenceRequest(pts=1, date=later, qts=0))
    assert isinstance(answer, types.updates.DifferenceEmpty)


async def test_difference_gives_missed_edits_and_deletions_with_their_true_pts(reader: Reader) -> None:
    channels = reader.world.channels
    kept, gone, also_gone = reader.publish("first wording", "gone", "also gone")
    known = reader.channel.pts
    channels.edit(reader.channel, kept, "second wording")
    channels.delete(reader.channel, [gone, also_gone])
    answer = await _difference(reader, known)
    edit, deletion = answer.other_updates
    assert (edit.message.message, edit.pts, edit.pts_count) == ("second wording", known + 1, 1)
    assert (deletion.messages, deletion.pts, deletion.pts_count) == ([gone, also_gone], known + 3, 2)
    assert (answer.pts, answer.final) == (reader.channel.pts, True)


async def test_post_deleted_meanwhile_is_given_only_as_a_deletion(reader: Reader) -> None:
    known = reader.channel.pts
    gone, kept = reader.publish("gone", "kept")
    reader.world.channels.edit(reader.channel, gone, "still gone")
    reader.world.channels.delete(reader.channel, [gone])
    answer = await _difference(reader, known)
    assert [message.id for message in answer.new_messages] == [kept]
    assert [type(update).__name__ for update in answer.other_updates] == ["UpdateDeleteChannelMessages"]


async def test_difference_comes_in_slices_that_join_without_a_gap(reader: Reader) -> None:
    ids = reader.publish("1", "2", "3", "4", "5")
    pts, read, final = 1, [], False
    while not final:
        answer = await _difference(reader, pts, limit=2)
        read += [message.id for message in answer.new_messages]
        pts, final = answer.pts, answer.final
    assert read == ids


async def test_up_to_date_difference_is_empty(reader: Reader) -> None:
    reader.publish("news")
    answer = await _difference(reader, reader.channel.pts)
    assert isinstance(answer, types.updates.ChannelDifferenceEmpty)


@pytest.mark.parametrize(
    ("pts", "error"),
    [(0, errors.PersistentTimestampEmptyError), (10**6, errors.PersistentTimestampInvalidError)],
)
async def test_impossible_pts_is_refused(reader: Reader, pts: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await _difference(reader, pts)


async def test_post_missed_in_a_reset_is_recovered_with_the_next_one(reader: Reader) -> None:
    await reader.settled()
    reader.server.drop_all()
    [missed] = reader.publish("published while the line was down")
    calls = reader.server.calls["users.getUsers"]
    await until(lambda: reader.server.calls["users.getUsers"] > calls)
    [after] = reader.publish("published after the reconnect")
    await until(lambda: {missed, after} <= set(reader.new_ids))


async def test_flood_wait_is_raised_with_its_seconds(reader: Reader) -> None:
    reader.world.faults.add("mtproto", "messages.getHistory", RpcFault(420, "FLOOD_WAIT_7"))
    with pytest.raises(errors.FloodWaitError) as raised:
        await reader.client.get_messages(reader.entity)
    assert raised.value.seconds == 7


async def test_fault_may_be_named_by_the_last_part_of_its_method(reader: Reader) -> None:
    reader.world.faults.add("mtproto", "GetHistory", RpcFault(400, "CHANNEL_PRIVATE"))
    with pytest.raises(errors.ChannelPrivateError):
        await reader.client.get_messages(reader.entity)


async def test_socket_dropped_before_the_call_makes_telethon_ask_again(reader: Reader) -> None:
    reader.publish("still there")
    reader.world.faults.add("mtproto", "messages.getHistory", DropSocket())
    [message] = await reader.client.get_messages(reader.entity)
    assert message.text == "still there"
    assert reader.server.calls["GetHistory"] == 2


@pytest.mark.parametrize("handled", [True, False])
async def test_call_has_its_effect_only_if_the_socket_drops_after_it(reader: Reader, handled: bool) -> None:
    await reader.client(functions.channels.LeaveChannelRequest(reader.entity))
    refusal = RpcFault(400, "CHANNELS_TOO_MUCH")  # for the repetition that Telethon sends by itself
    reader.world.faults.add("mtproto", "channels.joinChannel", DropSocket(handled=handled), refusal)
    with pytest.raises(errors.ChannelsTooMuchError):
        await reader.client(functions.channels.JoinChannelRequest(reader.entity))
    assert (reader.user.id in reader.channel.members) is handled


async def test_delayed_call_does_not_hold_up_the_others(reader: Reader) -> None:
    reader.world.faults.add("mtproto", "messages.getHistory", Delay(0.3))
    slow = asyncio.create_task(reader.client.get_messages(reader.entity))
    await until(lambda: reader.server.calls["GetHistory"])
    await reader.client(functions.updates.GetStateRequest())
    assert not slow.done()
    await slow


async def test_rotated_salt_costs_nothing_but_a_repetition(reader: Reader) -> None:
    salt = reader.client._sender._state.salt
    reader.server.rotate_salt()
    await reader.client(functions.updates.GetStateRequest())
    assert reader.client._sender._state.salt != salt
    [message_id] = reader.publish("after the rotation")
    await until(lambda: message_id in reader.new_ids)


async def test_long_request_may_come_compressed(reader: Reader) -> None:
    [message_id] = reader.publish("here")
    wanted = [types.InputMessageID(message_id)] * 100
    answer = await reader.client(functions.channels.GetMessagesRequest(reader.entity, wanted))
    assert {message.id for message in answer.messages} == {message_id}


async def test_calls_sent_together_are_all_answered(reader: Reader) -> None:
    states = await asyncio.gather(*(reader.client(functions.updates.GetStateRequest()) for _ in range(30)))
    assert len(states) == 30


async def test_method_that_the_box_lacks_fails_the_test(reader: Reader) -> None:
    with pytest.raises(errors.RPCError, match="METHOD_NOT_IN_BOX_MESSAGES_GETSTICKERS"):
        await reader.client(functions.messages.GetStickersRequest("🔥", 0))
    with pytest.raises(ExceptionGroup, match="the box failed") as raised:
        reader.world.raise_failures()
    assert "messages.getStickers" in str(raised.value.exceptions[0])


async def test_bug_in_a_handler_is_answered_and_kept(reader: Reader) -> None:
    post = reader.world.channels.publish(reader.channel, "healthy")
    post.posted_at = "yesterday"  # type: ignore[assignment]
    look = functions.channels.GetMessagesRequest(reader.entity, [types.InputMessageID(post.message_id)])
    await look.resolve(reader.client, utils)
    with pytest.raises(errors.ServerError, match="BOX_FAILED"):
        await reader.client._sender.send(look)  # past the client, which repeats after 2 s
    assert await reader.client.get_me()
    with pytest.raises(ExceptionGroup, match="the box failed"):
        reader.world.raise_failures()


async def test_bug_while_pushing_does_not_reach_the_publisher(reader: Reader) -> None:
    reader.world.channels.publish(reader.channel, None)  # type: ignore[arg-type]
    with pytest.raises(ExceptionGroup, match="the box failed"):
        reader.world.raise_failures()


async def test_fault_of_unknown_kind_fails_the_test(reader: Reader) -> None:
    reader.world.faults.add("mtproto", "updates.getState", "oops")
    with pytest.raises(errors.BadRequestError, match="UNKNOWN_FAULT"):
        await reader.client(functions.updates.GetStateRequest())
    with pytest.raises(ExceptionGroup, match="the box failed"):
        reader.world.raise_failures()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("<ii", 20, 0) + b"x" * 12,
        struct.pack("<ii", 8, 0),
        struct.pack("<ii", -5, -5),
    ],
    ids=["not MTProto", "wrong checksum", "too short", "negative length"],
)
async def test_garbage_closes_only_its_own_connection(reader: Reader, garbage: bytes) -> None:
    stream, writer = await asyncio.open_connection(reader.server.host, reader.server.port)
    writer.write(garbage)
    writer.write_eof()
    with contextlib.suppress(ConnectionError):
        assert await stream.read() == b""
    writer.close()
    [message_id] = reader.publish("others read on")
    await until(lambda: message_id in reader.new_ids)


async def test_stopped_box_leaves_no_connection_and_no_task(reader: Reader) -> None:
    others = asyncio.all_tasks()
    await reader.server.stop()
    assert reader.server.connected == 0
    assert not [task for task in others & asyncio.all_tasks() if "serve" in repr(task.get_coro())]
