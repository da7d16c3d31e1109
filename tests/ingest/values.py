"""Small values that the tests of this folder are made of."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from telethon.tl import types

from ingest.arrivals import Noted
from storage.ids import ChannelId, MessageId
from storage.post_values import Part, Post

NOW = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)
NEWS = ChannelId(7)
TELEGRAM_NEWS = 2_000_000_001


def wire_message(message_id: int = 5, text: str = "", **fields: Any) -> types.Message:
    """A message of the news channel as Telethon decodes it."""
    fields.setdefault("date", NOW)
    return types.Message(id=message_id, peer_id=types.PeerChannel(TELEGRAM_NEWS), message=text, **fields)


def post(message_id: int, text: str = "", *, grouped_id: int | None = None, **fields: Any) -> Post:
    """A post of one part."""
    part = Part(MessageId(message_id), text)
    return Post(NEWS, (part,), NOW, NOW, grouped_id=grouped_id, **fields)


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; TimeoutError after a generous while."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - conditions of the library and the box, which set no event
            await asyncio.sleep(0.01)


class Collector:
    """A pipeline's door that keeps what it is given; `is_full` turns everything away."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.deleted: list[tuple[ChannelId, tuple[MessageId, ...]]] = []
        self.noted: list[Noted] = []
        self.is_full = False

    def note_nowait(self, noted: Noted) -> bool:
        """Keep what is no post."""
        if not self.is_full:
            self.noted.append(noted)
        return not self.is_full

    def offer_nowait(self, post: Post) -> bool:
        """Keep a post."""
        if not self.is_full:
            self.posts.append(post)
        return not self.is_full

    def offer_deletion_nowait(
        self, channel_id: ChannelId, message_ids: Sequence[MessageId], deleted_at: dt.datetime
    ) -> bool:
        """Keep a deletion."""
        if not self.is_full:
            self.deleted.append((channel_id, tuple(message_ids)))
        return not self.is_full


class HandTimers:
    """Timers that fire when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[_Waiting] = []

    def __call__(self, seconds: float, act: Callable[[], None]) -> _Waiting:
        """As `loop.call_later`."""
        waiting = _Waiting(self.now + seconds, act)
        self._waiting.append(waiting)
        return waiting

    def advance(self, seconds: float) -> None:
        """Let time pass, and fire what is due."""
        self.now += seconds
        due = [each for each in self._waiting if each.at <= self.now + 1e-9]
        self._waiting = [each for each in self._waiting if each not in due]
        for each in due:
            if not each.is_cancelled:
                each.act()


class _Waiting:
    def __init__(self, at: float, act: Callable[[], None]) -> None:
        self.at, self.act, self.is_cancelled = at, act, False

    def cancel(self) -> None:
        """Never fire."""
        self.is_cancelled = True
