"""What channels do while the nemesis is at work: they post, unevenly, and edit, and delete."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from itertools import accumulate

from benchmarks.corpus import generated
from sandbox.channels import Channel, ServiceAction
from sandbox.world import World

TEXTS = 500

BUSIEST_SHARE = 0.35
"""Of all posts, by the first channel; the others share the rest, each less than the one before."""

ALBUM, SERVICE, EDIT, DELETE = 0.02, 0.01, 0.06, 0.02
"""For each post, how often something else happens beside it: an album (in place of the post), a service message, an
edit, a deletion."""

RECENT = 60
"""Edits and deletions concern one of so many newest messages of a channel."""


class Publishing:
    """Publishes at a rate (messages a second) until cancelled. The same seed decides the same, in the same order."""

    def __init__(self, world: World, channels: Sequence[Channel], rate: float, seed: int) -> None:
        self._channels = world.channels
        self._those = list(channels)
        self._weights = list(accumulate(shares(len(channels))))
        self._rate = rate
        self._chance = random.Random(f"posts {seed}")  # noqa: S311 - load, not secrets
        self._texts = generated(TEXTS, is_small=True).texts
        self._number = 0
        self.edits = 0

    async def run(self) -> None:
        """For ever, at random moments as posts come."""
        due = time.monotonic()
        while self._rate:
            due += self._chance.expovariate(self._rate)
            await asyncio.sleep(max(due - time.monotonic(), 0))  # 0 leaves room for the servers of this process
            due += (self.act() - 1) / self._rate

    def act(self) -> int:
        """One post or album, and what goes with it; how many messages were posted."""
        channel = self._chance.choices(self._those, cum_weights=self._weights)[0]
        kind = self._chance.random()
        if channel.refused_as is not None:  # deleted: nobody posts there
            return 1
        posted = self._album(channel) if self._chance.random() < ALBUM else self._post(channel)
        if kind < SERVICE:
            self._channels.announce(channel, ServiceAction("pinned", message_id=channel.top_message_id))
        elif kind < SERVICE + EDIT:
            self._edit(channel)
        elif kind < SERVICE + EDIT + DELETE:
            self._delete(channel)
        return posted

    def text(self) -> str:
        """A text that no other post has."""
        self._number += 1
        return f"{self._number}. {self._chance.choice(self._texts)}"

    def _post(self, channel: Channel) -> int:
        self._channels.publish(channel, self.text())
        return 1

    def _album(self, channel: Channel) -> int:
        parts = self._chance.randint(2, 5)
        self._channels.publish_album(channel, self.text(), [bytes([number]) for number in range(parts)])
        return parts

    def _edit(self, channel: Channel) -> None:
        post = channel.posts[self._chance.choice(channel.ids[-RECENT:])]
        if post.service_action is None:
            self.edits += 1
            self._channels.edit(channel, post.message_id, f"{post.text} (edit {self.edits})")

    def _delete(self, channel: Channel) -> None:
        newest = channel.ids[-RECENT:]
        self._channels.delete(channel, self._chance.sample(newest, min(len(newest), self._chance.randint(1, 2))))


def shares(channels: int) -> list[float]:
    """How much of all posts each channel publishes: one is busy, many are quiet."""
    others = [1 / (number + 1) for number in range(channels - 1)]
    rest = sum(others)
    return [BUSIEST_SHARE if others else 1.0, *((1 - BUSIEST_SHARE) * each / rest for each in others)]
