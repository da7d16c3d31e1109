"""The world in the JSON of the Bot API: users, chats, messages, updates."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

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
        "supports_inline_queries": False,
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
    return {"id": chat.id, "type": chat.kind} | {name: value for name, value in named.items() if value}


def member_json(user: Json, status: MemberStatus) -> Json:
    """A ChatMember; administrators have every right, a ban has no end."""
    body: Json = {"user": user, "status": status}
    if status == "administrator":
        body |= dict.fromkeys(_ADMINISTRATOR_RIGHTS, True) | {"is_anonymous": False}
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
        "from": _sender(chats, message),
    }
    if message.edited_at:
        body["edit_date"] = unix(message.edited_at)
    if message.media:
        body |= _media_json(message.media)
    prefix, name = ("caption_", "caption") if message.media else ("", "text")
    if message.text:
        body[name] = message.text
    if message.entities:
        body[f"{prefix}entities"] = message.entities
    if message.media_group_id:
        body["media_group_id"] = message.media_group_id
    if message.reply_markup and "inline_keyboard" in message.reply_markup:
        body["reply_markup"] = message.reply_markup
    answered = chats.message(message.chat_id, message.reply_to or 0) if with_reply else None
    if answered:
        body["reply_to_message"] = message_json(chats, answered, with_reply=False)
    return body


def update_json(chats: Chats, update: BotUpdate) -> Json:
    """An update of any kind."""
    head = {"update_id": update.update_id}
    if update.kind == "raw":
        return head | cast("Json", update.body)
    if isinstance(update.body, ChatMessage):
        return head | {"message": message_json(chats, update.body)}
    if isinstance(update.body, CallbackQuery):
        return head | {"callback_query": _query_json(chats, update.body)}
    return head | {"my_chat_member": _change_json(chats, cast("MembershipChange", update.body))}


def file_json(media: Media) -> Json:
    """What is common to every kind of file."""
    return {"file_id": media.file_id, "file_unique_id": f"u{media.file_id}", "file_size": media.size}


def _sender(chats: Chats, message: ChatMessage) -> Json:
    if not message.from_bot:
        return user_json(chats.people[message.sender_id])
    return {name: bot_json(chats.bot)[name] for name in ("id", "is_bot", "first_name", "username")}


def _media_json(media: Media) -> Json:
    body = file_json(media)
    if media.kind == "photo":
        return {"photo": [body | {"width": 800, "height": 600}]}
    body |= {"file_name": media.file_name, "mime_type": media.mime_type}
    if media.kind == "document":
        return {"document": body}
    body |= {"width": 800, "height": 600, "duration": 1}
    # An animation is sent as a document too, for clients that know no animations (Bot API documentation).
    return {media.kind: body} | ({"document": body} if media.kind == "animation" else {})


def _query_json(chats: Chats, query: CallbackQuery) -> Json:
    return {
        "id": query.id,
        "from": user_json(chats.people[query.user_id]),
        "message": message_json(chats, query.message),
        "chat_instance": str(query.message.chat_id),
        "data": query.data,
    }


def _change_json(chats: Chats, change: MembershipChange) -> Json:
    bot = bot_json(chats.bot)
    return {
        "chat": chat_json(chats.chat(change.chat_id)),
        "from": user_json(chats.people[change.user_id]),
        "date": unix(change.changed_at),
        "old_chat_member": member_json(bot, change.old),
        "new_chat_member": member_json(bot, change.new),
    }
