"""Calls about channels: finding, joining and leaving them, and reading what they hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from telethon.tl import functions, types

from sandbox.channels import Channel, ChannelPost
from sandbox.mtproto.answers import Refused
from sandbox.mtproto.state import Call
from sandbox.mtproto.tl_objects import channel_tl, chats_tl, filled, message_tl, post_tl, user_tl

HISTORY_PAGE = 100
"""Messages that messages.getHistory gives at most (core.telegram.org/api/offsets)."""

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")


def find_channel(call: Call, reference: Any) -> Channel:
    """The channel an InputChannel or InputPeerChannel names. Refused as Telegram refuses: CHANNEL_INVALID for a
    wrong id or access hash, CHANNEL_PRIVATE for one that this person may not see."""
    user = call.user
    channel = call.world.channels.get(getattr(reference, "channel_id", 0))
    if channel is None or getattr(reference, "access_hash", None) != channel.access_hash:
        raise Refused(400, "CHANNEL_INVALID")
    if not channel.is_visible_to(user.id):
        raise Refused(400, "CHANNEL_PRIVATE")
    return channel


def dialog_tl(channel: Channel) -> Any:
    """A channel as a line of the chat list, with its pts: where a client begins to follow it."""
    return types.Dialog(
        peer=types.PeerChannel(channel.id),
        top_message=channel.top_message_id,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=len(channel.posts),
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=types.PeerNotifySettings(),
        pts=channel.pts,
    )


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
    return types.messages.Chats([channel_tl(find_channel(call, each), call.user.id) for each in request.id])


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
    )
    return types.messages.ChatFull(full, [channel_tl(channel, call.user.id)], [])


def _messages_tl(call: Call, channel: Channel, messages: Sequence[Any], posts: Sequence[ChannelPost]) -> Any:
    return types.messages.ChannelMessages(
        pts=channel.pts,
        count=len(channel.posts),
        messages=list(messages),
        topics=[],
        chats=chats_tl(call.world.channels, channel, posts, call.user.id),
        users=[],
    )


def _get_history(call: Call, request: Any) -> Any:
    channel = find_channel(call, request.peer)
    page = history_page(
        sorted(channel.posts.values(), key=lambda post: -post.message_id),
        offset_id=request.offset_id,
        offset_at=request.offset_date,
        add_offset=request.add_offset,
        limit=request.limit,
        max_id=request.max_id,
        min_id=request.min_id,
    )
    return _messages_tl(call, channel, [post_tl(channel, post) for post in page], page)


def history_page(
    newest_first: Sequence[ChannelPost],
    *,
    offset_id: int,
    offset_at: dt.datetime | None,
    add_offset: int,
    limit: int,
    max_id: int,
    min_id: int,
) -> list[ChannelPost]:
    """A window of the history by the rules of core.telegram.org/api/offsets.

    It begins at the first post older than the offset, is moved by `add_offset` (negative: towards newer posts)
    and holds `limit` places; places before the newest post stay empty. `max_id` and `min_id` then exclude.
    """
    start = 0
    if offset_id:
        start = sum(post.message_id >= offset_id for post in newest_first)
    elif offset_at is not None and offset_at.timestamp() > 0:
        start = sum(post.posted_at >= offset_at for post in newest_first)
    start += add_offset
    window = newest_first[max(0, start) : max(0, start + min(limit, HISTORY_PAGE))]
    return [post for post in window if post.message_id > min_id and (not max_id or post.message_id < max_id)]


def _get_messages(call: Call, request: Any) -> Any:
    channel = find_channel(call, request.channel)
    if not request.id:
        raise Refused(400, "MESSAGE_IDS_EMPTY")
    ids = [getattr(each, "id", 0) for each in request.id]
    posts = [channel.posts[each] for each in ids if each in channel.posts]
    return _messages_tl(call, channel, [message_tl(channel, each) for each in ids], posts)


def _get_messages_views(call: Call, request: Any) -> Any:
    channel = find_channel(call, request.peer)
    views = []
    for message_id in request.id:
        post = channel.posts.get(message_id)
        if post is not None and request.increment:
            post.views += 1
        views.append(types.MessageViews(post.views, post.forwards) if post else types.MessageViews())
    return types.messages.MessageViews(views, [], [])


def _get_dialogs(call: Call, request: Any) -> Any:
    """The channels this person reads, the latest to post first; in slices if they are more than asked for."""
    user_id = call.user.id
    joined = sorted((each for each in call.world.channels if user_id in each.members), key=_last_posted_at)[::-1]
    offset = getattr(request.offset_peer, "channel_id", None)
    start = next((index + 1 for index, each in enumerate(joined) if each.id == offset), 0)
    page = joined[start : start + min(request.limit or HISTORY_PAGE, HISTORY_PAGE)]
    lists: list[list[Any]] = [
        [dialog_tl(each) for each in page],
        [post_tl(each, each.posts[each.top_message_id]) for each in page if each.posts],
        [channel_tl(each, user_id) for each in page],
        [],
    ]
    if len(page) == len(joined):
        return types.messages.Dialogs(*lists)
    return types.messages.DialogsSlice(len(joined), *lists)


def _last_posted_at(channel: Channel) -> tuple[dt.datetime, int]:
    top = channel.posts.get(channel.top_message_id)
    return (top.posted_at if top else channel.created_at), channel.id


HANDLERS = {
    functions.contacts.ResolveUsernameRequest: _resolve_username,
    functions.channels.JoinChannelRequest: _join_channel,
    functions.channels.LeaveChannelRequest: _leave_channel,
    functions.channels.GetChannelsRequest: _get_channels,
    functions.channels.GetFullChannelRequest: _get_full_channel,
    functions.channels.GetMessagesRequest: _get_messages,
    functions.messages.GetHistoryRequest: _get_history,
    functions.messages.GetMessagesViewsRequest: _get_messages_views,
    functions.messages.GetDialogsRequest: _get_dialogs,
}
"""Request class -> handler."""
