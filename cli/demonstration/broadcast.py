"""The channels of the demo speak: a week of history first, then the live feed at a pace that Telegram allows."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from cli.demonstration.expectation import Expectation
from cli.demonstration.stage import Stage
from sandbox.channels import Channel, ChannelPost, ForwardOrigin, Media
from sandbox.feed.photos import photo
from sandbox.feed.sample import LiveItem, SampleDeletion, SampleEdit, SamplePost

CHAT_PACE_SECONDS = 1.1
"""No person is owed more than Telegram's one message a second (Bot API FAQ); a little slack for the wire."""

LEAST_PAUSE_SECONDS = 0.15

Owed = tuple[int, str]
"""A person's chat and the link of the post they are owed."""


@dataclass(slots=True)
class Broadcast:
    """Publishes the feed, and remembers what it owes whom since when (seconds of the world's clock)."""

    stage: Stage
    published: int = 0
    owed_since: dict[Owed, float] = field(default_factory=dict)
    _messages: dict[str, list[ChannelPost]] = field(default_factory=dict)
    _current: dict[str, SamplePost] = field(default_factory=dict)
    _next_for: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def publish_history(self, archive: Path) -> None:
        """Let the channels have a past, and write it down as an archive that `channelwatch replay` reads."""
        now = self.stage.world.clock.now()
        with archive.open("w", encoding="utf-8") as file:
            for post in self.stage.feed.history:
                channel = self._channel(post)
                self._publish(post, at=now - dt.timedelta(hours=post.hours_ago or 0))
                for message in self._messages[post.key]:
                    file.write(json.dumps(_archived(channel, message), ensure_ascii=False) + "\n")

    async def go_live(self, expectation: Expectation) -> None:
        """Publish every live item in its order, none sooner than the chats it is owed to may be written to."""
        for item in self.stage.feed.live:
            owed = [] if isinstance(item, SampleDeletion) else self._newly_owed(item, expectation)
            await self._wait_for(owed)
            self.show(item)
            since = self.stage.world.clock.monotonic()
            for name in owed:
                key = item.of if isinstance(item, SampleEdit) else item.key  # type: ignore[union-attr]
                self.owed_since[self.stage.people[name].id, self.link(key)] = since
                self._next_for[name] = since + CHAT_PACE_SECONDS

    def show(self, item: LiveItem) -> None:
        """Publish, edit or delete."""
        channels = self.stage.world.channels
        if isinstance(item, SamplePost):
            self._publish(item)
            return
        channel = self._channel(self._current[item.of])
        numbers = [message.message_id for message in self._messages[item.of]]
        if isinstance(item, SampleDeletion):
            channels.delete(channel, numbers)
        else:
            channels.edit(channel, numbers[0], item.text)
            self._current[item.of] = replace(self._current[item.of], text=item.text)

    def link(self, key: str) -> str:
        """The public link of a post of the feed."""
        return f"https://t.me/{self._current[key].channel}/{self._messages[key][0].message_id}"

    def _newly_owed(self, item: SamplePost | SampleEdit, expectation: Expectation) -> list[str]:
        if isinstance(item, SamplePost):
            return expectation.owed_to(item)
        before = self._current[item.of]
        return [
            name
            for name in expectation.owed_to(replace(before, text=item.text))
            if (self.stage.people[name].id, self.link(item.of)) not in self.owed_since
        ]

    async def _wait_for(self, owed: Iterable[str]) -> None:
        now = self.stage.world.clock.monotonic()
        ready = max((self._next_for[name] for name in owed), default=now)
        await asyncio.sleep(max(LEAST_PAUSE_SECONDS, ready - now))

    def _publish(self, post: SamplePost, at: dt.datetime | None = None) -> None:
        channels, channel = self.stage.world.channels, self._channel(post)
        files = [Media("photo", photo(key), f"{post.key}.png", "image/png") for key in post.photo_keys()]
        if post.document:
            files.append(Media("document", post.document.content, post.document.name))
        if post.poll:
            messages = [channels.publish_poll(channel, post.poll.question, post.poll.options)]
        elif post.is_album:
            messages = channels.publish_album(channel, post.text, [file.data for file in files], at=at)
        else:
            messages = [channels.publish(channel, post.text, media=files, forwarded_from=self._origin(post), at=at)]
        self._messages[post.key], self._current[post.key] = messages, post
        self.published += 1

    def _origin(self, post: SamplePost) -> ForwardOrigin | None:
        if post.forward_of is None:
            return None
        first = self._messages[post.forward_of][0]
        origin = self._channel(self._current[post.forward_of])
        return ForwardOrigin(origin.id, message_id=first.message_id, posted_at=first.posted_at)

    def _channel(self, post: SamplePost) -> Channel:
        channel = self.stage.world.channels.by_username(post.channel)
        if channel is None:
            raise LookupError(post.channel)
        return channel


def endless(feed: Iterable[LiveItem]) -> Iterator[SamplePost]:
    """The feed's posts again and again, for whoever stays."""
    posts = [item for item in feed if isinstance(item, SamplePost)]
    while True:
        yield from posts


def _archived(channel: Channel, message: ChannelPost) -> dict[str, object]:
    return {
        "channel": channel.username,
        "channel_title": channel.title,
        "message_id": message.message_id,
        "date": message.posted_at.isoformat(),
        "text": message.text,
        "views": message.views,
        "forwards": message.forwards,
        "grouped_id": message.grouped_id,
        "media_type": "MessageMediaPhoto" if message.media else None,
    }
