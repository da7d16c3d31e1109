"""One invented channel: what it holds, what has happened in it, and who may look at it."""

from __future__ import annotations

import datetime as dt
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sandbox.channel_posts import ChannelPost

Refusal = Literal["CHANNEL_PRIVATE", "CHANNEL_INVALID"]


class UnknownPost(LookupError):
    """A post is to be changed that the channel does not have (any more)."""

    def __init__(self, channel_id: int, message_id: int) -> None:
        super().__init__(f"channel {channel_id} has no post {message_id}")


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """One step of a channel's history. `pts` is the channel's count after it, `pts_count` how far it moved.

    An event moves pts by the number of messages it concerns (MTProto documentation, "Working with updates").
    `is_pushed`: readers who are connected are told; a hidden event is found only by asking.
    """

    channel_id: int
    kind: Literal["new", "edit", "delete"]
    message_ids: tuple[int, ...]
    pts: int
    pts_count: int
    happened_at: dt.datetime
    is_pushed: bool = True


@dataclass(slots=True)
class Channel:
    """One channel: `posts` by message id (deleted ones are gone), `events` oldest first, people by user id.

    A channel without a username is private: only members may look at it. Who is banned sees nothing, and nobody sees a
    channel that is deleted (`refused_as` is then the error that says so). `has_hash_per_account`: each person has an
    access hash of their own, as on Telegram; otherwise one serves all.
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
    ttl_period: int | None = None
    has_hash_per_account: bool = False
    refused_as: Refusal | None = None
    ids: list[int] = field(default_factory=list)

    def is_visible_to(self, user_id: int) -> bool:
        """Whether this person may read the channel: never when banned, and a private one only as a member."""
        if self.refused_as is not None or user_id in self.banned:
            return False
        return self.username is not None or user_id in self.members

    def hash_for(self, user_id: int) -> int:
        """The access hash by which this person's account names the channel."""
        if not self.has_hash_per_account:
            return self.access_hash
        digest = hashlib.sha256(b"channel %d of %d" % (self.access_hash, user_id)).digest()
        return int.from_bytes(digest[:8], "little", signed=True)

    def ban(self, user_id: int) -> None:
        """Throw a person out for good, without a word to them (`Channels.ban` tells them)."""
        self.members.discard(user_id)
        self.banned.add(user_id)

    @property
    def top_message_id(self) -> int:
        """The newest message id that is still there, 0 in an empty channel."""
        return self.ids[-1] if self.ids else 0

    def put(self, post: ChannelPost) -> None:
        """Add the newest post. `ids` are those of `posts`, ascending: what pages and tops are cut from."""
        self.posts[post.message_id] = post
        self.ids.append(post.message_id)

    def drop(self, message_id: int) -> None:
        """Take a post out."""
        del self.posts[message_id]
        del self.ids[bisect_left(self.ids, message_id)]

    def require(self, message_id: int) -> ChannelPost:
        """The post with this id. UnknownPost if it is not there."""
        post = self.posts.get(message_id)
        if post is None:
            raise UnknownPost(self.id, message_id)
        return post

    def count_events_after(self, pts: int) -> int:
        """How many events a reader has missed who stands at `pts`."""
        return len(self.events) - self._place_of(pts)

    def events_after(self, pts: int, limit: int) -> Sequence[ChannelEvent]:
        """The first events after `pts`, at most `limit`."""
        start = self._place_of(pts)
        return self.events[start : start + limit]

    def _place_of(self, pts: int) -> int:
        return bisect_right(self.events, pts, key=lambda event: event.pts)
