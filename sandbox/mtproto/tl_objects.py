"""The world's people, channels and posts as the TL objects that a client receives."""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from telethon.tl import types

from sandbox.channels import (
    Channel,
    ChannelEvent,
    ChannelPost,
    Channels,
    Entity,
    ForwardOrigin,
    Media,
    Poll,
    ServiceAction,
)
from sandbox.mtproto.state import DC_ID
from sandbox.world import User

_ENTITIES: dict[str, Callable[..., Any]] = {
    "bold": types.MessageEntityBold,
    "italic": types.MessageEntityItalic,
    "underline": types.MessageEntityUnderline,
    "strikethrough": types.MessageEntityStrike,
    "spoiler": types.MessageEntitySpoiler,
    "code": types.MessageEntityCode,
    "blockquote": types.MessageEntityBlockquote,
    "url": types.MessageEntityUrl,
    "email": types.MessageEntityEmail,
    "mention": types.MessageEntityMention,
    "hashtag": types.MessageEntityHashtag,
    "cashtag": types.MessageEntityCashtag,
}


def filled(kind: Callable[..., Any], now: dt.datetime, **given: Any) -> Any:
    """A TL object whose other required fields are empty: for the long ones of which clients read little."""
    empty = {"bool": False, "str": "", "bytes": b"", "List": [], "datetime": now}
    for name, parameter in inspect.signature(kind).parameters.items():
        if name not in given and parameter.default is inspect.Parameter.empty:
            annotation = str(parameter.annotation)
            given[name] = next((value for word, value in empty.items() if word in annotation), 0)
    return kind(**given)


def access_hash_of(user_id: int) -> int:
    """The same hash for the same person every time."""
    return int.from_bytes(hashlib.sha256(b"user %d" % user_id).digest()[:8], "little", signed=True)


def user_tl(user: User, viewer_id: int) -> Any:
    """A person as another (or the same one) sees them: the phone number is shown to themselves only."""
    is_self = user.id == viewer_id
    return types.User(
        id=user.id,
        is_self=is_self,
        access_hash=access_hash_of(user.id),
        first_name=user.first_name,
        username=user.username,
        phone=user.phone or None if is_self else None,
    )


def channel_tl(channel: Channel, viewer_id: int) -> Any:
    """A channel as this person sees it; of one they may not look at, only that it exists."""
    access_hash = channel.hash_for(viewer_id)
    if not channel.is_visible_to(viewer_id):
        return types.ChannelForbidden(channel.id, access_hash, channel.title, broadcast=True)
    return types.Channel(
        id=channel.id,
        access_hash=access_hash,
        title=channel.title,
        username=channel.username,
        photo=types.ChatPhotoEmpty(),
        date=channel.created_at,
        broadcast=True,
        left=viewer_id not in channel.members,
        noforwards=channel.noforwards,
        participants_count=len(channel.members),
    )


def thin_channel_tl(channel: Channel) -> Any:
    """A "min" channel: what Telegram sends where it saves words. It has no access hash that one could call with."""
    return types.Channel(
        id=channel.id,
        title=channel.title,
        username=channel.username,
        photo=types.ChatPhotoEmpty(),
        date=channel.created_at,
        broadcast=True,
        min=True,
    )


def chats_tl(channels: Channels, channel: Channel, posts: Iterable[ChannelPost], viewer_id: int) -> list[Any]:
    """The channel itself and those that the posts were forwarded from."""
    ids = {channel.id: None}
    ids.update((post.forwarded_from.channel_id or 0, None) for post in posts if post.forwarded_from)
    known = (channels.get(channel_id) for channel_id in ids)
    return [channel_tl(each, viewer_id) for each in known if each is not None]


def post_tl(channel: Channel, post: ChannelPost) -> Any:
    """A post as it stands now: a message, or a service message."""
    peer = types.PeerChannel(channel.id)
    if post.service_action is not None:
        return _service_tl(peer, post, post.service_action)
    return types.Message(
        id=post.message_id,
        peer_id=peer,
        date=post.posted_at,
        message=post.text,
        post=True,
        media=_content_tl(post),
        entities=[_entity_tl(entity) for entity in post.entities] or None,
        grouped_id=post.grouped_id,
        fwd_from=_origin_tl(post.forwarded_from, post) if post.forwarded_from else None,
        reply_to=_reply_tl(post.reply_to),
        views=post.views,
        forwards=post.forwards,
        edit_date=post.edited_at,
        edit_hide=post.is_edit_hidden or None,
        reactions=_reactions_tl(post.reactions),
        ttl_period=post.ttl_period,
    )


def message_tl(channel: Channel, message_id: int) -> Any:
    """The message with this id, or Telegram's MessageEmpty where there is none (any more)."""
    post = channel.posts.get(message_id)
    return post_tl(channel, post) if post else types.MessageEmpty(message_id, types.PeerChannel(channel.id))


def update_tl(channel: Channel, event: ChannelEvent) -> Any:
    """An event as the update that announces it; None if its post has been deleted meanwhile."""
    if event.kind == "delete":
        return types.UpdateDeleteChannelMessages(channel.id, list(event.message_ids), event.pts, event.pts_count)
    post = channel.posts.get(event.message_ids[0])
    if post is None:
        return None
    kind = types.UpdateNewChannelMessage if event.kind == "new" else types.UpdateEditChannelMessage
    return kind(post_tl(channel, post), event.pts, event.pts_count)


def _service_tl(peer: Any, post: ChannelPost, action: ServiceAction) -> Any:
    actions: dict[str, Callable[[], Any]] = {
        "created": lambda: types.MessageActionChannelCreate(action.title),
        "renamed": lambda: types.MessageActionChatEditTitle(action.title),
        "pinned": types.MessageActionPinMessage,
    }
    return types.MessageService(
        id=post.message_id,
        peer_id=peer,
        date=post.posted_at,
        post=True,
        action=actions[action.kind](),
        reply_to=_reply_tl(action.message_id),
    )


def _entity_tl(entity: Entity) -> Any:
    if entity.type == "text_link":
        return types.MessageEntityTextUrl(entity.offset, entity.length, entity.url or "")
    if entity.type == "pre":
        return types.MessageEntityPre(entity.offset, entity.length, "")
    return _ENTITIES[entity.type](entity.offset, entity.length)


def _origin_tl(origin: ForwardOrigin, post: ChannelPost) -> Any:
    return types.MessageFwdHeader(
        date=origin.posted_at or post.posted_at,
        from_id=types.PeerChannel(origin.channel_id) if origin.channel_id else None,
        from_name=None if origin.channel_id else origin.name,
        channel_post=origin.message_id if origin.channel_id else None,
    )


def _reply_tl(message_id: int | None) -> Any:
    return types.MessageReplyHeader(reply_to_msg_id=message_id) if message_id else None


def _reactions_tl(reactions: Mapping[str, int]) -> Any:
    counts = [types.ReactionCount(types.ReactionEmoji(emoji), count) for emoji, count in reactions.items()]
    return types.MessageReactions(counts) if counts else None


def _content_tl(post: ChannelPost) -> Any:
    if post.poll is not None:
        return _poll_tl(post.poll)
    return _media_tl(post.media[0], post.posted_at) if post.media else None


def _poll_tl(poll: Poll) -> Any:
    options = [
        types.PollAnswer(types.TextWithEntities(answer, []), bytes([number]))
        for number, answer in enumerate(poll.answers)
    ]
    question = types.TextWithEntities(poll.question, [])
    return types.MessageMediaPoll(types.Poll(poll.id, question, options, hash=0), types.PollResults())


def _media_tl(media: Media, at: dt.datetime) -> Any:
    reference = file_reference(media)
    if media.kind == "photo":
        sizes = [types.PhotoSize("x", media.width, media.height, len(media.data))]
        photo = types.Photo(media.id, media.access_hash, reference, at, sizes, DC_ID)
        return types.MessageMediaPhoto(photo=photo)
    attributes = [types.DocumentAttributeFilename(media.file_name)] if media.file_name else []
    if media.kind == "video":
        attributes.append(types.DocumentAttributeVideo(media.duration_seconds, media.width, media.height))
    if media.kind in ("voice", "audio"):
        sound = types.DocumentAttributeAudio(round(media.duration_seconds), title=media.title or None)
        sound.voice = media.kind == "voice"
        attributes.append(sound)
    document = types.Document(
        id=media.id,
        access_hash=media.access_hash,
        file_reference=reference,
        date=at,
        mime_type=media.content_type,
        size=len(media.data),
        dc_id=DC_ID,
        attributes=attributes,
    )
    return types.MessageMediaDocument(
        document=document, video=media.kind == "video" or None, voice=media.kind == "voice" or None
    )


def file_reference(media: Media) -> bytes:
    """What a client must show to download the file; the box's references never expire."""
    return b"box file %d" % media.id
