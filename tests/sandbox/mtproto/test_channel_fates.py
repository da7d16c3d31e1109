"""Channels that are renamed, closed or given back, and posts whose counters move, as the real client meets them."""

from __future__ import annotations

from typing import Any

import pytest
from telethon import errors
from telethon.tl import functions, types

from sandbox.channel import Refusal
from sandbox.channels import Media
from tests.sandbox.mtproto_fixtures import Reader, until


def _changes(arrived: list[Any]) -> list[Any]:
    """The channel as each updateChannel brings it."""
    return [
        chat
        for updates in arrived
        for update in getattr(updates, "updates", ())
        if isinstance(update, types.UpdateChannel)
        for chat in updates.chats
    ]


async def test_renamed_channel_says_so_and_is_found_by_its_new_name_only(reader: Reader) -> None:
    arrived = reader.spy()
    reader.world.channels.rename(reader.channel, title="The Nightly", username="nightly")
    await until(lambda: _changes(arrived))
    assert [(chat.title, chat.username) for chat in _changes(arrived)] == [("The Nightly", "nightly")]
    assert [message.action.title for message in await reader.client.get_messages(reader.entity)] == ["The Nightly"]
    assert (await reader.client(functions.contacts.ResolveUsernameRequest("nightly"))).chats
    with pytest.raises(errors.UsernameNotOccupiedError):
        await reader.client(functions.contacts.ResolveUsernameRequest("daily"))


async def test_channel_made_private_is_closed_to_strangers_and_open_to_members(reader: Reader) -> None:
    other = reader.world.channels.add("Other", "other")
    peer = types.InputPeerChannel(other.id, other.access_hash)
    for channel in (other, reader.channel):
        reader.world.channels.make_private(channel)
    with pytest.raises(errors.ChannelPrivateError):
        await reader.client.get_messages(peer)
    await reader.settled()
    assert len(await reader.client.get_messages(reader.entity)) == 1


async def test_banned_reader_is_told_and_refused_until_taken_back(reader: Reader) -> None:
    arrived = reader.spy()
    reader.world.channels.ban(reader.channel, reader.user.id)
    await until(lambda: _changes(arrived))
    assert isinstance(_changes(arrived)[0], types.ChannelForbidden)
    with pytest.raises(errors.ChannelPrivateError):
        await reader.client.get_messages(reader.entity)
    reader.publish("unheard")
    reader.world.channels.unban(reader.channel, reader.user.id, as_member=True)
    [heard] = reader.publish("heard")
    await until(lambda: heard in reader.new_ids)
    assert len(await reader.client.get_messages(reader.entity, limit=9)) == 2


async def test_kicked_reader_hears_nothing_but_may_join_again(reader: Reader) -> None:
    arrived = reader.spy()
    reader.world.channels.kick(reader.channel, reader.user.id)
    await until(lambda: _changes(arrived))
    assert _changes(arrived)[0].left
    await reader.client(functions.channels.JoinChannelRequest(reader.entity))
    await reader.settled()


@pytest.mark.parametrize(
    ("refused_as", "error"),
    [("CHANNEL_PRIVATE", errors.ChannelPrivateError), ("CHANNEL_INVALID", errors.ChannelInvalidError)],
)
async def test_deleted_channel_is_refused_until_restored(reader: Reader, refused_as: Refusal, error: type) -> None:
    arrived = reader.spy()
    reader.world.channels.close(reader.channel, refused_as)
    await until(lambda: _changes(arrived))
    assert isinstance(_changes(arrived)[0], types.ChannelForbidden)
    with pytest.raises(error):
        await reader.client.get_messages(reader.entity)
    with pytest.raises(errors.UsernameNotOccupiedError):
        await reader.client(functions.contacts.ResolveUsernameRequest("daily"))
    reader.world.channels.restore(reader.channel)
    await reader.settled()
    assert (await reader.client(functions.contacts.ResolveUsernameRequest("daily"))).chats


async def test_reactions_are_pushed_as_an_edit_that_is_not_to_be_shown(reader: Reader) -> None:
    [message_id] = reader.publish("look")
    reader.world.channels.react(reader.channel, message_id, {"👍": 5, "🔥": 2})
    await until(lambda: reader.edited)
    message = reader.edited[0]
    assert (message.text, message.edit_hide) == ("look", True)
    assert [(each.reaction.emoticon, each.count) for each in message.reactions.results] == [("👍", 5), ("🔥", 2)]


async def test_edit_of_a_text_is_shown_whatever_reactions_came_before_and_after(reader: Reader) -> None:
    [message_id] = reader.publish("look")
    for text in ("look here", None):
        reader.world.channels.react(reader.channel, message_id, {"👍": 5})
        if text:
            reader.world.channels.edit(reader.channel, message_id, text)
    await until(lambda: len(reader.edited) == 3)
    assert [(message.text, bool(message.edit_hide)) for message in reader.edited[1:]] == [
        ("look here", False),
        ("look here", False),
    ]


async def test_counters_move_without_a_word_and_asking_does_not_move_them(reader: Reader) -> None:
    [message_id] = reader.publish("look")
    post = reader.channel.posts[message_id]
    post.views, post.forwards = 70, 7
    for _ in range(2):
        [message] = await reader.client.get_messages(reader.entity, ids=[message_id])
        look = functions.messages.GetMessagesViewsRequest(reader.entity, [message_id], increment=False)
        [views] = (await reader.client(look)).views
        assert (message.views, message.forwards, views.views, views.forwards) == (70, 7, 70, 7)


async def test_time_to_live_is_said_by_post_channel_and_dialog(reader: Reader) -> None:
    reader.channel.ttl_period = 86_400
    reader.publish("for a day")
    reader.world.channels.publish(reader.channel, "for an hour", ttl_period=3600)
    messages = await reader.client.get_messages(reader.entity, limit=2)
    full = await reader.client(functions.channels.GetFullChannelRequest(reader.entity))
    assert [message.ttl_period for message in messages] == [3600, 86_400]
    assert full.full_chat.ttl_period == 86_400
    assert [dialog.dialog.ttl_period for dialog in await reader.client.get_dialogs()] == [86_400]


async def test_voice_and_audio_are_what_they_are(reader: Reader) -> None:
    voice = Media("voice", b"ogg", duration_seconds=3)
    song = Media("audio", b"mp3", file_name="song.mp3", title="Song", duration_seconds=180)
    for media in (voice, song):
        reader.world.channels.publish(reader.channel, "", media=[media])
    await until(lambda: len(reader.new) == 2)
    first, second = reader.new
    assert (bool(first.voice), bool(first.audio), first.file.duration) == (True, False, 3)
    assert (bool(second.voice), bool(second.audio), second.file.title) == (False, True, "Song")
    assert await second.download_media(bytes) == b"mp3"
