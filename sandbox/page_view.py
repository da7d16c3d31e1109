"""What the chat page shows, as JSON: the person's chat with the bot and the posts of the channels. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox import utf16
from sandbox.channels import Channel, ChannelPost
from sandbox.chat_records import Chat, ChatMessage, Entity

if TYPE_CHECKING:
    from sandbox.world import User, World

Json = dict[str, Any]

SHOWN = 400
"""So many messages and posts a page shows when it opens; a long demo stays light."""

_FOUND = re.compile(
    r"""(?P<url>\bhttps?://[^\s<>"]*[^\s<>".,:;!?)\]»”'])"""
    r"""|(?P<bare>(?<![\w/@.-])t\.me/\w[\w/+-]*)"""
    r"""|(?<![\w/@])@(?P<mention>[A-Za-z]\w{3,31})"""
    r"""|(?<![\w/#])\#(?P<hashtag>[^\W\d]\w*)"""
    r"""|(?<!\S)/(?P<bot_command>[A-Za-z0-9_]{1,32})(?![\w/])"""
)


def state_json(world: World, user: User, chat: Chat) -> Json:
    """Everything a page needs when it opens."""
    messages = world.chats.history(chat.id)[-SHOWN:]
    posts = [(channel, post) for channel in world.channels for post in channel.posts.values() if is_shown(post)]
    posts.sort(key=lambda pair: (pair[1].posted_at, pair[1].message_id))
    return {
        "user": {"name": user.first_name},
        "bot": bot_json(world, user, chat),
        "chat": chat_json(chat),
        "channels": [channel_json(channel) for channel in world.channels],
        "messages": [message_json(world, message) for message in messages],
        "posts": [post_json(world, channel, post) for channel, post in posts[-SHOWN:]],
    }


def bot_json(world: World, user: User, chat: Chat) -> Json:
    """The bot as its profile presents it to this person."""
    bot = world.chats.bot
    language = user.language_code[:2]
    descriptions = bot.descriptions
    return {
        "name": bot.first_name,
        "username": bot.username,
        "description": descriptions.get(language) or descriptions.get("") or "",
        "commands": list(bot.commands_for(chat, language)),
    }


def chat_json(chat: Chat) -> Json:
    """Whether the person has started the bot, and whether they block it."""
    return {"started": chat.is_started, "blocked": chat.is_blocked}


def channel_json(channel: Channel) -> Json:
    """A channel as the page's list names it."""
    return {"id": channel.id, "title": channel.title, "username": channel.username}


def message_json(world: World, message: ChatMessage) -> Json:
    """A message; `keyboard` is a reply keyboard (rows of texts), [] where the bot takes one away."""
    markup = message.reply_markup or {}
    answered = world.chats.message(message.chat_id, message.reply_to or 0)
    return {
        "id": message.message_id,
        "own": not message.from_bot,
        "at": message.sent_at.isoformat(),
        "edited": message.edited_at is not None,
        "text": message.text,
        "entities": with_links(message.text, message.entities),
        "media": _media_json(message),
        "buttons": markup.get("inline_keyboard", []),
        "keyboard": _keyboard(markup),
        "reply_to": {"id": answered.message_id, "text": answered.text[:120]} if answered else None,
    }


def post_json(world: World, channel: Channel, post: ChannelPost) -> Json:
    """A post of a channel."""
    entities = [
        Entity(type=mark.type, offset=mark.offset, length=mark.length) | ({"url": mark.url} if mark.url else {})
        for mark in post.entities
    ]
    origin = post.forwarded_from
    source = world.channels.get(origin.channel_id) if origin and origin.channel_id else None
    return {
        "channel": channel_json(channel),
        "id": post.message_id,
        "at": post.posted_at.isoformat(),
        "edited": post.edited_at is not None,
        "text": post.text or (f"📊 {post.poll.question}" if post.poll else ""),
        "entities": with_links(post.text, entities),
        "album": post.grouped_id,
        "media": [{"kind": media.kind, "url": f"/media/{media.id}", "name": media.file_name} for media in post.media],
        "forwarded": (source.title if source else origin.name) if origin else None,
    }


def is_shown(post: ChannelPost) -> bool:
    """Service messages are no posts."""
    return post.service_action is None


def with_links(text: str, entities: Iterable[Entity]) -> list[Entity]:
    """The entities, and those that Telegram's clients find by themselves: addresses, mentions, hashtags, commands.

    What is found inside a link or code that is already marked stays plain. In order: by offset, outer first.
    """
    marked = list(entities)
    closed = [entity for entity in marked if entity["type"] in ("text_link", "url", "code", "pre", "bot_command")]
    for found in _FOUND.finditer(text):
        begin, length = utf16.length(text[: found.start()]), utf16.length(found[0])
        if any(other["offset"] < begin + length and begin < other["offset"] + other["length"] for other in closed):
            continue
        kind = "url" if found.lastgroup == "bare" else found.lastgroup
        marked.append(Entity(type=kind, offset=begin, length=length))
    return sorted(marked, key=lambda entity: (entity["offset"], -entity["length"]))


def _media_json(message: ChatMessage) -> Json | None:
    media = message.media
    if media is None:
        return None
    return {"kind": media.kind, "url": f"/file/{media.file_id}", "name": media.file_name, "size": media.size}


def _keyboard(markup: Json) -> list[list[str]] | None:
    if "remove_keyboard" in markup:
        return []
    rows = markup.get("keyboard")
    if rows is None:
        return None
    return [[button if isinstance(button, str) else button.get("text", "") for button in row] for row in rows]
