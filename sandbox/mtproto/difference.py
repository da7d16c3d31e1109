"""Calls that give what was missed: the account's difference names channels, a channel's gives its events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from telethon.tl import functions, types

from sandbox.channels import Channel, ChannelEvent, ChannelPost
from sandbox.mtproto.account import ACCOUNT_PTS, update_state
from sandbox.mtproto.answers import Refused
from sandbox.mtproto.channel_calls import find_channel
from sandbox.mtproto.dialogs import dialog_tl
from sandbox.mtproto.state import Call
from sandbox.mtproto.tl_objects import channel_tl, chats_tl, post_tl, update_tl

DIFFERENCE_SLICE = 100
"""Events that one answer to a user account holds at most (MTProto documentation, "Working with updates")."""

_POLL_AGAIN_SECONDS = 30
_LATEST = 10


def _get_difference(call: Call, request: Any) -> Any:
    """Announce each joined channel that moved since the client last heard of anything.

    TL dates are whole seconds, so the whole second counts as not heard: rather once too often.
    """
    user_id = call.user.id
    if call.box.is_account_too_long:
        return types.updates.DifferenceTooLong(ACCOUNT_PTS)
    since = request.date.replace(microsecond=0) - dt.timedelta(seconds=call.box.skew)
    moved = [
        channel
        for channel in call.world.channels
        if user_id in channel.members and channel.events and channel.events[-1].happened_at >= since
    ]
    if not moved:
        return types.updates.DifferenceEmpty(call.box.now(), 0)
    return types.updates.Difference(
        new_messages=[],
        new_encrypted_messages=[],
        other_updates=[types.UpdateChannelTooLong(channel.id, channel.pts) for channel in moved],
        chats=[channel_tl(channel, user_id) for channel in moved],
        users=[],
        state=update_state(call),
    )


def _get_channel_difference(call: Call, request: Any) -> Any:
    """The events after the client's pts, with their true pts, in slices; posts come as they stand now.

    A post that was deleted meanwhile is not given at all, only its deletion.
    """
    channel = find_channel(call, request.channel)
    _require_possible_pts(channel, request.pts)
    missed = channel.count_events_after(request.pts)
    if not missed:
        return types.updates.ChannelDifferenceEmpty(channel.pts, final=True, timeout=_POLL_AGAIN_SECONDS)
    if call.box.too_long_after is not None and missed > call.box.too_long_after:
        return _channel_too_long(call, channel)
    part = channel.events_after(request.pts, min(request.limit, DIFFERENCE_SLICE))
    posts = _new_posts(channel, part)
    others = [update_tl(channel, event) for event in part if event.kind != "new"]
    return types.updates.ChannelDifference(
        pts=part[-1].pts,
        new_messages=[post_tl(channel, post) for post in posts],
        other_updates=[update for update in others if update is not None],
        chats=chats_tl(call.world.channels, channel, posts, call.user.id),
        users=[],
        final=len(part) == missed,
        timeout=_POLL_AGAIN_SECONDS,
    )


def _channel_too_long(call: Call, channel: Channel) -> Any:
    """Too much was missed to be told: only where the channel stands, and its latest messages."""
    posts = [channel.posts[message_id] for message_id in reversed(channel.ids[-_LATEST:])]
    return types.updates.ChannelDifferenceTooLong(
        dialog=dialog_tl(channel),
        messages=[post_tl(channel, post) for post in posts],
        chats=chats_tl(call.world.channels, channel, posts, call.user.id),
        users=[],
        final=True,
        timeout=_POLL_AGAIN_SECONDS,
    )


def _require_possible_pts(channel: Channel, pts: int) -> None:
    if pts <= 0:
        raise Refused(400, "PERSISTENT_TIMESTAMP_EMPTY")
    if pts > channel.pts:
        raise Refused(400, "PERSISTENT_TIMESTAMP_INVALID")


def _new_posts(channel: Channel, events: Sequence[ChannelEvent]) -> list[ChannelPost]:
    ids = (event.message_ids[0] for event in events if event.kind == "new")
    return [channel.posts[message_id] for message_id in ids if message_id in channel.posts]


HANDLERS = {
    functions.updates.GetDifferenceRequest: _get_difference,
    functions.updates.GetChannelDifferenceRequest: _get_channel_difference,
}
"""Request class -> handler."""
