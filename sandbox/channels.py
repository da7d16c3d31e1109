"""The invented channels of the box: what they publish, and a true event log of each."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from sandbox.channel import Channel, ChannelEvent, UnknownPost
from sandbox.channel_ledger import Deleted, Published
from sandbox.channel_posts import (
    ChannelPost,
    Entity,
    ForwardOrigin,
    Media,
    Poll,
    ServiceAction,
)
from sandbox.channel_registry import FIRST_CHANNEL_ID, ChannelRegistry

if TYPE_CHECKING:
    from sandbox.world import Clock

__all__ = [
    "FIRST_CHANNEL_ID",
    "Channel",
    "ChannelEvent",
    "ChannelPost",
    "Channels",
    "Deleted",
    "Entity",
    "ForwardOrigin",
    "Media",
    "Poll",
    "Published",
    "ServiceAction",
    "UnknownPost",
]

ALBUM_SIZES = range(2, 11)
"""An album has 2 to 10 parts (Bot API documentation, sendMediaGroup)."""


class Channels(ChannelRegistry):
    """All channels of the world. Every change is told at once to whoever subscribed (the MTProto server).

    What is done with `push=False` is hidden: it moves pts and stands in the difference, but no reader is told of it.
    `ledger` and `deletions` are the truth that tests compare with.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._callbacks: list[Callable[[Channel, ChannelEvent], None]] = []
        self._grouped_ids = itertools.count(13_000_000_001)
        self.ledger: list[Published] = []
        self.deletions: list[Deleted] = []
        self.files: dict[int, Media] = {}

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
        ttl_period: int | None = None,
        push: bool = True,
    ) -> ChannelPost:
        """Publish a post, dated now or `at`, to live `ttl_period` seconds (by default as the channel has it).

        More than one file is an album, not a post: ValueError.
        """
        if len(media) > 1:
            raise ValueError("a post carries one file at most; an album is published with publish_album")
        post = self._draft(channel, text, media=tuple(media), entities=tuple(entities), at=at)
        post.forwarded_from, post.reply_to = forwarded_from, reply_to
        post.ttl_period = ttl_period or post.ttl_period
        return self._release(channel, post, push=push)

    def publish_many(self, channel: Channel, texts: Iterable[str], *, push: bool = False) -> list[int]:
        """Publish a backlog, hidden unless `push`; the message ids. A hundred thousand take about a second."""
        return [self._release(channel, self._draft(channel, text), push=push).message_id for text in texts]

    def publish_album(
        self,
        channel: Channel,
        text: str,
        photos: Sequence[bytes],
        *,
        entities: Sequence[Entity] = (),
        at: dt.datetime | None = None,
        push: bool = True,
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
            parts.append(self._release(channel, part, push=push))
        return parts

    def publish_poll(
        self, channel: Channel, question: str, answers: Sequence[str], *, push: bool = True
    ) -> ChannelPost:
        """Publish a poll."""
        post = self._draft(channel, "")
        post.poll = Poll(question, tuple(answers))
        return self._release(channel, post, push=push)

    def announce(self, channel: Channel, action: ServiceAction, *, push: bool = True) -> ChannelPost:
        """Let a service message appear. It takes an id and moves pts, but is no post and not in the ledger."""
        post = self._draft(channel, "")
        post.service_action = action
        return self._release(channel, post, push=push)

    def rename(self, channel: Channel, *, title: str | None = None, username: str | None = None) -> None:
        """Give the channel another title (a service message says so), another name, or both; readers are told.

        A name that another channel has is a ValueError.
        """
        if username is not None:
            self._call_it(channel, username)
        if title is not None:
            channel.title = title
            self.announce(channel, ServiceAction("renamed", title))
        self.tell_changed(channel, channel.members)

    def edit(
        self, channel: Channel, message_id: int, text: str, *, entities: Sequence[Entity] = (), push: bool = True
    ) -> ChannelPost:
        """Change a post's text and entities. UnknownPost if it is not there."""
        post = channel.require(message_id)
        post.text, post.entities, post.edited_at = text, tuple(entities), self._clock.now()
        post.is_edit_hidden = False
        self._record(channel, "edit", (message_id,), push=push)
        return post

    def react(
        self, channel: Channel, message_id: int, reactions: Mapping[str, int], *, push: bool = True
    ) -> ChannelPost:
        """Change a post's reactions, given as emoji -> count. Readers meet an edit that changes nothing else, and
        that Telegram marks as not to be shown as one (edit_hide). UnknownPost if the post is not there."""
        post = channel.require(message_id)
        post.is_edit_hidden = post.is_edit_hidden or post.edited_at is None
        post.reactions, post.edited_at = dict(reactions), self._clock.now()
        self._record(channel, "edit", (message_id,), push=push)
        return post

    def delete(self, channel: Channel, message_ids: Iterable[int], *, push: bool = True) -> None:
        """Delete posts, all in one event. UnknownPost, and nothing deleted, if one is not there."""
        ids = tuple(dict.fromkeys(message_ids))
        for message_id in ids:
            channel.require(message_id)
        now, monotonic = self._clock.now(), self._clock.monotonic()
        for message_id in ids:
            channel.drop(message_id)
            self.deletions.append(Deleted(channel.id, message_id, now, monotonic))
        if ids:
            self._record(channel, "delete", ids, push=push)

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
        post = ChannelPost(channel.next_id, text, at or self._clock.now(), media=media, entities=entities)
        post.ttl_period = channel.ttl_period
        return post

    def _release(self, channel: Channel, post: ChannelPost, *, push: bool) -> ChannelPost:
        channel.next_id += 1
        channel.put(post)
        self.files.update({media.id: media for media in post.media})
        if post.service_action is None:
            now, monotonic = self._clock.now(), self._clock.monotonic()
            line = Published(channel.id, post.message_id, post.text, post.grouped_id, now, monotonic)
            self.ledger.append(line)
        self._record(channel, "new", (post.message_id,), push=push)
        return post

    def _record(
        self,
        channel: Channel,
        kind: Literal["new", "edit", "delete"],
        message_ids: tuple[int, ...],
        *,
        push: bool,
    ) -> None:
        channel.pts += len(message_ids)
        event = ChannelEvent(channel.id, kind, message_ids, channel.pts, len(message_ids), self._clock.now(), push)
        channel.events.append(event)
        for callback in list(self._callbacks):
            callback(channel, event)
