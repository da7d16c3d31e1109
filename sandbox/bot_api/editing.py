"""Methods that change what is there: edits, deletions, answers to pressed buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox import utf16
from sandbox.bot_api.errors import BadRequest
from sandbox.bot_api.files import read_media
from sandbox.bot_api.markup import read_inline_markup
from sandbox.bot_api.params import Params
from sandbox.bot_api.previews import read_preview
from sandbox.bot_api.state import BotState, Handler
from sandbox.bot_api.texts import Formatted, checked_caption, checked_message, format_text
from sandbox.bot_api.wire import Json, message_json
from sandbox.chat_records import CallbackAnswer, ChatMessage, Markup, Media

_ANSWER_LIMIT = 200
"""UTF-16 code units of a callback answer (Bot API documentation)."""
_DELETABLE_SECONDS = 48 * 3600
"""A bot can delete messages for 48 hours (Bot API documentation, deleteMessage)."""


async def _edit_text(state: BotState, params: Params) -> Json | bool:
    message = state.own_message(params, "edit")
    formatted = checked_message(
        format_text(params.text("text"), params.text("parse_mode"), params.structure("entities"))
    )
    if message.media:
        raise BadRequest("there is no text in the message to edit")
    preview = read_preview(params.structure("link_preview_options"))
    return _edit(state, "editMessageText", message, formatted, read_inline_markup(params), preview=preview)


async def _edit_caption(state: BotState, params: Params) -> Json | bool:
    message = state.own_message(params, "edit")
    formatted = checked_caption(
        format_text(params.text("caption"), params.text("parse_mode"), params.structure("caption_entities"))
    )
    if not message.media:
        raise BadRequest("there is no caption in the message to edit")
    return _edit(state, "editMessageCaption", message, formatted, read_inline_markup(params))


async def _edit_reply_markup(state: BotState, params: Params) -> Json | bool:
    message = state.own_message(params, "edit")
    same = Formatted(message.text, message.entities)
    return _edit(state, "editMessageReplyMarkup", message, same, read_inline_markup(params))


async def _edit_media(state: BotState, params: Params) -> Json | bool:
    """Another file in place of the old one, or a file for a message that was text."""
    message = state.own_message(params, "edit")
    item = params.structure("media")
    if not isinstance(item, dict):
        raise BadRequest("can't parse InputMedia: expected an Object")
    kind = item.get("type")
    if kind not in ("photo", "document", "video", "animation"):
        raise BadRequest("can't parse InputMedia: unsupported type specified")
    caption = checked_caption(
        format_text(item.get("caption") or "", item.get("parse_mode") or "", item.get("caption_entities"))
    )
    media = read_media(state, kind, params.attached(str(item.get("media", ""))))
    if message.inline_message_id and media.file_id not in str(item["media"]):
        raise BadRequest("inline messages take no new uploads")
    return _edit(state, "editMessageMedia", message, caption, read_inline_markup(params), media=media)


def _edit(
    state: BotState,
    method: str,
    message: ChatMessage,
    new: Formatted,
    markup: Markup | None,
    *,
    media: Media | None = None,
    preview: Mapping[str, Any] | None = None,
) -> Json | bool:
    """An edit without reply_markup takes the buttons away, as on the real server; inline messages answer True."""
    shown = (message.text, message.entities, message.reply_markup, message.media, message.link_preview)
    if shown == (new.text, new.entities, markup, media or message.media, preview or message.link_preview):
        raise BadRequest(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    state.admit(state.chats.chat(message.chat_id))
    state.chats.bot_edits(
        method, message, text=new.text, entities=new.entities, reply_markup=markup, media=media, link_preview=preview
    )
    return True if message.inline_message_id else message_json(state.chats, message)


async def _delete_message(state: BotState, params: Params) -> bool:
    chat = state.chat(params)
    message = state.chats.message(chat.id, params.integer("message_id"))
    if message is None:
        raise BadRequest("message to delete not found")
    age = (state.chats.clock.now() - message.sent_at).total_seconds()
    may_delete = message.from_bot or chat.kind == "private" or chat.member_status == "administrator"
    if not may_delete or age > _DELETABLE_SECONDS:
        raise BadRequest("message can't be deleted for everyone")
    state.chats.bot_deletes(message)
    return True


async def _answer_callback_query(state: BotState, params: Params) -> bool:
    query = state.chats.queries.get(params.text("callback_query_id"))
    now = state.chats.clock.monotonic()
    if query is None or query.is_answered or now - query.pressed_monotonic > state.callback_seconds:
        raise BadRequest("query is too old and response timeout expired or query ID is invalid")
    text = params.text("text")
    if utf16.length(text) > _ANSWER_LIMIT:
        raise BadRequest("MESSAGE_TOO_LONG")
    url = params.text("url") or None
    chat_id = query.message.chat_id
    state.chats.bot_answers(CallbackAnswer(query.id, query.user_id, chat_id, text, params.flag("show_alert"), url))
    return True


METHODS: dict[str, Handler] = {
    "editMessageText": _edit_text,
    "editMessageCaption": _edit_caption,
    "editMessageReplyMarkup": _edit_reply_markup,
    "editMessageMedia": _edit_media,
    "deleteMessage": _delete_message,
    "answerCallbackQuery": _answer_callback_query,
}
