"""From the wire to values: Telethon's message objects become posts. Pure; nothing here waits, asks or stores.

Whatever Telegram invents next, a message is never lost for it: what is not understood is left out, or kept as a
medium of kind `other`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telethon import utils
from telethon.tl import types

from ingest.entities import read_entities
from ingest.media import read_medium
from storage.ids import ChannelId, MessageId
from storage.post_values import Forward, Part, Post, storable

Peers = Mapping[int, Any]
"""The users and chats that came with an update, by their marked id (-1001234567890 for channel 1234567890)."""


@dataclass(frozen=True, slots=True)
class ServiceMessage:
    """A message that is no post (pinned, renamed, …) but takes a number of its channel."""

    channel_id: ChannelId
    message_id: MessageId


def channel_of(message: Any) -> int | None:
    """Telegram's bare number of the channel a message stands in; None for chats and people."""
    peer = getattr(message, "peer_id", None)
    return peer.channel_id if isinstance(peer, types.PeerChannel) else None


def read_message(
    message: Any,
    channel_id: ChannelId,
    *,
    seen_at: dt.datetime,
    peers: Peers | None = None,
    found_by: str = "push",
) -> Post | ServiceMessage | None:
    """One message as a post of one part, as a service marker, or None for an empty one (it has been deleted).

    `peers` name the channels that posts are forwarded from. Parts of an album are joined later (ingest.albums).
    """
    if isinstance(message, types.MessageService):
        return ServiceMessage(channel_id, MessageId(message.id))
    if not isinstance(message, types.Message):
        return None
    part = Part(
        MessageId(message.id), message.message or "", read_entities(message.entities), read_medium(message.media)
    )
    return Post(
        channel_id=channel_id,
        parts=(part,),
        posted_at=message.date or seen_at,
        seen_at=seen_at,
        edited_at=message.edit_date,
        grouped_id=message.grouped_id,
        reply_to=_reply_to(message.reply_to),
        forward=_forward(message.fwd_from, peers or {}),
        views=message.views,
        forwards=message.forwards,
        reactions=_reactions(message.reactions),
        found_by=found_by,
        expires_at=_expires_at(message),
    )


def _expires_at(message: Any) -> dt.datetime | None:
    """A channel may delete its posts by itself after a time (core.telegram.org/api/auto-delete)."""
    if not message.ttl_period or message.date is None:
        return None
    return message.date + dt.timedelta(seconds=message.ttl_period)  # type: ignore[no-any-return]


def _reply_to(reply: Any) -> MessageId | None:
    """The post of the same channel that is answered; answers to other chats and to stories are none of ours."""
    if not isinstance(reply, types.MessageReplyHeader) or reply.reply_to_peer_id is not None:
        return None
    return MessageId(reply.reply_to_msg_id) if reply.reply_to_msg_id else None


def _forward(header: Any, peers: Peers) -> Forward | None:
    if not isinstance(header, types.MessageFwdHeader):
        return None
    if not isinstance(header.from_id, types.PeerChannel):
        # of a person only the name that the post itself shows, never who they are
        return Forward(name=_name(header.from_name), posted_at=header.date)
    origin = peers.get(utils.get_peer_id(header.from_id))
    return Forward(
        channel_telegram_id=header.from_id.channel_id,
        username=username_of(origin),
        name=_name(header.from_name) or _name(getattr(origin, "title", None)),
        message_id=header.channel_post,
        posted_at=header.date,
    )


def _name(name: str | None) -> str | None:
    return storable(name) if name else None


def username_of(channel: Any) -> str | None:
    """A channel's public name: its own, or the first active one of several (collectible usernames)."""
    if name := getattr(channel, "username", None):
        return str(name)
    several = getattr(channel, "usernames", None) or ()
    return next((str(each.username) for each in several if each.active), None)


def _reactions(reactions: Any) -> dict[str, int] | None:
    if not isinstance(reactions, types.MessageReactions):
        return None
    counted: dict[str, int] = {}
    for result in reactions.results:
        match result.reaction:
            case types.ReactionEmoji(emoticon=emoji):
                counted[emoji] = result.count
            case types.ReactionCustomEmoji(document_id=number):
                counted[f"custom:{number}"] = result.count
            case types.ReactionPaid():
                counted["paid"] = result.count
    return counted or None
