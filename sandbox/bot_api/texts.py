"""Texts as the Bot API takes them: plain or HTML, with entities, measured in UTF-16 code units. Pure.

Two rules are stricter than the real server, which silently drops what it can't show: entities that overlap in a way
the documentation forbids, and more than 100 of them, are refused, so that no formatting is lost unseen.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sandbox import utf16
from sandbox.bot_api.errors import BadRequest, NotInTheBox
from sandbox.bot_api.html import parse_html
from sandbox.chat_records import Entity

TEXT_LIMIT = 4096
"""UTF-16 code units of a message, after entities parsing (Bot API documentation)."""
CAPTION_LIMIT = 1024
"""UTF-16 code units of a caption (Bot API documentation)."""
ENTITY_LIMIT = 100
"""Entities of one message; the real server ignores those beyond (Telegram's published limits)."""

_STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
_CODES = frozenset({"code", "pre"})
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_LINKS = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "text_link",
        "text_mention",
        "custom_emoji",
    ]
)
_URL = re.compile(r"(?:https?|tg|ton)://\S+|(?:mailto|tel):\S+", re.IGNORECASE)
_BARE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?")


class Formatted(NamedTuple):
    """A text as it will be shown, with its entities in order: by offset, outer before inner."""

    text: str
    entities: list[Entity]


def format_text(raw: str, parse_mode: str, entities: Any) -> Formatted:
    """What the request's text shows: markup parsed or the entity list checked, outer white space trimmed.

    BadRequest as the real server words it; NotInTheBox for Markdown, which this project does not send.
    """
    if any("\ud800" <= character <= "\udfff" for character in raw):
        raise BadRequest("strings must be encoded in UTF-8")
    mode = parse_mode.lower()
    if mode == "html":
        text, found = parse_html(raw)
    elif mode in ("markdown", "markdownv2"):
        raise NotInTheBox(f"parse_mode {parse_mode}")
    elif mode:
        raise BadRequest("unsupported parse_mode")
    else:
        text, found = raw, check_entities(raw, entities)
    found = [entity for entity in found if entity["length"] and _has_link(entity)]
    check_nesting(found)
    if len(found) > ENTITY_LIMIT:
        raise BadRequest("ENTITIES_TOO_LONG")
    return _trim(text, found)


def check_entities(text: str, entities: Any) -> list[Entity]:
    """An entity list of the request, in order; BadRequest when one is malformed or leaves the text."""
    if not entities:
        return []
    if not isinstance(entities, list):
        raise BadRequest("can't parse entities: expected an Array of MessageEntity")
    places = utf16.boundaries(text)
    end = utf16.length(text)
    for entity in entities:
        _check_entity(entity, places, end, text)
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def check_nesting(entities: list[Entity]) -> None:
    """BadRequest for entities that cross, and for those that may not stand inside one another.

    Source: Bot API documentation, "Formatting options": code and pre hold nothing and stand only in quotes;
    quotes do not nest; links do not hold links; styles go with everything else.
    """
    opened: list[Entity] = []
    for entity in entities:
        end = entity["offset"] + entity["length"]
        opened = [outer for outer in opened if outer["offset"] + outer["length"] > entity["offset"]]
        for outer in opened:
            if outer["offset"] + outer["length"] < end:
                raise BadRequest(f"can't parse entities: {outer['type']} and {entity['type']} overlap in part")
            if not _may_hold(outer["type"], entity["type"]):
                raise BadRequest(f"can't parse entities: {outer['type']} can't contain {entity['type']}")
        opened.append(entity)


def checked_message(formatted: Formatted) -> Formatted:
    """A message's text: not empty, at most 4,096 units."""
    if not formatted.text:
        raise BadRequest("message text is empty")
    if utf16.length(formatted.text) > TEXT_LIMIT:
        raise BadRequest("message is too long")
    return formatted


def checked_caption(formatted: Formatted) -> Formatted:
    """A caption: at most 1,024 units; may be empty."""
    if utf16.length(formatted.text) > CAPTION_LIMIT:
        raise BadRequest("message caption is too long")
    return formatted


def _check_entity(entity: Any, places: dict[int, int], end: int, text: str) -> None:
    if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
        raise BadRequest("can't parse MessageEntity: expected an Object with a type")
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or offset < 0:
        raise BadRequest(f"receive an entity with incorrect offset {offset}")
    if not isinstance(length, int) or length < 0:
        raise BadRequest(f"receive an entity with incorrect length {length}")
    if entity["type"] not in _STYLES | _CODES | _QUOTES | _LINKS:
        raise BadRequest("can't parse MessageEntity: unsupported type specified")
    if entity["type"] == "text_link" and not entity.get("url"):
        raise BadRequest("can't parse MessageEntity: can't find field \"url\"")
    if length and offset > end:
        raise BadRequest(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if length and offset + length > end:
        place = f"{offset} ends after the end of the text at UTF-16 offset {offset + length}"
        raise BadRequest(f"entity beginning at UTF-16 offset {place}")
    if offset not in places:
        raise BadRequest(f"entity begins in a middle of a UTF-16 symbol at byte offset {_byte(text, places, offset)}")
    if offset + length not in places:
        byte = _byte(text, places, offset + length)
        middle = f"ends in a middle of a UTF-16 symbol at byte offset {byte}"
        raise BadRequest(f"entity beginning at UTF-16 offset {offset} {middle}")


def _byte(text: str, places: dict[int, int], inside: int) -> int:
    """The byte offset behind the character in whose middle a UTF-16 offset lies."""
    return len(text[: places[min(inside + 1, max(places))]].encode())


def _may_hold(outer: str, inner: str) -> bool:
    if outer in _QUOTES or inner in _QUOTES:
        return not (outer in _QUOTES and inner in _QUOTES)
    if outer in _CODES or inner in _CODES:
        return False
    return outer in _STYLES or inner in _STYLES


def _has_link(entity: Entity) -> bool:
    """A link whose address is none is dropped, as the real server drops it; a bare host becomes http."""
    if entity["type"] != "text_link":
        return True
    if not _URL.fullmatch(entity["url"]):
        if not _BARE_HOST.fullmatch(entity["url"]):
            return False
        entity["url"] = f"http://{entity['url']}"
    return True


def _trim(text: str, entities: list[Entity]) -> Formatted:
    """Without white space at either end, as the real server shows it; entities move along."""
    shown = text.strip()
    if shown == text:
        return Formatted(text, entities)
    before = utf16.length(text) - utf16.length(text.lstrip())
    end = utf16.length(shown)
    moved = []
    for entity in entities:
        begin = max(entity["offset"] - before, 0)
        length = min(entity["offset"] + entity["length"] - before, end) - begin
        if length > 0:
            moved.append({**entity, "offset": begin, "length": length})
    return Formatted(shown, moved)
