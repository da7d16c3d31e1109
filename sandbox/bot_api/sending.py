"""Methods that put messages into chats: text, files, albums; and the little action above the input line."""

from __future__ import annotations

from itertools import count
from typing import Any

from sandbox.bot_api.errors import BadRequest
from sandbox.bot_api.files import read_media
from sandbox.bot_api.markup import read_markup
from sandbox.bot_api.params import Params
from sandbox.bot_api.previews import read_preview
from sandbox.bot_api.state import BotState, Handler
from sandbox.bot_api.texts import checked_caption, checked_message, format_text
from sandbox.bot_api.wire import Json, message_json
from sandbox.chat_records import Chat, ChatEvent, MediaKind

_ALBUM_SIZES = range(2, 11)
"""Parts of a media group (Bot API documentation)."""
_ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
_album_numbers = count(1)


async def _send_message(state: BotState, params: Params) -> Json:
    chat, thread_id = state.place(params)
    formatted = checked_message(
        format_text(params.text("text"), params.text("parse_mode"), params.structure("entities"))
    )
    preview = read_preview(params.structure("link_preview_options"))
    markup, reply_to = read_markup(params), _reply_to(state, chat, params)
    state.admit(chat)
    message = state.chats.bot_sends(
        "sendMessage",
        chat,
        text=formatted.text,
        entities=formatted.entities,
        reply_markup=markup,
        reply_to=reply_to,
        thread_id=thread_id or _topic_of(state, chat, reply_to),
        link_preview=preview,
    )
    return message_json(state.chats, message)


def _sender_of(kind: MediaKind) -> Handler:
    """sendPhoto and its like: one file with an optional caption."""
    method = f"send{kind.capitalize()}"

    async def send(state: BotState, params: Params) -> Json:
        chat, thread_id = state.place(params)
        caption = checked_caption(
            format_text(params.text("caption"), params.text("parse_mode"), params.structure("caption_entities"))
        )
        markup, reply_to = read_markup(params), _reply_to(state, chat, params)
        media = read_media(state, kind, params.file(kind))
        state.admit(chat)
        message = state.chats.bot_sends(
            method,
            chat,
            text=caption.text,
            entities=caption.entities,
            media=media,
            reply_markup=markup,
            reply_to=reply_to,
            thread_id=thread_id or _topic_of(state, chat, reply_to),
        )
        return message_json(state.chats, message)

    return send


async def _send_media_group(state: BotState, params: Params) -> list[Json]:
    chat, thread_id = state.place(params)
    items = params.structure("media")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadRequest("can't parse media: expected an Array of InputMedia")
    if len(items) not in _ALBUM_SIZES:
        raise BadRequest("there are too many or too few messages in the album")
    reply_to = _reply_to(state, chat, params)
    parts = [_album_part(state, params, item) for item in items]
    state.admit(chat, len(parts))
    place: dict[str, Any] = {
        "media_group_id": f"13{next(_album_numbers):015d}",
        "reply_to": reply_to,
        "thread_id": thread_id or _topic_of(state, chat, reply_to),
    }
    messages = [state.chats.bot_sends("sendMediaGroup", chat, **place, **part) for part in parts]
    return [message_json(state.chats, message) for message in messages]


def _album_part(state: BotState, params: Params, item: Json) -> dict[str, Any]:
    kind = item.get("type")
    if kind not in ("photo", "video", "document"):
        raise BadRequest("can't parse InputMedia: type must be photo, video or document in an album")
    caption = checked_caption(
        format_text(item.get("caption") or "", item.get("parse_mode") or "", item.get("caption_entities"))
    )
    media = read_media(state, kind, params.attached(str(item.get("media", ""))))
    return {"text": caption.text, "entities": caption.entities, "media": media}


async def _send_chat_action(state: BotState, params: Params) -> bool:
    chat, thread_id = state.place(params)
    action = params.text("action")
    if action not in _ACTIONS:
        raise BadRequest("wrong parameter action in request")
    state.chats.emit(ChatEvent("action", chat.id, action=action, thread_id=thread_id))
    return True


def _reply_to(state: BotState, chat: Chat, params: Params) -> int | None:
    """The message to reply to; BadRequest when it is gone, unless the request may do without."""
    reply = params.structure("reply_parameters")
    if not isinstance(reply, dict):
        return None
    message_id = int(reply.get("message_id", 0))
    if state.chats.message(chat.id, message_id) is not None:
        return message_id
    if reply.get("allow_sending_without_reply"):
        return None
    raise BadRequest("message to be replied not found")


def _topic_of(state: BotState, chat: Chat, message_id: int | None) -> int | None:
    """An answer without message_thread_id stands in the topic of what it answers."""
    answered = state.chats.message(chat.id, message_id or 0)
    return answered.thread_id if answered else None


METHODS: dict[str, Handler] = {
    "sendMessage": _send_message,
    "sendPhoto": _sender_of("photo"),
    "sendDocument": _sender_of("document"),
    "sendVideo": _sender_of("video"),
    "sendAnimation": _sender_of("animation"),
    "sendMediaGroup": _send_media_group,
    "sendChatAction": _send_chat_action,
}
