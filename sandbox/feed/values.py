"""What the sample feed is made of: channels, posts, edits, deletions and the people who ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

LANGUAGES = frozenset({"en", "ru", "uk"})


@dataclass(frozen=True, slots=True)
class SampleChannel:
    """A fictional channel; its username begins with ``demo_`` (no @)."""

    username: str
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class SamplePoll:
    """The poll of a post: a question and two to ten options."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleDocument:
    """A file that hangs on a post."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SamplePost:
    """One post as it is published.

    ``text`` is the caption where there are photos or a document (of an album: on its first part), and empty for a
    poll. ``hours_ago`` counts back from the start of the demo, None for a live post. ``forward_of`` is the key of the
    post that this one forwards: its text and media are those of that post at this moment. ``story`` is the same for
    the posts that tell one event in their own words.
    """

    key: str
    channel: str
    text: str
    hours_ago: float | None = None
    photos: int = 0
    forward_of: str | None = None
    story: str | None = None
    poll: SamplePoll | None = None
    document: SampleDocument | None = None

    @property
    def is_album(self) -> bool:
        """True when the post is published as several messages, one a photo."""
        return self.photos > 1

    def photo_keys(self) -> tuple[str, ...]:
        """What to give to `sandbox.feed.photos.photo` for each part; a forward shows the original's photos."""
        return tuple(f"{self.forward_of or self.key}/{part}" for part in range(self.photos))


@dataclass(frozen=True, slots=True)
class SampleEdit:
    """An earlier post gets this text."""

    of: str
    text: str


@dataclass(frozen=True, slots=True)
class SampleDeletion:
    """An earlier post is deleted by its channel."""

    of: str


LiveItem: TypeAlias = SamplePost | SampleEdit | SampleDeletion


@dataclass(frozen=True, slots=True)
class SampleSubscriber:
    """A person of the demo and the words they type to the bot, one subscription each."""

    name: str
    language: str
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """The whole sample: history oldest first, live items in the order of their publication."""

    channels: tuple[SampleChannel, ...]
    history: tuple[SamplePost, ...]
    live: tuple[LiveItem, ...]
    subscribers: tuple[SampleSubscriber, ...]

    def live_posts(self) -> tuple[SamplePost, ...]:
        """The live items that are posts, as first published (edits not applied); an album is one post."""
        return tuple(item for item in self.live if isinstance(item, SamplePost))
