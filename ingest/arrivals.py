"""What comes to the pipeline's door, and the buffer in which it waits."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from storage.ids import ChannelId, MessageId
from storage.post_values import Post
from storage.posts import LabelledPost

ENTITY_WEIGHT = 100
"""Characters that the formatting of a piece of text is counted as: about what it takes in memory."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post at the door. `owe`: matching subscriptions are owed an alert; a backfilled post owes nothing."""

    post: Post
    owe: bool = True
    offered_at: float = field(default_factory=time.perf_counter, compare=False)
    """By `time.perf_counter`."""

    @property
    def weight(self) -> int:
        """How much it holds in memory, in characters."""
        return sum(len(part.text) + ENTITY_WEIGHT * len(part.entities) for part in self.post.parts)


@dataclass(frozen=True, slots=True)
class Deletion:
    """Messages that a channel deleted."""

    channel_id: ChannelId
    message_ids: tuple[MessageId, ...]
    deleted_at: dt.datetime

    @property
    def weight(self) -> int:
        """How much it holds in memory, in characters."""
        return ENTITY_WEIGHT * len(self.message_ids)


@dataclass(frozen=True, slots=True)
class Noted:
    """Ids of a channel that are no posts: service messages, and those that Telegram was asked for and did not give."""

    channel_id: ChannelId
    service: tuple[MessageId, ...] = ()
    missing: tuple[MessageId, ...] = ()
    is_by_number: bool = True
    """Whether the missing ones were asked for by number: only that makes them gone, the second time."""

    @property
    def weight(self) -> int:
        """How much it holds in memory, in characters."""
        return ENTITY_WEIGHT * (len(self.service) + len(self.missing))


@dataclass(frozen=True, slots=True)
class Labelled:
    """An arrival that has been analysed, ready to be committed."""

    item: LabelledPost
    owe: bool


Offered = Arrival | Deletion | Noted
"""What comes to the door."""

Ready = Labelled | Deletion | Noted
"""What can be committed."""


def channel_of(item: Ready) -> ChannelId:
    """Whose channel it is about."""
    return item.item.post.channel_id if isinstance(item, Labelled) else item.channel_id


class Buffer(asyncio.Queue[Offered]):
    """A queue that is full by number or by weight, so that posts of any length stay within a bound of memory.

    One that is heavier than the bound passes when nothing else waits. Who can wait has half of it only: the other half
    stays free for what Telegram pushes, which would have to be asked for again.
    """

    def __init__(self, posts: int, characters: int) -> None:
        super().__init__(posts)
        self._most = characters
        self._weight = 0
        self._has_room = asyncio.Event()
        self.taken_in = 0
        """How many have been put in since the beginning."""

    def full(self) -> bool:
        """Whether nothing more is taken at the moment."""
        return self._weight >= self._most or super().full()

    async def put(self, item: Offered) -> None:
        """Wait until half of it is free, and put it in."""
        while self._is_crowded():
            self._has_room.clear()
            await self._has_room.wait()
        self.put_nowait(item)

    def _is_crowded(self) -> bool:
        return self._weight >= self._most // 2 or self.qsize() >= max(self.maxsize // 2, 1)

    async def take(self, posts: int, characters: int) -> list[Offered]:
        """What waits, in order: at least one (waited for), no more than about so many."""
        taken = [await self.get()]
        weight = taken[0].weight
        while len(taken) < posts and weight < characters and not self.empty():
            taken.append(self.get_nowait())
            weight += taken[-1].weight
        return taken

    def _put(self, item: Offered) -> None:
        super()._put(item)
        self._weight += item.weight
        self.taken_in += 1

    def _get(self) -> Offered:
        item = super()._get()
        self._weight -= item.weight
        if not self._is_crowded():
            self._has_room.set()
        return item


def steps(batch: Sequence[Ready]) -> Iterator[list[Labelled] | Deletion | Noted]:
    """The batch in order, in pieces that hold no message twice: a post and its edit are two steps of one commit."""
    step: list[Labelled] = []
    keys: set[tuple[str, int, int]] = set()
    for arrival in batch:
        if not isinstance(arrival, Labelled):
            if step:
                yield step
            step, keys = [], set()
            yield arrival
            continue
        own = _keys(arrival.item.post)
        if not own.isdisjoint(keys):
            yield step
            step, keys = [], set()
        step.append(arrival)
        keys |= own
    if step:
        yield step


def _keys(post: Post) -> set[tuple[str, int, int]]:
    messages = {("message", post.channel_id, part.message_id) for part in post.parts}
    return messages | ({("album", post.channel_id, post.grouped_id)} if post.grouped_id is not None else set())
