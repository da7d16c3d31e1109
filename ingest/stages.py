"""Where time goes: how long each stage of the pipeline takes a post."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

MICROSECONDS = 1e6


@dataclass(slots=True)
class Stages:
    """Seconds by the clock that posts have spent in each stage, and how many posts.

    They do not add up to the time between two posts: analysis of the next posts goes on while the ones before are
    stored, and `waiting` is how long a post lies between hand-over and its turn, which work on other posts fills.
    """

    posts: int = 0
    waiting: float = 0.0
    """In the buffer, and analysed while the batch before is not committed yet."""
    analysis: float = 0.0
    """Terms, language and topics."""
    storing: float = 0.0
    """What is stored already, and writing posts: for PostgreSQL's answers, matching left out."""
    matching: float = 0.0
    """Which subscriptions ask for it."""
    stories: float = 0.0
    """Which story it tells."""
    owing: float = 0.0
    """Writing alerts."""
    commit: float = 0.0
    """For the disk."""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add what the block takes to one stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            setattr(self, stage, getattr(self, stage) + time.perf_counter() - began)

    def per_post(self) -> dict[str, float]:
        """Stage -> microseconds a post; all 0 when there were no posts."""
        return {name: MICROSECONDS * getattr(self, name) / max(self.posts, 1) for name in NAMES}

    def copy(self) -> Stages:
        """As it is now."""
        return replace(self)

    def since(self, before: Stages) -> Stages:
        """What was added after `before` had been copied from this."""
        return Stages(self.posts - before.posts, *(getattr(self, name) - getattr(before, name) for name in NAMES))


NAMES = ("waiting", "analysis", "storing", "matching", "stories", "owing", "commit")
"""The stages in their order."""
