"""Where channels stand, by messages.getPeerDialogs; and what is read of a channel that was not joined."""

from __future__ import annotations

from typing import Any

import pytest
from telethon import errors
from telethon.tl import functions, types

from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import World
from tests.sandbox.mtproto_fixtures import Reader, new_client, sign_in


async def _stand(reader: Reader, *channels: Channel, access_hash: int | None = None) -> Any:
    peers = [types.InputPeerChannel(each.id, access_hash or each.hash_for(reader.user.id)) for each in channels]
    asked = [types.InputDialogPeer(peer) for peer in peers]
    return await reader.client(functions.messages.GetPeerDialogsRequest(asked))


def _joined(reader: Reader, title: str) -> Channel:
    channel = reader.world.channels.add(title)
    channel.members.add(reader.user.id)
    return channel


async def test_peer_dialogs_tell_top_and_pts_of_each_channel(reader: Reader) -> None:
    other = _joined(reader, "Other")
    ids = reader.publish("one", "two")
    answer = await _stand(reader, reader.channel, other)
    stands = [(each.peer.channel_id, each.top_message, each.pts) for each in answer.dialogs]
    assert stands == [(reader.channel.id, ids[-1], 3), (other.id, 0, 1)]
    assert [message.message for message in answer.messages] == ["two"]
    assert [chat.title for chat in answer.chats] == ["The Daily", "Other"]


async def test_hidden_changes_show_in_peer_dialogs(reader: Reader) -> None:
    first, second = reader.world.channels.publish_many(reader.channel, ["one", "two"])
    reader.world.channels.edit(reader.channel, first, "changed", push=False)
    [before] = (await _stand(reader, reader.channel)).dialogs
    reader.world.channels.delete(reader.channel, [second], push=False)
    [after] = (await _stand(reader, reader.channel)).dialogs
    assert (before.top_message, before.pts) == (second, 4)
    assert (after.top_message, after.pts) == (first, 5)


@pytest.mark.parametrize("number", [0, 101])
async def test_peer_dialogs_take_one_to_a_hundred(reader: Reader, number: int) -> None:
    with pytest.raises(errors.RPCError, match=r"INPUT_PEERS_EMPTY|invalid limit"):
        await _stand(reader, *[reader.channel] * number)
    assert len((await _stand(reader, *[reader.channel] * 100)).dialogs) == 100


async def test_one_channel_that_is_closed_to_us_refuses_the_whole_call(reader: Reader) -> None:
    banned = _joined(reader, "Banned")
    banned.ban(reader.user.id)
    with pytest.raises(errors.ChannelPrivateError):
        await _stand(reader, reader.channel, banned)
    with pytest.raises(errors.ChannelPrivateError):
        await _stand(reader, reader.channel, reader.world.channels.add("Secret"))
    with pytest.raises(errors.ChannelInvalidError):
        await _stand(reader, reader.channel, access_hash=1)


async def test_channel_that_was_not_joined_is_left_out_of_peer_dialogs_but_can_be_read(reader: Reader) -> None:
    other = reader.world.channels.add("Other", "other")
    [message_id] = reader.world.channels.publish_many(other, ["public"], push=True)
    assert [each.peer.channel_id for each in (await _stand(reader, other, reader.channel)).dialogs] == [
        reader.channel.id
    ]
    peer = types.InputPeerChannel(other.id, other.access_hash)
    assert [message.text for message in await reader.client.get_messages(peer)] == ["public"]
    [message] = await reader.client.get_messages(peer, ids=[message_id])
    assert message.text == "public"
    assert reader.new == []


async def test_access_hash_of_another_account_opens_nothing(
    reader: Reader, world: World, server: MtprotoServer
) -> None:
    world.channels.has_hash_per_account = True
    channel = world.channels.add("Own hashes", "own_hashes")
    bob = world.add_user("Bob", phone="79990003344")
    async with new_client(server) as client:
        await sign_in(client, bob)
        found = await client.get_input_entity("own_hashes")
    own = await reader.client.get_input_entity("own_hashes")
    assert own.access_hash != found.access_hash == channel.hash_for(bob.id)
    with pytest.raises(errors.ChannelInvalidError):
        await reader.client.get_messages(found)
    assert list(await reader.client.get_messages(own)) == []
