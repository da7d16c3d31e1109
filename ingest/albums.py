"""Albums reach us as single messages that share a grouped_id: their parts are held until the album seems complete."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from storage.ids import ChannelId, MessageId
from storage.post_values import Post

HOLD = dt.timedelta(milliseconds=300)
"""How long after its last part an album is given on (issue 2); a part that comes later is merged by storage."""

MOST_PARTS = 10
"""An album has 2 to 10 parts (Bot API documentation, sendMediaGroup): with ten it is complete."""


class Timer(Protocol):
    """Something that was to happen and may be called off, such as an asyncio.TimerHandle."""

    def cancel(self) -> object:
        """Call it off."""


Timers = Callable[[float, Callable[[], None]], Timer]
"""Do this so many seconds from now: `loop.call_later`, or a clock that a test moves by hand."""


def join(parts: Iterable[Post]) -> Post:
    """One post from the parts of an album. The caption may stand on any part; the counts on the first speak for all."""
    ordered = sorted(parts, key=lambda post: post.message_id)
    first = ordered[0]
    return replace(
        first,
        parts=tuple(part for post in ordered for part in post.parts),
        posted_at=min(post.posted_at for post in ordered),
        seen_at=min(post.seen_at for post in ordered),
        edited_at=max((post.edited_at for post in ordered if post.edited_at), default=None),
        reply_to=next((post.reply_to for post in ordered if post.reply_to is not None), None),
        forward=next((post.forward for post in ordered if post.forward is not None), None),
        views=max((post.views for post in ordered if post.views is not None), default=None),
        forwards=max((post.forwards for post in ordered if post.forwards is not None), default=None),
        reactions=next((post.reactions for post in ordered if post.reactions), None),
    )


@dataclass(slots=True)
class _Held:
    timer: Timer
    parts: dict[MessageId, Post] = field(default_factory=dict)


class Albums:
    """Gives single posts on at once, and albums as one post 300 ms after their last part.

    `give` is called from inside `add` or from the event loop's timer, never concurrently; it must not raise.
    """

    def __init__(
        self, give: Callable[[Post], None], *, hold: dt.timedelta = HOLD, timers: Timers | None = None
    ) -> None:
        self._give = give
        self._hold = hold.total_seconds()
        self._timers = timers or (lambda seconds, act: asyncio.get_running_loop().call_later(seconds, act))
        self._held: dict[tuple[ChannelId, int], _Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def add(self, post: Post) -> None:
        """A new message: held if it is part of an album, else given on."""
        if post.grouped_id is None:
            self._give(post)
            return
        key = (post.channel_id, post.grouped_id)
        held = self._held.pop(key, None)
        parts = held.parts if held else {}
        if held:
            held.timer.cancel()
        parts[post.message_id] = post
        self._held[key] = _Held(self._timers(self._hold, lambda: self._release(key)), parts)
        if len(parts) >= MOST_PARTS:
            self._release(key)

    def edit(self, post: Post) -> None:
        """A message as it is after an edit: replaces the part that is held, else given on at once."""
        held = self._held.get((post.channel_id, post.grouped_id)) if post.grouped_id is not None else None
        if held and post.message_id in held.parts:
            held.parts[post.message_id] = post
        else:
            self._give(post)

    def release(self, channel_id: ChannelId, message_ids: Collection[MessageId]) -> None:
        """Give on, now, the albums that hold any of these messages: something else is about to be said of them."""
        for key, held in list(self._held.items()):
            if key[0] == channel_id and not held.parts.keys().isdisjoint(message_ids):
                self._release(key)

    def drain(self) -> None:
        """Give on everything that is held: nothing more will come."""
        for key in list(self._held):
            self._release(key)

    def _release(self, key: tuple[ChannelId, int]) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            held.timer.cancel()
            self._give(join(held.parts.values()))
