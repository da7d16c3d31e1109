"""The posts of a window by their time of posting: which one is to go first."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from analysis.stories.telling import Telling

MOST_STALE = 1_000
"""Entries of posts that are gone, beside one for each that is there, before all are sorted anew."""


class Ages:
    """Posts, the oldest first. Those that are forgotten elsewhere are left out when their turn comes."""

    def __init__(self, tellings: Mapping[int, Telling]) -> None:
        self._tellings = tellings
        self._oldest: list[tuple[float, int]] = []

    def add(self, telling: Telling) -> None:
        """A post has come, or has come again."""
        heappush(self._oldest, (telling.posted_at, telling.post_id))
        if len(self._oldest) > 2 * len(self._tellings) + MOST_STALE:
            self._oldest = [(each.posted_at, each.post_id) for each in self._tellings.values()]
            heapify(self._oldest)

    def oldest(self) -> Telling | None:
        """The post that goes first; None when there is none."""
        oldest = self._oldest
        while oldest:
            posted_at, post_id = oldest[0]
            telling = self._tellings.get(post_id)
            if telling is not None and telling.posted_at == posted_at:
                return telling
            heappop(oldest)
        return None
