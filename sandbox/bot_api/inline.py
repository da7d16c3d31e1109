"""answerInlineQuery: results that people choose from in any chat, refused where Telegram refuses them.

The box knows results of type article, and photos that were uploaded before (photo_file_id).
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.bot_api.errors import BadRequest, NotInTheBox
from sandbox.bot_api.files import read_media
from sandbox.bot_api.markup import read_inline_markup
from sandbox.bot_api.params import Params
from sandbox.bot_api.previews import read_preview
from sandbox.bot_api.state import BotState, Handler
from sandbox.bot_api.texts import checked_caption, checked_message, format_text
from sandbox.inline_records import InlineAnswer, InlineQuery, InlineResult

RESULTS = 50
"""Results of one answer (Bot API documentation)."""
RESULT_ID_BYTES = range(1, 65)
NEXT_OFFSET_BYTES = 64
"""Bytes, not characters (Bot API documentation)."""
ANSWERABLE_SECONDS = 15.0
"""How long a query may be answered; that it expires is documented, after how long is not: the figure is ours."""
_CACHE_SECONDS = 300
"""cache_time when the request does not say (Bot API documentation)."""
_START_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS_ELSEWHERE = frozenset(
    ["audio", "contact", "document", "game", "gif", "location", "mpeg4_gif", "sticker", "venue", "video", "voice"]
)


async def _answer(state: BotState, params: Params) -> bool:
    query = _open_query(state, params)
    given = params.structure("results")
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise BadRequest("can't parse inline query results: expected an Array of InlineQueryResult")
    if len(given) > RESULTS:
        raise BadRequest("RESULTS_TOO_MUCH")
    results = tuple(_result(state, item) for item in given)
    if len({result.id for result in results}) < len(results):
        raise BadRequest("RESULT_ID_DUPLICATE")
    next_offset = params.text("next_offset")
    if len(next_offset.encode()) > NEXT_OFFSET_BYTES:
        raise BadRequest("NEXT_OFFSET_INVALID")
    cache_seconds = params.integer("cache_time", _CACHE_SECONDS)
    if cache_seconds < 0:
        raise BadRequest("CACHE_TIME_INVALID")
    answer = InlineAnswer(results, cache_seconds, params.flag("is_personal"), next_offset, _button(params))
    state.chats.inline.answer(query, answer)
    return True


def _open_query(state: BotState, params: Params) -> InlineQuery:
    query = state.chats.inline.queries.get(params.text("inline_query_id"))
    now = state.chats.clock.monotonic()
    if query is None or query.answer is not None or now - query.asked_monotonic > ANSWERABLE_SECONDS:
        raise BadRequest("query is too old and response timeout expired or query ID is invalid")
    return query


def _result(state: BotState, item: dict[str, Any]) -> InlineResult:
    result_id, kind = item.get("id"), item.get("type")
    if not isinstance(result_id, str) or len(result_id.encode()) not in RESULT_ID_BYTES:
        raise BadRequest("RESULT_ID_INVALID")
    if kind in _KINDS_ELSEWHERE:
        raise NotInTheBox(f"inline result of type {kind}")
    if kind not in ("article", "photo"):
        raise BadRequest("can't parse inline query result: unsupported type specified")
    markup = read_inline_markup(Params(item))
    title, description = str(item.get("title") or ""), str(item.get("description") or "")
    if kind == "photo" and "input_message_content" not in item:
        return _photo(state, item, InlineResult(result_id, kind, title, description, reply_markup=markup))
    if kind == "article" and not title.strip():
        raise BadRequest("can't parse inline query result: article must have a title")
    content = item.get("input_message_content")
    if not isinstance(content, dict) or "message_text" not in content:
        raise BadRequest("can't parse inline query result: input message content must be specified")
    text = checked_message(
        format_text(str(content["message_text"]), content.get("parse_mode") or "", content.get("entities"))
    )
    preview = read_preview(content.get("link_preview_options"))
    return InlineResult(
        result_id, kind, title, description, text.text, text.entities, link_preview=preview, reply_markup=markup
    )


def _photo(state: BotState, item: dict[str, Any], head: InlineResult) -> InlineResult:
    if "photo_file_id" not in item:
        raise NotInTheBox("inline result with a photo_url: the box fetches nothing from elsewhere")
    media = read_media(state, "photo", str(item["photo_file_id"]))
    caption = checked_caption(
        format_text(item.get("caption") or "", item.get("parse_mode") or "", item.get("caption_entities"))
    )
    return InlineResult(
        head.id, head.kind, head.title, head.description, caption.text, caption.entities, media,
        reply_markup=head.reply_markup,
    )  # fmt: skip


def _button(params: Params) -> dict[str, Any] | None:
    """The button above the results: a text that opens the private chat with /start and a parameter."""
    button = params.structure("button")
    if button is None:
        return None
    if not isinstance(button, dict) or not str(button.get("text") or "").strip():
        raise BadRequest("can't parse inline query results button: text must be non-empty")
    if "web_app" in button:
        raise NotInTheBox("inline button with a web_app")
    if not _START_PARAMETER.fullmatch(str(button.get("start_parameter") or "")):
        raise BadRequest("START_PARAM_INVALID")
    return {"text": button["text"], "start_parameter": button["start_parameter"]}


METHODS: dict[str, Handler] = {"answerInlineQuery": _answer}
