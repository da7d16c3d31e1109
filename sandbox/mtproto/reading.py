"""Calls that read a channel's posts: its history, single messages, their counters."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from telethon.tl import functions, types

from sandbox.channels import Channel, ChannelPost
from sandbox.mtproto.answers import Refused
from sandbox.mtproto.channel_calls import find_channel
from sandbox.mtproto.state import Call
from sandbox.mtproto.tl_objects import chats_tl, message_tl, post_tl

HISTORY_PAGE = 100
"""Messages that messages.getHistory gives at most (core.telegram.org/api/offsets)."""


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
        channel,
        offset_id=request.offset_id,
        offset_at=request.offset_date,
        add_offset=request.add_offset,
        limit=request.limit,
        max_id=request.max_id,
        min_id=request.min_id,
    )
    return _messages_tl(call, channel, [post_tl(channel, post) for post in page], page)


def history_page(
    channel: Channel,
    *,
    offset_id: int,
    offset_at: dt.datetime | None,
    add_offset: int,
    limit: int,
    max_id: int,
    min_id: int,
) -> list[ChannelPost]:
    """A window of the history, newest first, by the rules of core.telegram.org/api/offsets.

    It begins at the first post older than the offset, is moved by `add_offset` (negative: towards newer posts)
    and holds `limit` places; places before the newest post stay empty. `max_id` and `min_id` then exclude.
    """
    ids, posts = channel.ids, channel.posts
    older = len(ids)  # posts that are older than the offset
    if offset_id:
        older = bisect_left(ids, offset_id)
    elif offset_at is not None and offset_at.timestamp() > 0:
        older = bisect_left(ids, offset_at, key=lambda message_id: posts[message_id].posted_at)
    newest = older - add_offset  # one past the newest post of the window, counted from the oldest
    window = ids[max(0, newest - min(limit, HISTORY_PAGE)) : max(0, newest)]
    return [posts[each] for each in reversed(window) if each > min_id and (not max_id or each < max_id)]


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


HANDLERS = {
    functions.channels.GetMessagesRequest: _get_messages,
    functions.messages.GetHistoryRequest: _get_history,
    functions.messages.GetMessagesViewsRequest: _get_messages_views,
}
"""Request class -> handler."""
