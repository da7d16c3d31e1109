"""reply_markup as the Bot API takes it: inline keyboards to the byte, other keyboards by their form."""

from __future__ import annotations

import re
from typing import Any

from sandbox.bot_api.errors import BadRequest
from sandbox.bot_api.params import Params
from sandbox.chat_records import Markup

CALLBACK_DATA_BYTES = range(1, 65)
"""Bytes, not characters (Bot API documentation)."""
_BUTTONS = 100
_ROW = 8
"""A keyboard's published limits: 100 buttons, 8 in a row."""
_ACTIONS = frozenset(
    [
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
    ]
)
_URL = re.compile(r"(?:https?://[^\s/]+(?:/\S*)?|tg://\S+)", re.IGNORECASE)


def read_markup(params: Params) -> Markup | None:
    """The request's reply_markup, or None; BadRequest when a real client could not show it."""
    markup = params.structure("reply_markup")
    if not markup:
        return None
    if not isinstance(markup, dict):
        raise BadRequest("object expected as reply markup")
    if "inline_keyboard" in markup:
        return _check_inline(markup)
    if "keyboard" in markup:
        _check_rows(markup["keyboard"])
    elif not ("remove_keyboard" in markup or "force_reply" in markup):
        raise BadRequest("object expected as reply markup")
    return markup


def read_inline_markup(params: Params) -> Markup | None:
    """The markup of an edit: only an inline keyboard will do."""
    markup = read_markup(params)
    if markup is not None and "inline_keyboard" not in markup:
        raise BadRequest("inline keyboard expected")
    return markup


def _check_inline(markup: Markup) -> Markup | None:
    rows = _check_rows(markup["inline_keyboard"])
    for row in rows:
        for button in row:
            _check_button(button)
    return markup if any(rows) else None


def _check_rows(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadRequest("can't parse reply keyboard markup JSON object")
    if sum(map(len, rows)) > _BUTTONS or any(len(row) > _ROW for row in rows):
        raise BadRequest("REPLY_MARKUP_TOO_LONG")
    return rows


def _check_button(button: Any) -> None:
    reason = "can't parse inline keyboard button"
    if not isinstance(button, dict):
        raise BadRequest(f"{reason}: InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRequest(f"{reason}: InlineKeyboardButton text must be non-empty")
    actions = _ACTIONS & button.keys()
    if not actions:
        raise BadRequest(f"{reason}: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise BadRequest(f"{reason}: exactly one action is allowed, found {', '.join(sorted(actions))}")
    data = button.get("callback_data")
    if "callback_data" in button and len(str(data).encode()) not in CALLBACK_DATA_BYTES:
        raise BadRequest("BUTTON_DATA_INVALID")
    if "url" in button and not _URL.fullmatch(str(button["url"])):
        raise BadRequest(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
