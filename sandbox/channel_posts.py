"""What a channel of the box publishes: posts with their entities, files, polls, forwards and service actions."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Literal

EntityType = Literal[
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "code",
    "pre",
    "blockquote",
    "url",
    "text_link",
    "email",
    "mention",
    "hashtag",
    "cashtag",
]
MediaKind = Literal["photo", "video", "document", "voice", "audio"]
ServiceKind = Literal["created", "renamed", "pinned"]

_MIME_TYPES: dict[MediaKind, str] = {
    "photo": "image/jpeg",
    "video": "video/mp4",
    "document": "application/octet-stream",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
}


def _file_number() -> int:
    """A number for a file: unique enough, positive, 63 bits, as Telegram's are."""
    return random.getrandbits(62) + 1


@dataclass(frozen=True, slots=True)
class Entity:
    """A marked span of a text; offset and length count UTF-16 units, as Telegram counts."""

    type: EntityType
    offset: int
    length: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """A file with its bytes; published twice, it stays one file, as on Telegram. `title`: what an audio is called."""

    kind: MediaKind
    data: bytes
    file_name: str = ""
    mime_type: str = ""
    width: int = 800
    height: int = 600
    duration_seconds: float = 0.0
    title: str = ""
    id: int = field(default_factory=_file_number)
    access_hash: int = field(default_factory=_file_number)

    @property
    def content_type(self) -> str:
        """The MIME type: the one given, or the usual one of this kind."""
        return self.mime_type or _MIME_TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class ForwardOrigin:
    """Where a forwarded post came from: a channel of the box by its id, or only a name (a hidden author)."""

    channel_id: int | None = None
    name: str | None = None
    message_id: int | None = None
    posted_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll; it is a post without text."""

    question: str
    answers: tuple[str, ...]
    id: int = field(default_factory=_file_number)


@dataclass(frozen=True, slots=True)
class ServiceAction:
    """What a service message says: the channel was created or renamed (title), or a post was pinned."""

    kind: ServiceKind
    title: str = ""
    message_id: int | None = None


@dataclass(slots=True)
class ChannelPost:
    """One message of a channel as it stands now: an edit changes it in place. Times are aware UTC.

    `views`, `forwards` and `reactions` (emoji -> count) may be set at will, as counters move without a word to readers
    (`Channels.react` tells them). `is_edit_hidden`: it was only edited in ways that clients do not show. `ttl_period`:
    how many seconds it is to live; the box says so, but never deletes by itself.
    """

    message_id: int
    text: str
    posted_at: dt.datetime
    edited_at: dt.datetime | None = None
    media: tuple[Media, ...] = ()
    entities: tuple[Entity, ...] = ()
    grouped_id: int | None = None
    forwarded_from: ForwardOrigin | None = None
    reply_to: int | None = None
    views: int = 1
    forwards: int = 0
    service_action: ServiceAction | None = None
    poll: Poll | None = None
    reactions: dict[str, int] = field(default_factory=dict)
    is_edit_hidden: bool = False
    ttl_period: int | None = None
