"""Channels of the box read with the real Telethon: finding, joining, pushes, history, files."""

from __future__ import annotations

import os
from typing import Any

import pytest
from telethon import errors
from telethon.tl import functions, types

from sandbox.channels import Entity, ForwardOrigin, Media, ServiceAction
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from tests.sandbox.mtproto_fixtures import Reader, new_client, sign_in, until


async def test_channel_is_found_by_its_name_in_any_case(reader: Reader) -> None:
    found = await reader.client(functions.contacts.ResolveUsernameRequest("DAILY"))
    assert (found.peer.channel_id, found.chats[0].title) == (reader.channel.id, "The Daily")


async def test_unknown_name_is_not_occupied(reader: Reader) -> None:
    with pytest.raises(errors.UsernameNotOccupiedError):
        await reader.client(functions.contacts.ResolveUsernameRequest("nobody_here"))


async def test_impossible_name_is_invalid(reader: Reader) -> None:
    with pytest.raises(errors.UsernameInvalidError):
        await reader.client(functions.contacts.ResolveUsernameRequest("9 lives"))


async def test_wrong_access_hash_opens_nothing(reader: Reader) -> None:
    with pytest.raises(errors.ChannelInvalidError):
        await reader.client(functions.channels.GetChannelsRequest([types.InputChannel(reader.channel.id, 1)]))


async def test_joining_makes_a_member_and_leaving_ends_it(reader: Reader) -> None:
    assert reader.channel.members == {reader.user.id}
    await reader.client(functions.channels.LeaveChannelRequest(reader.entity))
    assert reader.channel.members == set()
    with pytest.raises(errors.UserNotParticipantError):
        await reader.client(functions.channels.LeaveChannelRequest(reader.entity))


async def test_private_channel_is_closed_to_who_is_no_member(reader: Reader) -> None:
    secret = reader.world.channels.add("Secret")
    peer = types.InputPeerChannel(secret.id, secret.access_hash)
    with pytest.raises(errors.ChannelPrivateError):
        await reader.client.get_messages(peer)
    secret.members.add(reader.user.id)
    assert list(await reader.client.get_messages(peer)) == []


async def test_banned_person_meets_a_private_channel(reader: Reader) -> None:
    reader.channel.ban(reader.user.id)
    with pytest.raises(errors.ChannelPrivateError):
        await reader.client.get_messages(reader.entity)


async def test_new_post_is_pushed_with_its_channel_and_date(reader: Reader) -> None:
    [message_id] = reader.publish("Пожар на складе потушен")
    await until(lambda: reader.new)
    message = reader.new[0]
    assert (message.id, message.text, message.chat.title) == (message_id, "Пожар на складе потушен", "The Daily")
    assert message.post
    assert message.date == reader.channel.posts[message_id].posted_at.replace(microsecond=0)


async def test_burst_of_two_hundred_arrives_in_order(reader: Reader) -> None:
    ids = reader.publish(*(f"post {number}" for number in range(200)))
    await until(lambda: len(reader.new) == 200)
    assert reader.new_ids == ids


async def test_posts_are_pushed_to_members_only(reader: Reader) -> None:
    other = reader.world.channels.add("Other", "other")
    reader.world.channels.publish(other, "not for Alice")
    [message_id] = reader.publish("for Alice")
    await until(lambda: reader.new)
    assert reader.new_ids == [message_id]
    assert reader.new[0].peer_id.channel_id == reader.channel.id


async def test_nothing_is_pushed_to_a_device_that_was_signed_out(
    reader: Reader, world: World, server: MtprotoServer
) -> None:
    bob = world.add_user("Bob", phone="79990003344")
    async with new_client(server) as client:
        await sign_in(client, bob)
        reader.channel.members.add(bob.id)
        second = Reader(world, server, bob, client, reader.channel, None)
        second.listen()
        await second.settled()
        server.revoke(bob.id)
        [unheard] = reader.publish("after the revocation")
        await until(lambda: unheard in reader.new_ids)
        with pytest.raises(errors.AuthKeyUnregisteredError):
            await client(functions.updates.GetStateRequest())
    assert unheard not in second.new_ids


async def test_edit_is_pushed(reader: Reader) -> None:
    [message_id] = reader.publish("first wording")
    reader.world.channels.edit(reader.channel, message_id, "second wording")
    await until(lambda: reader.edited)
    assert (reader.edited[0].id, reader.edited[0].text) == (message_id, "second wording")
    assert reader.edited[0].edit_date


async def test_deletion_of_several_is_one_event(reader: Reader) -> None:
    ids = reader.publish("one", "two", "three")
    pts = reader.channel.pts
    reader.world.channels.delete(reader.channel, ids[:2])
    await until(lambda: reader.deleted)
    assert reader.deleted == ids[:2]
    assert reader.channel.pts == pts + 2


async def test_album_parts_share_a_group_and_the_first_has_the_caption(reader: Reader) -> None:
    parts = reader.world.channels.publish_album(reader.channel, "three views", [b"a", b"b", b"c"])
    await until(lambda: len(reader.new) == 3)
    assert {message.grouped_id for message in reader.new} == {parts[0].grouped_id}
    assert [message.text for message in reader.new] == ["three views", "", ""]


async def test_photo_of_300_kilobytes_is_downloaded_whole(reader: Reader) -> None:
    data = os.urandom(300_000)
    reader.world.channels.publish(reader.channel, "look", media=[Media("photo", data)])
    await until(lambda: reader.new)
    assert await reader.new[0].download_media(bytes) == data


async def test_document_keeps_its_name_and_type(reader: Reader) -> None:
    report = Media("document", b"%PDF-1.7 report", file_name="report.pdf", mime_type="application/pdf")
    reader.world.channels.publish(reader.channel, "the report", media=[report])
    await until(lambda: reader.new)
    file = reader.new[0].file
    assert (file.name, file.mime_type, file.size) == ("report.pdf", "application/pdf", 15)
    assert await reader.new[0].download_media(bytes) == report.data


async def test_video_is_seen_as_a_video(reader: Reader) -> None:
    video = Media("video", b"frames", duration_seconds=7.5)
    reader.world.channels.publish(reader.channel, "watch", media=[video])
    await until(lambda: reader.new)
    assert reader.new[0].video
    assert reader.new[0].file.duration == 7.5


async def test_entities_count_in_utf16_units(reader: Reader) -> None:
    marks = [Entity("bold", 3, 4), Entity("text_link", 8, 4, "https://example.org/"), Entity("hashtag", 13, 4)]
    reader.world.channels.publish(reader.channel, "🔥 bold link #tag", entities=marks)
    await until(lambda: reader.new)
    found = reader.new[0].get_entities_text()
    assert [(type(mark).__name__, text) for mark, text in found] == [
        ("MessageEntityBold", "bold"),
        ("MessageEntityTextUrl", "link"),
        ("MessageEntityHashtag", "#tag"),
    ]


async def test_forward_names_the_channel_it_came_from(reader: Reader) -> None:
    source = reader.world.channels.add("Source", "source")
    origin = ForwardOrigin(source.id, message_id=17)
    reader.world.channels.publish(reader.channel, "forwarded", forwarded_from=origin)
    await until(lambda: reader.new)
    header = reader.new[0].fwd_from
    assert (header.from_id.channel_id, header.channel_post) == (source.id, 17)
    assert reader.new[0].forward.chat.username == "source"


async def test_reply_names_the_post_it_answers(reader: Reader) -> None:
    [first] = reader.publish("question")
    reader.world.channels.publish(reader.channel, "answer", reply_to=first)
    await until(lambda: len(reader.new) == 2)
    assert reader.new[1].reply_to.reply_to_msg_id == first


async def test_poll_arrives_with_its_answers(reader: Reader) -> None:
    reader.world.channels.publish_poll(reader.channel, "Will it rain?", ["yes", "no"])
    await until(lambda: reader.new)
    poll = reader.new[0].poll.poll
    assert poll.question.text == "Will it rain?"
    assert [answer.text.text for answer in poll.answers] == ["yes", "no"]


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (ServiceAction("created", "The Daily"), types.MessageActionChannelCreate),
        (ServiceAction("renamed", "The Nightly"), types.MessageActionChatEditTitle),
        (ServiceAction("pinned", message_id=1), types.MessageActionPinMessage),
    ],
)
async def test_service_message_has_an_id_of_its_own(reader: Reader, action: ServiceAction, kind: type) -> None:
    post = reader.world.channels.announce(reader.channel, action)
    [message] = await reader.client.get_messages(reader.entity, ids=[post.message_id])
    assert isinstance(message.action, kind)
    assert reader.world.channels.ledger == []


async def test_history_is_read_downwards_past_holes(reader: Reader) -> None:
    ids = reader.publish(*(str(number) for number in range(150)))
    reader.world.channels.skip_ids(reader.channel, 50)
    ids += reader.publish(*(str(number) for number in range(105)))
    read = [message.id async for message in reader.client.iter_messages(reader.entity, wait_time=0)]
    assert read == ids[::-1]


@pytest.mark.parametrize("min_id", [0, 1, 155, 305])
async def test_history_is_read_upwards_from_an_id(reader: Reader, min_id: int) -> None:
    ids = reader.publish(*(str(number) for number in range(305)))
    upwards = reader.client.iter_messages(reader.entity, reverse=True, min_id=min_id, wait_time=0)
    assert [message.id async for message in upwards] == [each for each in ids if each > min_id]


async def test_history_begins_before_a_date(reader: Reader) -> None:
    posts = [
        reader.world.channels.publish(
            reader.channel, "dated", at=reader.channel.created_at.replace(year=2025, month=month)
        )
        for month in (1, 2, 3)
    ]
    found = await reader.client.get_messages(reader.entity, limit=9, offset_date=posts[2].posted_at)
    assert [message.id for message in found] == [posts[1].message_id, posts[0].message_id]


async def test_messages_that_are_gone_or_never_were_come_back_empty(reader: Reader) -> None:
    kept, gone = reader.publish("kept", "gone")
    reader.world.channels.skip_ids(reader.channel, 3)
    reader.world.channels.delete(reader.channel, [gone])
    wanted = [types.InputMessageID(each) for each in (kept, gone, gone + 1)]
    answer = await reader.client(functions.channels.GetMessagesRequest(reader.entity, wanted))
    assert [type(each).__name__ for each in answer.messages] == ["Message", "MessageEmpty", "MessageEmpty"]
    assert [each.id for each in answer.messages] == [kept, gone, gone + 1]


async def test_views_are_counted_only_when_asked(reader: Reader) -> None:
    [message_id] = reader.publish("look")
    look = functions.messages.GetMessagesViewsRequest(reader.entity, [message_id, 99], increment=False)
    assert [each.views for each in (await reader.client(look)).views] == [1, None]
    look.increment = True
    assert (await reader.client(look)).views[0].views == 2


async def test_dialogs_are_the_joined_channels_the_latest_first(reader: Reader) -> None:
    other = reader.world.channels.add("Other", "other")
    other.members.add(reader.user.id)
    reader.world.channels.add("Not joined", "not_joined")
    reader.publish("older")
    reader.world.channels.publish(other, "newer")
    dialogs = await reader.client.get_dialogs()
    assert [(dialog.title, dialog.dialog.pts) for dialog in dialogs] == [("Other", 2), ("The Daily", 2)]


async def test_dialogs_come_in_slices(reader: Reader) -> None:
    for number in range(105):
        channel = reader.world.channels.add(f"Channel {number}", f"channel_{number}")
        channel.members.add(reader.user.id)
        reader.world.channels.publish(channel, "hello")
    titles = [dialog.title async for dialog in reader.client.iter_dialogs()]
    assert len(titles) == len(set(titles)) == 106


async def test_full_channel_says_about_and_members(reader: Reader) -> None:
    reader.channel.about = "All of the day"
    full = await reader.client(functions.channels.GetFullChannelRequest(reader.entity))
    assert (full.full_chat.about, full.full_chat.participants_count) == ("All of the day", 1)


async def test_protected_channel_says_so(reader: Reader) -> None:
    reader.world.channels.add("Protected", "protected", noforwards=True)
    assert (await reader.client.get_entity("protected")).noforwards


async def test_two_readers_hear_the_same_posts(reader: Reader, world: World, server: MtprotoServer) -> None:
    bob: User = world.add_user("Bob", phone="79990003344")
    async with new_client(server) as client:
        await sign_in(client, bob)
        await client(functions.channels.JoinChannelRequest(await client.get_entity("daily")))
        second = Reader(world, server, bob, client, reader.channel, None)
        second.listen()
        ids = reader.publish("one", "two")
        await until(lambda: len(reader.new) == len(second.new) == 2)
    assert reader.new_ids == second.new_ids == ids


async def test_person_is_found_by_name(reader: Reader) -> None:
    found: Any = await reader.client.get_entity("alice")
    assert found.id == reader.user.id
