"""The world in the JSON of the Bot API: users, chats, messages, updates."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sandbox.bot_updates import BotUpdate
from sandbox.chat_records import (
    BotProfile,
    CallbackQuery,
    Chat,
    ChatMessage,
    Media,
    MembershipChange,
    MemberStatus,
)
from sandbox.inline_records import ChosenResult, InlineQuery

if TYPE_CHECKING:
    from sandbox.chats import Chats
    from sandbox.world import User

Json = dict[str, Any]

_ADMINISTRATOR_RIGHTS = [
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
]
_CHANNEL_RIGHTS = ["can_post_messages", "can_edit_messages", "can_manage_direct_messages"]
_SUPERGROUP_RIGHTS = ["can_pin_messages", "can_manage_topics"]

_ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
"""In whose name anonymous administrators write (Bot API documentation, Message.from)."""


def unix(moment: dt.datetime) -> int:
    """Whole seconds since 1970, as the Bot API writes dates."""
    return int(moment.timestamp())


def bot_json(bot: BotProfile) -> Json:
    """The bot as a User, with what only getMe tells."""
    return {
        "id": bot.id,
        "is_bot": True,
        "first_name": bot.first_name,
        "username": bot.username,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": bot.supports_inline,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def user_json(user: User) -> Json:
    """A person."""
    body = {"id": user.id, "is_bot": False, "first_name": user.first_name, "language_code": user.language_code}
    return body | ({"username": user.username} if user.username else {})


def chat_json(chat: Chat) -> Json:
    """A chat as it stands in messages."""
    named = {"title": chat.title, "first_name": chat.first_name, "username": chat.username}
    body: Json = {"id": chat.id, "type": chat.kind} | {name: value for name, value in named.items() if value}
    return body | ({"is_forum": True} if chat.is_forum else {})


def member_json(user: Json, status: MemberStatus, chat: Chat) -> Json:
    """A ChatMember; administrators have every right of such a chat, a ban has no end."""
    body: Json = {"user": user, "status": status}
    if status == "administrator":
        rights = _ADMINISTRATOR_RIGHTS + (_CHANNEL_RIGHTS if chat.kind == "channel" else _SUPERGROUP_RIGHTS)
        body |= dict.fromkeys(rights, True) | {"is_anonymous": False}
        if user["is_bot"] and chat.kind == "channel":
            body["can_post_messages"] = chat.may_post
    elif status == "creator":
        body["is_anonymous"] = False
    elif status == "kicked":
        body["until_date"] = 0
    return body


def message_json(chats: Chats, message: ChatMessage, *, with_reply: bool = True) -> Json:
    """A message; the one it replies to is inside, without its own."""
    body: Json = {
        "message_id": message.message_id,
        "date": unix(message.sent_at),
        "chat": chat_json(chats.chat(message.chat_id)),
    }
    body |= _sender(chats, message) | _content(message)
    if message.edited_at:
        body["edit_date"] = unix(message.edited_at)
    if message.thread_id:
        body |= {"message_thread_id": message.thread_id, "is_topic_message": True}
    if message.via_bot:
        body["via_bot"] = _bot(chats)
    if message.is_forwarded:
        origin = {"type": "hidden_user", "date": unix(message.sent_at), "sender_user_name": "Somebody"}
        body["forward_origin"] = origin
    # In a topic what answers nothing answers the message that made the topic, as on the real server.
    answered_id = message.reply_to or message.thread_id or 0
    if with_reply and answered_id != message.message_id:
        answered = chats.message(message.chat_id, answered_id)
        if answered:
            body["reply_to_message"] = message_json(chats, answered, with_reply=False)
    return body


def update_json(chats: Chats, update: BotUpdate) -> Json:
    """An update of any kind."""
    head = {"update_id": update.update_id}
    match update.body:
        case ChatMessage():
            return head | {update.kind: message_json(chats, update.body)}
        case CallbackQuery():
            return head | {update.kind: _query_json(chats, update.body)}
        case InlineQuery():
            return head | {update.kind: _inline_query_json(chats, update.body)}
        case ChosenResult():
            return head | {update.kind: _chosen_json(chats, update.body)}
        case MembershipChange():
            return head | {update.kind: _change_json(chats, update.body)}
        case _:
            return head | update.body


def file_json(media: Media) -> Json:
    """What is common to every kind of file."""
    return {"file_id": media.file_id, "file_unique_id": f"u{media.file_id}", "file_size": media.size}


def _sender(chats: Chats, message: ChatMessage) -> Json:
    chat = chats.chat(message.chat_id)
    if chat.kind == "channel":
        return {"sender_chat": chat_json(chat)}
    if message.from_bot:
        return {"from": _bot(chats)}
    if message.is_anonymous:
        return {"from": _ANONYMOUS, "sender_chat": chat_json(chat)}
    return {"from": user_json(chats.people[message.sender_id])}


def _bot(chats: Chats) -> Json:
    return {name: bot_json(chats.bot)[name] for name in ("id", "is_bot", "first_name", "username")}


def _content(message: ChatMessage) -> Json:
    """What the message says and shows."""
    body: Json = _media_json(message.media) if message.media else {}
    prefix, name = ("caption_", "caption") if message.media else ("", "text")
    if message.text:
        body[name] = message.text
    if message.entities:
        body[f"{prefix}entities"] = message.entities
    if message.media_group_id:
        body["media_group_id"] = message.media_group_id
    if message.link_preview:
        body["link_preview_options"] = dict(message.link_preview)
    if message.topic_made is not None:
        body["forum_topic_created"] = {"name": message.topic_made, "icon_color": 0x6FB9F0}
    if message.reply_markup and "inline_keyboard" in message.reply_markup:
        body["reply_markup"] = message.reply_markup
    return body


def _media_json(media: Media) -> Json:
    body = file_json(media)
    if media.kind == "photo":
        return {"photo": [body | {"width": media.width, "height": media.height}]}
    body |= {"file_name": media.file_name, "mime_type": media.mime_type}
    if media.kind == "document":
        return {"document": body}
    body |= {"width": media.width, "height": media.height, "duration": 1}
    # An animation is sent as a document too, for clients that know no animations (Bot API documentation).
    return {media.kind: body} | ({"document": body} if media.kind == "animation" else {})


def _query_json(chats: Chats, query: CallbackQuery) -> Json:
    body = {
        "id": query.id,
        "from": user_json(chats.people[query.user_id]),
        "chat_instance": str(query.message.chat_id),
        "data": query.data,
    }
    if query.message.inline_message_id:
        return body | {"inline_message_id": query.message.inline_message_id}
    return body | {"message": message_json(chats, query.message)}


def _inline_query_json(chats: Chats, query: InlineQuery) -> Json:
    chat = chats.chat(query.chat_id)
    return {
        "id": query.id,
        "from": user_json(chats.people[query.user_id]),
        "query": query.text,
        "offset": query.offset,
        "chat_type": "sender" if chat.id == query.user_id else chat.kind,
    }


def _chosen_json(chats: Chats, chosen: ChosenResult) -> Json:
    body = {
        "result_id": chosen.result_id,
        "from": user_json(chats.people[chosen.user_id]),
        "query": chosen.query,
    }
    return body | ({"inline_message_id": chosen.inline_message_id} if chosen.inline_message_id else {})


def _change_json(chats: Chats, change: MembershipChange) -> Json:
    bot, chat = bot_json(chats.bot), chats.chat(change.chat_id)
    return {
        "chat": chat_json(chat),
        "from": user_json(chats.people[change.user_id]),
        "date": unix(change.changed_at),
        "old_chat_member": member_json(bot, change.old, chat),
        "new_chat_member": member_json(bot, change.new, chat),
    }
