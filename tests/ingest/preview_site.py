"""A channel of the box with its preview pages, a reader at them, and a clock that nobody waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from ingest.messages import ServiceMessage
from ingest.preview import PreviewReader
from ingest.preview_loop import PreviewChannel, PreviewLoop
from ingest.preview_page import NoPreview
from sandbox.channels import Channel
from sandbox.preview_pages import PreviewPages
from sandbox.world import World
from storage.ids import MessageId
from storage.post_values import Post
from tests.ingest.values import NEWS, NOW


@dataclass
class HandClock:
    """Sleeping takes no time, and moves the clock."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """As asyncio.sleep."""
        self.slept.append(seconds)
        self.seconds += seconds


class Door:
    """A pipeline's door that keeps what it is given; `is_broken` refuses everything."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.owed: list[bool] = []
        self.is_broken = False

    async def offer(self, post: Post, *, owe: bool) -> None:
        """Keep a post."""
        if self.is_broken:
            raise RuntimeError("the door is shut")
        self.posts.append(post)
        self.owed.append(owe)

    @property
    def ids(self) -> list[int]:
        """Every message id that was offered, in order."""
        return [part.message_id for post in self.posts for part in post.parts]


@dataclass
class PreviewSite:
    """What the tests of the reader and the loop stand on."""

    world: World
    news: Channel
    pages: PreviewPages
    reader: PreviewReader
    clock: HandClock
    door: Door = field(default_factory=Door)
    services: list[ServiceMessage] = field(default_factory=list)
    no_previews: list[NoPreview | None] = field(default_factory=list)

    def publish(self, count: int) -> None:
        """So many posts."""
        for _ in range(count):
            self.world.channels.publish(self.news, f"post {self.news.next_id}", at=self.now())

    def now(self) -> dt.datetime:
        """The wall clock."""
        return NOW + dt.timedelta(seconds=self.clock.seconds)

    def loop(self, newest: int | None = None, telegram_id: int | None = None) -> PreviewLoop:
        """A loop that follows the channel."""

        async def on_service(message: ServiceMessage) -> None:
            self.services.append(message)

        async def on_no_preview(channel: PreviewChannel, reason: NoPreview | None) -> None:
            self.no_previews.append(reason)

        made = PreviewLoop(
            self.reader,
            self.door,
            on_service=on_service,
            on_no_preview=on_no_preview,
            clock=self.clock,
            now=self.now,
        )
        known = MessageId(newest) if newest is not None else None
        made.follow([PreviewChannel(NEWS, "news_box", telegram_id, known)])
        return made

    async def visit(self, loop: PreviewLoop) -> float:
        """Wait until the channel is due, and visit it; the seconds until the next visit."""
        while (pause := await loop.step()) <= 0:
            pass
        self.clock.seconds += pause
        return await loop.step()


@pytest.fixture
async def site(world: World, news: Channel) -> AsyncIterator[PreviewSite]:
    """The channel, still silent."""
    pages = PreviewPages(world)
    await pages.start()
    clock = HandClock()
    async with PreviewReader(pages.base_url, clock=clock, sleep=clock.sleep, jitter=lambda low, high: high) as reader:
        yield PreviewSite(world, news, pages, reader, clock)
    await pages.stop()
