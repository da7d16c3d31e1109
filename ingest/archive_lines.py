"""JSON lines, one post each: channel, channel_title, message_id, date, text, and what else is known. Pure.

Only channel, message_id and date must be there. Further fields: views, forwards, reply_to, fwd_from (channel, date,
link), media_type (Telegram's class names), grouped_id, edit_date, reactions (emoji -> count).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ingest.archive_values import (
    ArchivedChannel,
    ArchivedMessage,
    BrokenLine,
    NotAMessage,
    channel_reference,
    message_number,
    moment,
    whole_number,
)
from storage.ids import MessageId
from storage.post_values import Forward, Medium, Part, storable

_KINDS = {
    "photo": "photo",
    "document": "document",
    "webpage": "webpage",
    "poll": "poll",
    "geo": "location",
    "geolive": "location",
    "venue": "location",
    "contact": "contact",
    "video": "video",
    "animation": "animation",
    "audio": "audio",
    "voice": "voice",
    "sticker": "sticker",
}
"""media_type, lower case and without Telegram's "MessageMedia", -> Medium.kind."""

_POST_LINK = re.compile(r"(?:https?://)?t\.me/(?:c/)?[^/]+/(\d{1,18})")


def read(lines: Iterable[tuple[int, bytes | None]]) -> Iterator[ArchivedMessage | BrokenLine]:
    """Numbered lines as messages; blank ones are passed over."""
    for number, line in lines:
        if line is not None and not line.strip():
            continue
        try:
            yield _message(number, _object(line))
        except NotAMessage as error:
            yield BrokenLine(number, str(error))


def _object(line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise NotAMessage("the line is longer than 16 MiB")
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise NotAMessage("the line is not UTF-8") from None
    except (ValueError, RecursionError):
        raise NotAMessage("the line is not JSON") from None
    if not isinstance(value, dict):
        raise NotAMessage("the line holds no JSON object")
    return value


def _message(number: int, content: dict[str, Any]) -> ArchivedMessage:
    text = content.get("text")
    if text is not None and not isinstance(text, str):
        raise NotAMessage("text is no string")
    edited = content.get("edit_date")
    reply_to = whole_number(content, "reply_to")
    return ArchivedMessage(
        number=number,
        channel=_channel(content),
        part=Part(message_number(content, "message_id"), text or "", medium=_medium(content.get("media_type"))),
        posted_at=moment(content.get("date"), "date"),
        edited_at=moment(edited, "edit_date") if edited else None,
        grouped_id=_grouped_id(content.get("grouped_id")),
        reply_to=MessageId(reply_to) if reply_to else None,
        forward=_forward(content.get("fwd_from")),
        views=whole_number(content, "views"),
        forwards=whole_number(content, "forwards"),
        reactions=_reactions(content.get("reactions")),
    )


def _channel(content: dict[str, Any]) -> ArchivedChannel:
    name = content.get("channel")
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str) or not name:
        raise NotAMessage("channel is missing")
    telegram_id, username = channel_reference(name)
    title = content.get("channel_title")
    return ArchivedChannel(telegram_id, username, storable(title) if isinstance(title, str) and title else name)


def _grouped_id(value: Any) -> int | None:
    """Telegram's number of an album. Collectors also make up names for albums; each becomes a number of its own."""
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    if not isinstance(value, str):
        raise NotAMessage("grouped_id is neither a number nor a name")
    if re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    # negative, so that it never meets a real one
    return -int.from_bytes(hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()[:7], "big") - 1


def _medium(media_type: Any) -> Medium | None:
    if not isinstance(media_type, str) or not media_type:
        return None
    return Medium(_KINDS.get(media_type.lower().removeprefix("messagemedia"), "other"))


def _forward(origin: Any) -> Forward | None:
    """{"channel": name, "date": …, "link": …}; what cannot be read of it is left out."""
    if not isinstance(origin, dict):
        return None
    telegram_id, username = None, None
    name = origin.get("channel")
    if isinstance(name, str):
        with contextlib.suppress(NotAMessage):
            telegram_id, username = channel_reference(name)
    link = _POST_LINK.fullmatch(str(origin.get("link") or ""))
    try:
        posted_at = moment(origin["date"], "date") if origin.get("date") else None
    except NotAMessage:
        posted_at = None
    return Forward(
        channel_telegram_id=telegram_id,
        username=username,
        name=storable(name) if isinstance(name, str) and username is None and telegram_id is None else None,
        message_id=int(link[1]) if link else None,
        posted_at=posted_at,
    )


def _reactions(value: Any) -> dict[str, int] | None:
    if not isinstance(value, dict):
        return None
    return {storable(str(emoji)): count for emoji, count in value.items() if isinstance(count, int)} or None
