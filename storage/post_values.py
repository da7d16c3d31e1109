"""A post as a channel published it: values read from the wire or an archive, before anybody has labelled them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from propcache.api import cached_property  # functools' takes a lock until Python 3.12: 1 µs each time

from matching.hosts import host_of, with_parents
from storage.ids import ChannelId, MessageId

LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"»]+|(?<![\w@./])t\.me/[^\s<>\"»]+", re.IGNORECASE)

LINK_MARKS = ("://", "www.", "t.me/")
"""One of these is in every text that LINK finds anything in; asked first, for most posts have no link."""

HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/?#@\s]*@)?([\w.-]+)", re.IGNORECASE)
"""The host of a link, without the bracket or comma that a sentence may put right behind it."""

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL refuses NUL, UTF-8 refuses lone surrogates. Each is one UTF-16 unit, and so is what replaces it, so
that the offsets of entities still point at the same words."""


def storable(text: str) -> str:
    """The text with what no database can hold replaced by U+FFFD."""
    return UNSTORABLE.sub("\ufffd", text)


def storable_json(value: Any) -> Any:
    """The same of every string inside a value; numbers that JSON does not know (NaN, infinity) become None."""
    match value:
        case str():
            return storable(value)
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {storable(name): storable_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [storable_json(inner) for inner in value]
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Entity:
    """Formatting of a piece of text, with the Bot API's type names; offset and length in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        return _filled(type=self.type, offset=self.offset, length=self.length, url=self.url, language=self.language)


@dataclass(frozen=True, slots=True)
class Medium:
    """What a message carries beside its text; never the bytes."""

    kind: str
    """photo, video, animation, audio, voice, document, sticker, poll, webpage, location, contact or other."""
    size: int | None = None
    mime: str | None = None
    file_name: str | None = None
    duration: float | None = None
    telegram_id: int | None = None
    url: str | None = None
    poll: dict[str, Any] | None = None
    """question: str, options: list[str]."""

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        return _filled(
            kind=self.kind, size=self.size, mime=self.mime, file_name=self.file_name, duration=self.duration,
            telegram_id=self.telegram_id, url=self.url, poll=self.poll,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forward:
    """Where a post was forwarded from; Telegram may hide any of it."""

    channel_telegram_id: int | None = None
    username: str | None = None
    name: str | None = None
    message_id: int | None = None
    posted_at: dt.datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        return _filled(
            channel_telegram_id=self.channel_telegram_id, username=self.username, name=self.name,
            message_id=self.message_id, posted_at=self.posted_at.isoformat() if self.posted_at else None,
        )  # fmt: skip

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Forward:
        """Read back what `to_json` wrote."""
        posted_at = stored.get("posted_at")
        return cls(**{**stored, "posted_at": dt.datetime.fromisoformat(posted_at) if posted_at else None})


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a channel; an album's post has several."""

    message_id: MessageId
    text: str
    entities: tuple[Entity, ...] = ()
    medium: Medium | None = None

    @property
    def said(self) -> str:
        """The words of the message, those of its poll included."""
        poll = (self.medium.poll if self.medium else None) or {}
        return "\n".join(filter(None, [self.text, poll.get("question"), *poll.get("options", ())]))

    def to_json(self) -> dict[str, Any]:
        """As stored in `posts.parts`."""
        return _filled(
            message_id=self.message_id,
            text=self.text,
            entities=[entity.to_json() for entity in self.entities] or None,
            medium=self.medium.to_json() if self.medium else None,
        )

    @classmethod
    def from_json(cls, stored: dict[str, Any], text: str = "") -> Part:
        """Read back what `to_json` wrote; `text` is that of the whole post, which an only part need not repeat."""
        medium = stored.get("medium")
        return cls(
            MessageId(stored["message_id"]),
            stored.get("text", text),
            tuple(Entity(**entity) for entity in stored.get("entities") or ()),
            Medium(**medium) if medium else None,
        )


@dataclass(frozen=True)
class Post:
    """A post of a channel, its parts in the order of their message ids. What is derived is derived once."""

    channel_id: ChannelId
    parts: tuple[Part, ...]
    posted_at: dt.datetime
    seen_at: dt.datetime
    edited_at: dt.datetime | None = None
    grouped_id: int | None = None
    reply_to: MessageId | None = None
    forward: Forward | None = None
    views: int | None = None
    forwards: int | None = None
    reactions: dict[str, int] | None = None
    found_by: str = "push"
    views_are_rounded: bool = False
    """A public page says 1.2K; an account is told the number."""
    expires_at: dt.datetime | None = None
    """When the channel's own time to live ends for it."""

    @property
    def message_id(self) -> MessageId:
        """The post's own number: that of its first part."""
        return self.parts[0].message_id

    @cached_property
    def text(self) -> str:
        """What the post says: the texts of its parts, a blank line between; a poll says its question and options."""
        return "\n\n".join(storable(said) for part in self.parts if (said := part.said))

    @cached_property
    def has(self) -> frozenset[str]:
        """What a query may ask for by `has:`."""
        kinds = {part.medium.kind for part in self.parts if part.medium}
        found = kinds & {"photo", "video", "document", "poll"}
        if "animation" in kinds:
            found = found | {"video"}
        if self._urls:
            found = found | {"link"}
        return frozenset(found)

    @cached_property
    def links(self) -> frozenset[str]:
        """Hosts linked to, with their parent domains: news.bbc.co.uk, bbc.co.uk, co.uk."""
        hosts = (host_of(found[1]) for url in self._urls if (found := HOST.match(url)))
        return frozenset(domain for host in hosts if host for domain in with_parents(host))

    def parts_to_json(self) -> list[dict[str, Any]]:
        """As stored beside `text`, which is not written twice where the only part says just that."""
        stored = [part.to_json() for part in self.parts]
        if len(stored) == 1 and stored[0]["text"] == self.text:
            del stored[0]["text"]
        return stored

    @property
    def forwarded_from(self) -> frozenset[str]:
        """The channel forwarded from, as a query names it: @username and Telegram's number."""
        if self.forward is None:
            return frozenset()
        name, number = self.forward.username, self.forward.channel_telegram_id
        return frozenset([*([f"@{storable(name.lower())}"] if name else []), *([str(number)] if number else [])])

    @cached_property
    def content_hash(self) -> bytes:
        """Changes exactly when what a reader sees changes: text, formatting or media, not views or reactions."""
        content = [part.to_json() for part in self.parts]
        for part in content:
            # a link's preview is made by Telegram some seconds later, and changes by itself
            if (part.get("medium") or {}).get("kind") == "webpage":
                del part["medium"]
        return hashlib.sha256(_SORTED.encode(content).encode()).digest()

    @cached_property
    def _urls(self) -> list[str]:
        return list(self._found_urls())

    def _found_urls(self) -> Iterable[str]:
        for part in self.parts:
            said = storable(part.text)
            lowered = said.lower()
            if any(mark in lowered for mark in LINK_MARKS):
                yield from LINK.findall(said)
            yield from (storable(entity.url) for entity in part.entities if entity.url)
            # Telegram sees a link in "bbc.com/news" too, and says so
            yield from (_piece(said, entity) for entity in part.entities if entity.type == "url")
            if part.medium and part.medium.url:
                yield storable(part.medium.url)


def _piece(text: str, entity: Entity) -> str:
    """The words that an entity is about: its numbers count UTF-16 units."""
    units = text.encode("utf-16-le")[2 * entity.offset : 2 * (entity.offset + entity.length)]
    return units.decode("utf-16-le", "replace")


def parts_from_json(stored: Iterable[dict[str, Any]], text: str) -> tuple[Part, ...]:
    """The parts of a post whose text is `text`, from what `Post.parts_to_json` wrote."""
    return tuple(Part.from_json(part, text) for part in stored)


_SORTED = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


def _filled(**values: Any) -> dict[str, Any]:
    return {name: storable_json(value) for name, value in values.items() if value is not None}
