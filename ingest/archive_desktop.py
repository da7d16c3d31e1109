"""Telegram Desktop's "Export chat history" as JSON (result.json): of one channel, or of an account with many. Pure.

The export tells no albums: each of their messages is a post here. Dates without `date_unixtime` (exports before 2021)
are the exporter's local time and are taken for UTC.
"""

from __future__ import annotations

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
    moment_of_seconds,
    whole_number,
)
from storage.ids import MessageId
from storage.post_values import Entity, Forward, Medium, Part, storable

Entry = tuple[ArchivedChannel, Any]
"""A channel and one raw message of it."""

CHANNEL_TYPES = frozenset({"public_channel", "private_channel"})


class NotChannels(Exception):
    """The export holds no channel; the message says what to export."""


def entries(content: Any) -> list[Entry]:
    """Every message of every channel in an export, in its order. Raises NotChannels."""
    found: list[Entry] = []
    channels = [chat for chat in _chats(content) if chat.get("type") in CHANNEL_TYPES]
    if not channels:
        raise NotChannels("the export holds no channel: in Telegram Desktop, export the history of a channel as JSON.")
    for chat in channels:
        channel = _channel(chat)
        messages = chat.get("messages")
        found += [(channel, message) for message in messages or () if isinstance(messages, list)]
    return found


def read(numbered: Iterable[tuple[int, Entry]]) -> Iterator[ArchivedMessage | BrokenLine]:
    """Numbered raw messages as messages; service messages are passed over."""
    for number, (channel, content) in numbered:
        try:
            if not isinstance(content, dict):
                raise NotAMessage("the message is no JSON object")
            if content.get("type") != "service":
                yield _message(number, channel, content)
        except NotAMessage as error:
            yield BrokenLine(number, str(error))


def _chats(content: Any) -> list[dict[str, Any]]:
    if not isinstance(content, dict):
        return []
    if "messages" in content:
        return [content]
    chats: list[dict[str, Any]] = []
    for field in ("chats", "left_chats"):
        listed = content.get(field)
        several = listed.get("list") if isinstance(listed, dict) else None
        chats += [chat for chat in several or () if isinstance(several, list) and isinstance(chat, dict)]
    return chats


def _channel(chat: dict[str, Any]) -> ArchivedChannel:
    number = chat.get("id")
    if isinstance(number, bool) or not isinstance(number, int) or number == 0:
        raise NotChannels("the export does not say the channel's number (id).")
    telegram_id, _ = channel_reference(str(number))
    return ArchivedChannel(telegram_id, None, storable(str(chat.get("name") or number)))


def _message(number: int, channel: ArchivedChannel, content: dict[str, Any]) -> ArchivedMessage:
    text, entities = _text(content)
    posted_at = (
        moment_of_seconds(content["date_unixtime"], "date_unixtime")
        if content.get("date_unixtime")
        else moment(content.get("date"), "date")
    )
    edited_at = (
        moment_of_seconds(content["edited_unixtime"], "edited_unixtime")
        if content.get("edited_unixtime")
        else moment(content["edited"], "edited")
        if content.get("edited")
        else None
    )
    reply_to = whole_number(content, "reply_to_message_id") if not content.get("reply_to_peer_id") else None
    return ArchivedMessage(
        number=number,
        channel=channel,
        part=Part(message_number(content, "id"), text, entities, _medium(content)),
        posted_at=posted_at,
        edited_at=edited_at,
        reply_to=MessageId(reply_to) if reply_to else None,
        forward=_forward(content),
        reactions=_reactions(content.get("reactions")),
    )


_ENTITIES = {
    "mention": "mention",
    "hashtag": "hashtag",
    "bot_command": "bot_command",
    "link": "url",
    "email": "email",
    "bold": "bold",
    "italic": "italic",
    "code": "code",
    "pre": "pre",
    "text_link": "text_link",
    "mention_name": "text_mention",
    "phone": "phone_number",
    "cashtag": "cashtag",
    "underline": "underline",
    "strikethrough": "strikethrough",
    "blockquote": "blockquote",
    "spoiler": "spoiler",
    "custom_emoji": "custom_emoji",
}
"""Telegram Desktop's name of a piece of text -> the Bot API's."""


def _text(content: dict[str, Any]) -> tuple[str, tuple[Entity, ...]]:
    """The text in one, and its entities with offsets in UTF-16 units."""
    pieces = content.get("text_entities") or content.get("text") or ""
    if isinstance(pieces, str):
        return pieces, ()
    if not isinstance(pieces, list):
        raise NotAMessage("text is neither a string nor a list")
    texts: list[str] = []
    found: list[Entity] = []
    offset = 0
    for piece in pieces:
        kind, text = ("plain", piece) if isinstance(piece, str) else _piece(piece)
        length = len(text.encode("utf-16-le", "surrogatepass")) // 2
        if kind in _ENTITIES and length:
            found.append(_entity(_ENTITIES[kind], offset, length, piece))
        texts.append(text)
        offset += length
    return "".join(texts), tuple(found)


def _piece(piece: Any) -> tuple[str, str]:
    text = piece.get("text") if isinstance(piece, dict) else None
    if not isinstance(text, str):
        raise NotAMessage("text holds a piece that is no text")
    return str(piece.get("type")), text


def _entity(kind: str, offset: int, length: int, piece: dict[str, Any]) -> Entity:
    url, language = piece.get("href"), piece.get("language")
    return Entity(
        kind,
        offset,
        length,
        url=storable(url) if isinstance(url, str) and url else None,
        language=storable(language) if isinstance(language, str) and language else None,
    )


_MEDIA = {
    "sticker": "sticker",
    "video_message": "video",
    "voice_message": "voice",
    "animation": "animation",
    "video_file": "video",
    "audio_file": "audio",
}
"""media_type -> Medium.kind."""


def _medium(content: dict[str, Any]) -> Medium | None:
    if isinstance(poll := content.get("poll"), dict):
        return _poll(poll)
    if "photo" in content:
        return Medium("photo", size=_count(content.get("photo_file_size")))
    if "location_information" in content:
        return Medium("location")
    if "contact_information" in content:
        return Medium("contact")
    if "file" in content or "media_type" in content:
        return Medium(
            _MEDIA.get(str(content.get("media_type")), "other") if "media_type" in content else "document",
            size=_count(content.get("file_size")),
            mime=_words(content.get("mime_type")),
            file_name=_words(content.get("file_name")),
            duration=_count(content.get("duration_seconds")),
        )
    return None


def _poll(poll: dict[str, Any]) -> Medium:
    answers = poll.get("answers")
    options = [_words(answer.get("text")) or "" for answer in answers or () if isinstance(answer, dict)]
    return Medium("poll", poll={"question": _words(poll.get("question")) or "", "options": options})


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _words(value: Any) -> str | None:
    return storable(value) if isinstance(value, str) and value else None


def _forward(content: dict[str, Any]) -> Forward | None:
    if "forwarded_from" not in content:
        return None
    origin = str(content.get("forwarded_from_id") or "")
    number = origin.removeprefix("channel")
    is_channel = number != origin and number.isdecimal()
    return Forward(channel_telegram_id=int(number) if is_channel else None, name=_words(content.get("forwarded_from")))


def _reactions(value: Any) -> dict[str, int] | None:
    if not isinstance(value, list):
        return None
    counted: dict[str, int] = {}
    for reaction in value:
        count = _count(reaction.get("count")) if isinstance(reaction, dict) else None
        if count is not None:
            kind = reaction.get("type")
            name = reaction.get("emoji") if kind == "emoji" else kind
            counted[storable(str(name))] = counted.get(storable(str(name)), 0) + count
    return counted or None
