"""Calls about channels themselves: finding, joining and leaving them."""

from __future__ import annotations

import re
from typing import Any

from telethon.tl import functions, types

from sandbox.channels import Channel
from sandbox.mtproto.answers import Refused
from sandbox.mtproto.state import Call
from sandbox.mtproto.tl_objects import channel_tl, filled, user_tl

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")


def find_channel(call: Call, reference: Any) -> Channel:
    """The channel an InputChannel or InputPeerChannel names. Refused as Telegram refuses: CHANNEL_INVALID for a
    wrong id or access hash, CHANNEL_PRIVATE for one that this person may not see, either for one that was deleted."""
    user = call.user
    channel = call.world.channels.get(getattr(reference, "channel_id", 0))
    if channel is None or getattr(reference, "access_hash", None) != channel.hash_for(user.id):
        raise Refused(400, "CHANNEL_INVALID")
    if channel.refused_as is not None:
        raise Refused(400, channel.refused_as)
    if not channel.is_visible_to(user.id):
        raise Refused(400, "CHANNEL_PRIVATE")
    return channel


def _resolve_username(call: Call, request: Any) -> Any:
    viewer = call.user
    if not _USERNAME.fullmatch(request.username):
        raise Refused(400, "USERNAME_INVALID")
    channel = call.world.channels.by_username(request.username)
    if channel is not None:
        return types.contacts.ResolvedPeer(types.PeerChannel(channel.id), [channel_tl(channel, viewer.id)], [])
    wanted = request.username.lower()
    person = next((each for each in call.world.users.values() if (each.username or "").lower() == wanted), None)
    if person is None:
        raise Refused(400, "USERNAME_NOT_OCCUPIED")
    return types.contacts.ResolvedPeer(types.PeerUser(person.id), [], [user_tl(person, viewer.id)])


def _membership_changed(call: Call, channel: Channel) -> Any:
    chats = [channel_tl(channel, call.user.id)]
    return types.Updates([types.UpdateChannel(channel.id)], [], chats, call.box.now(), 0)


def _join_channel(call: Call, request: Any) -> Any:
    channel = find_channel(call, request.channel)
    channel.members.add(call.user.id)
    return types.messages.ChatInviteJoinResultOk(_membership_changed(call, channel))


def _leave_channel(call: Call, request: Any) -> Any:
    channel = find_channel(call, request.channel)
    if call.user.id not in channel.members:
        raise Refused(400, "USER_NOT_PARTICIPANT")
    channel.members.discard(call.user.id)
    return _membership_changed(call, channel)


def _get_channels(call: Call, request: Any) -> Any:
    """Of a channel that one was thrown out of, channelForbidden; of others that one may not see, an error."""
    return types.messages.Chats([channel_tl(_banned_from(call, each), call.user.id) for each in request.id])


def _banned_from(call: Call, reference: Any) -> Channel:
    channel = call.world.channels.get(getattr(reference, "channel_id", 0))
    if channel is not None and channel.refused_as is None and call.user.id in channel.banned:
        return channel
    return find_channel(call, reference)


def _get_full_channel(call: Call, request: Any) -> Any:
    channel = find_channel(call, request.channel)
    full = filled(
        types.ChannelFull,
        call.box.now(),
        id=channel.id,
        about=channel.about,
        chat_photo=types.PhotoEmpty(0),
        notify_settings=types.PeerNotifySettings(),
        pts=channel.pts,
        participants_count=len(channel.members),
        ttl_period=channel.ttl_period,
    )
    return types.messages.ChatFull(full, [channel_tl(channel, call.user.id)], [])


HANDLERS = {
    functions.contacts.ResolveUsernameRequest: _resolve_username,
    functions.channels.JoinChannelRequest: _join_channel,
    functions.channels.LeaveChannelRequest: _leave_channel,
    functions.channels.GetChannelsRequest: _get_channels,
    functions.channels.GetFullChannelRequest: _get_full_channel,
}
"""Request class -> handler."""
