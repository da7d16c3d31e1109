"""The leaves of a query that ask for a stored field of the post, not for its words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime

from matching.fields import PostFields
from matching.ids import ChannelId, ChannelSetId

LANGUAGES = ("en", "ru", "uk")
"""What `lang:` may ask for: the languages that `analysis.language` tells apart."""

KINDS = ("link", "photo", "poll", "document", "video")
"""What `has:` may ask for."""


STRICT = "strict"
"""What stands behind a topic that has to be sure."""


class FieldLeaf(ABC):
    """A leaf that asks for a stored field."""

    __slots__ = ()

    @abstractmethod
    def holds(self, fields: PostFields) -> bool:
        """Whether the post has what is asked for."""

    @property
    def canonical(self) -> str:
        """Equal for leaves that match the same posts."""
        return str(self)


@dataclass(frozen=True, slots=True)
class Channel(FieldLeaf):
    """Posts of one channel: our number of it, or its username (lower case, no @) while nobody has looked it up.

    A username that is not resolved matches nothing.
    """

    channel: ChannelId | str

    def holds(self, fields: PostFields) -> bool:
        """Whether the post is of that channel."""
        return self.channel == fields.channel_id

    def __str__(self) -> str:
        return f"channel:{'@' if isinstance(self.channel, str) else ''}{self.channel}"


@dataclass(frozen=True, slots=True)
class InSet(FieldLeaf):
    """Posts of the channels that are in a set now: its number, or its name while nobody has looked it up.

    A name that is not resolved matches nothing, and so does the number of a set that is gone.
    """

    channels: ChannelSetId | str

    def holds(self, fields: PostFields) -> bool:
        """Whether the post's channel is in the set."""
        return self.channels in fields.sets

    def __str__(self) -> str:
        return f"in:{self.channels}" if isinstance(self.channels, str) else f"in:#{self.channels}"


@dataclass(frozen=True, slots=True)
class Topic(FieldLeaf):
    """Posts on a topic or one below it, by code; a strict one wants posts that are surely about it."""

    code: str
    is_strict: bool = False

    def holds(self, fields: PostFields) -> bool:
        """Whether the topic, or one below it, is among the post's: those come with their ancestors."""
        return self.code in (fields.sure_topics if self.is_strict else fields.topics)

    def __str__(self) -> str:
        return f"topic:{self.code}:{STRICT}" if self.is_strict else f"topic:{self.code}"


@dataclass(frozen=True, slots=True)
class Language(FieldLeaf):
    """Posts in one language, of LANGUAGES."""

    code: str

    def holds(self, fields: PostFields) -> bool:
        """Whether the post is in it."""
        return self.code == fields.language

    def __str__(self) -> str:
        return f"lang:{self.code}"


@dataclass(frozen=True, slots=True)
class Has(FieldLeaf):
    """Posts that hold something of KINDS."""

    kind: str

    def holds(self, fields: PostFields) -> bool:
        """Whether the post holds it."""
        return self.kind in fields.has

    def __str__(self) -> str:
        return f"has:{self.kind}"


@dataclass(frozen=True, slots=True)
class ForwardedFrom(FieldLeaf):
    """Posts forwarded from a channel: "@name" in lower case, or Telegram's number of it in decimal."""

    origin: str

    def holds(self, fields: PostFields) -> bool:
        """Whether the post was forwarded from there."""
        return self.origin in fields.forwarded_from

    def __str__(self) -> str:
        return f"from:{self.origin}"


@dataclass(frozen=True, slots=True)
class Link(FieldLeaf):
    """Posts with a link to a host or to one below it."""

    host: str

    def holds(self, fields: PostFields) -> bool:
        """Whether a link leads there: the post's hosts come with their parent domains."""
        return self.host in fields.links

    def __str__(self) -> str:
        return f"link:{self.host}"


@dataclass(frozen=True, slots=True)
class After(FieldLeaf):
    """Posts of a day and later. `at` is the moment (UTC) when `day` begins for the asker; it is included."""

    day: date
    at: datetime

    def holds(self, fields: PostFields) -> bool:
        """Whether the post was published then or later."""
        return fields.posted_at >= self.at

    @property
    def canonical(self) -> str:
        """The moment: one day begins at many, depending on the time zone."""
        return f"after:{self.at.isoformat()}"

    def __str__(self) -> str:
        return f"after:{self.day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Before(FieldLeaf):
    """Posts from before a day. `at` is the moment (UTC) when `day` begins for the asker; it is not included."""

    day: date
    at: datetime

    def holds(self, fields: PostFields) -> bool:
        """Whether the post was published earlier."""
        return fields.posted_at < self.at

    @property
    def canonical(self) -> str:
        """The moment: one day begins at many, depending on the time zone."""
        return f"before:{self.at.isoformat()}"

    def __str__(self) -> str:
        return f"before:{self.day.isoformat()}"
