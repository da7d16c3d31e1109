"""The invented channels of the box: who reads them, what they publish, and a true event log of each."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sandbox.channel_posts import (
    ChannelPost,
    Entity,
    ForwardOrigin,
    Media,
    Poll,
    ServiceAction,
)

if TYPE_CHECKING:
    from sandbox.world import Clock

__all__ = [
    "Channel",
    "ChannelEvent",
    "ChannelPost",
    "Channels",
    "Entity",
    "ForwardOrigin",
    "Media",
    "Poll",
    "Published",
    "ServiceAction",
    "UnknownPost",
]

FIRST_CHANNEL_ID = 2_000_000_001
"""Far from the ids of people, and within 32 bits as most real channel ids are."""

ALBUM_SIZES = range(2, 11)
"""An album has 2 to 10 parts (Bot API documentation, sendMediaGroup)."""


class UnknownPost(LookupError):
    """A post is to be changed that the channel does not have (any more)."""

    def __init__(self, channel_id: int, message_id: int) -> None:
        super().__init__(f"channel {channel_id} has no post {message_id}")


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """One step of a channel's history. `pts` is the channel's count after it, `pts_count` how far it moved.

    An event moves pts by the number of messages it concerns (MTProto documentation, "Working with updates").
    """

    channel_id: int
    kind: Literal["new", "edit", "delete"]
    message_ids: tuple[int, ...]
    pts: int
    pts_count: int
    happened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Published:
    """A line of the ledger: what was published, kept even when the post is edited or deleted later.

    `published_at` is the wall clock at that moment (a post may claim another date), `monotonic` its seconds.
    """

    channel_id: int
    message_id: int
    text: str
    grouped_id: int | None
    published_at: dt.datetime
    monotonic: float


@dataclass(slots=True)
class Channel:
    """One channel: `posts` by message id (deleted ones are gone), `events` oldest first, people by user id.

    A channel without a username is private: only members may look at it. Who is banned sees nothing.
    """

    id: int
    title: str
    username: str | None
    access_hash: int
    created_at: dt.datetime
    about: str = ""
    noforwards: bool = False
    posts: dict[int, ChannelPost] = field(default_factory=dict)
    pts: int = 1
    events: list[ChannelEvent] = field(default_factory=list)
    members: set[int] = field(default_factory=set)
    banned: set[int] = field(default_factory=set)
    next_id: int = 1

    def is_visible_to(self, user_id: int) -> bool:
        """Whether this person may read the channel: never when banned, and a private one only as a member."""
        return user_id not in self.banned and (self.username is not None or user_id in self.members)

    def ban(self, user_id: int) -> None:
        """Throw a person out for good."""
        self.members.discard(user_id)
        self.banned.add(user_id)

    @property
    def top_message_id(self) -> int:
        """The newest message id that is still there, 0 in an empty channel."""
        return max(self.posts, default=0)


class Channels:
    """All channels of the world. Every change is told at once to whoever subscribed (the MTProto server)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[int, Channel] = {}
        self._callbacks: list[Callable[[Channel, ChannelEvent], None]] = []
        self._grouped_ids = itertools.count(13_000_000_001)
        self.ledger: list[Published] = []
        self.files: dict[int, Media] = {}

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, channel_id: int) -> Channel | None:
        """The channel with this id."""
        return self._by_id.get(channel_id)

    def by_username(self, username: str) -> Channel | None:
        """The channel with this name, whatever its case."""
        wanted = username.lower()
        return next((channel for channel in self if channel.username and channel.username.lower() == wanted), None)

    def add(
        self,
        title: str,
        username: str | None = None,
        *,
        channel_id: int | None = None,
        about: str = "",
        noforwards: bool = False,
    ) -> Channel:
        """Open a channel, still empty; without a username it is private. A taken id or name is a ValueError."""
        number = channel_id or max(self._by_id, default=FIRST_CHANNEL_ID - 1) + 1
        if number in self._by_id or (username and self.by_username(username)):
            raise ValueError(f"the box already has a channel {number} or @{username}")
        access_hash = random.getrandbits(63) - (1 << 62)
        channel = Channel(number, title, username, access_hash, self._clock.now(), about, noforwards)
        self._by_id[number] = channel
        return channel

    def publish(
        self,
        channel: Channel,
        text: str,
        *,
        media: Sequence[Media] = (),
        entities: Sequence[Entity] = (),
        forwarded_from: ForwardOrigin | None = None,
        reply_to: int | None = None,
        at: dt.datetime | None = None,
    ) -> ChannelPost:
        """Publish a post, dated now or `at`. More than one file is an album, not a post: ValueError."""
        if len(media) > 1:
            raise ValueError("a post carries one file at most; an album is published with publish_album")
        post = self._draft(channel, text, media=tuple(media), entities=tuple(entities), at=at)
        post.forwarded_from, post.reply_to = forwarded_from, reply_to
        return self._release(channel, post)

    def publish_album(
        self,
        channel: Channel,
        text: str,
        photos: Sequence[bytes],
        *,
        entities: Sequence[Entity] = (),
        at: dt.datetime | None = None,
    ) -> list[ChannelPost]:
        """Publish 2 to 10 photos as one album: a message each, one grouped_id, the caption on the first."""
        if len(photos) not in ALBUM_SIZES:
            raise ValueError(f"an album has 2 to 10 photos, not {len(photos)}")
        grouped_id = next(self._grouped_ids)
        parts = []
        for number, photo in enumerate(photos):
            caption, marks = (text, tuple(entities)) if number == 0 else ("", ())
            part = self._draft(channel, caption, media=(Media("photo", photo),), entities=marks, at=at)
            part.grouped_id = grouped_id
            parts.append(self._release(channel, part))
        return parts

    def publish_poll(self, channel: Channel, question: str, answers: Sequence[str]) -> ChannelPost:
        """Publish a poll."""
        post = self._draft(channel, "")
        post.poll = Poll(question, tuple(answers))
        return self._release(channel, post)

    def announce(self, channel: Channel, action: ServiceAction) -> ChannelPost:
        """Let a service message appear. It takes an id and moves pts, but is no post and not in the ledger."""
        post = self._draft(channel, "")
        post.service_action = action
        return self._release(channel, post)

    def edit(self, channel: Channel, message_id: int, text: str, *, entities: Sequence[Entity] = ()) -> ChannelPost:
        """Change a post's text and entities. UnknownPost if it is not there."""
        post = self._require(channel, message_id)
        post.text, post.entities, post.edited_at = text, tuple(entities), self._clock.now()
        self._record(channel, "edit", (message_id,))
        return post

    def delete(self, channel: Channel, message_ids: Iterable[int]) -> None:
        """Delete posts, all in one event. UnknownPost, and nothing deleted, if one is not there."""
        ids = tuple(dict.fromkeys(message_ids))
        for message_id in ids:
            self._require(channel, message_id)
        for message_id in ids:
            del channel.posts[message_id]
        if ids:
            self._record(channel, "delete", ids)

    def skip_ids(self, channel: Channel, n: int) -> None:
        """Leave a hole of n message ids that never held anything."""
        channel.next_id += n

    def subscribe(self, callback: Callable[[Channel, ChannelEvent], None]) -> Callable[[], None]:
        """Hear every event as it happens, in the caller's thread; the answer ends the subscription."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def _draft(
        self,
        channel: Channel,
        text: str,
        *,
        media: tuple[Media, ...] = (),
        entities: tuple[Entity, ...] = (),
        at: dt.datetime | None = None,
    ) -> ChannelPost:
        return ChannelPost(channel.next_id, text, at or self._clock.now(), media=media, entities=entities)

    def _release(self, channel: Channel, post: ChannelPost) -> ChannelPost:
        channel.next_id += 1
        channel.posts[post.message_id] = post
        self.files.update({media.id: media for media in post.media})
        if post.service_action is None:
            self.ledger.append(
                Published(
                    channel.id,
                    post.message_id,
                    post.text,
                    post.grouped_id,
                    self._clock.now(),
                    self._clock.monotonic(),
                )
            )
        self._record(channel, "new", (post.message_id,))
        return post

    def _require(self, channel: Channel, message_id: int) -> ChannelPost:
        post = channel.posts.get(message_id)
        if post is None:
            raise UnknownPost(channel.id, message_id)
        return post

    def _record(self, channel: Channel, kind: Literal["new", "edit", "delete"], message_ids: tuple[int, ...]) -> None:
        channel.pts += len(message_ids)
        event = ChannelEvent(channel.id, kind, message_ids, channel.pts, len(message_ids), self._clock.now())
        channel.events.append(event)
        for callback in list(self._callbacks):
            callback(channel, event)
