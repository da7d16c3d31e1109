"""Calls about the chat list: all channels that a person reads, or where some of them stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from telethon.tl import functions, types

from sandbox.channels import Channel
from sandbox.mtproto.account import update_state
from sandbox.mtproto.answers import Refused
from sandbox.mtproto.channel_calls import find_channel
from sandbox.mtproto.state import Call
from sandbox.mtproto.tl_objects import channel_tl, post_tl

DIALOGS_PAGE = 100
"""Dialogs of one answer at most, and peers that messages.getPeerDialogs is asked about (not documented: assumed)."""


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
        ttl_period=channel.ttl_period,
    )


def _get_dialogs(call: Call, request: Any) -> Any:
    """The channels this person reads, the latest to post first; in slices if they are more than asked for."""
    user_id = call.user.id
    joined = sorted((each for each in call.world.channels if user_id in each.members), key=_last_posted_at)[::-1]
    offset = getattr(request.offset_peer, "channel_id", None)
    start = next((index + 1 for index, each in enumerate(joined) if each.id == offset), 0)
    page = joined[start : start + min(request.limit or DIALOGS_PAGE, DIALOGS_PAGE)]
    lists = _dialog_lists(page, user_id)
    if len(page) == len(joined):
        return types.messages.Dialogs(*lists)
    return types.messages.DialogsSlice(len(joined), *lists)


def _last_posted_at(channel: Channel) -> tuple[dt.datetime, int]:
    top = channel.posts.get(channel.top_message_id)
    return (top.posted_at if top else channel.created_at), channel.id


def _get_peer_dialogs(call: Call, request: Any) -> Any:
    """Where the channels stand that were asked about: newest message, pts.

    One that cannot be seen, or a wrong access hash, refuses the whole call. A channel that is seen but not joined is
    left out of the answer: what Telegram says of those is not known, so nobody shall come to rely on it.
    """
    if not request.peers:
        raise Refused(400, "INPUT_PEERS_EMPTY")
    if len(request.peers) > DIALOGS_PAGE:
        raise Refused(400, "LIMIT_INVALID")
    channels = [find_channel(call, getattr(each, "peer", None)) for each in request.peers]
    user_id = call.user.id
    joined = [channel for channel in channels if user_id in channel.members]
    return types.messages.PeerDialogs(*_dialog_lists(joined, user_id), update_state(call))


def _dialog_lists(channels: Sequence[Channel], user_id: int) -> list[list[Any]]:
    """Dialogs, the newest message of each, the channels, and no people."""
    return [
        [dialog_tl(each) for each in channels],
        [post_tl(each, each.posts[each.top_message_id]) for each in channels if each.posts],
        [channel_tl(each, user_id) for each in channels],
        [],
    ]


HANDLERS = {
    functions.messages.GetDialogsRequest: _get_dialogs,
    functions.messages.GetPeerDialogsRequest: _get_peer_dialogs,
}
"""Request class -> handler."""
