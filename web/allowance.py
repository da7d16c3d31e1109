"""How often somebody may ask: so many at once, and so many a minute after that. Kept in memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

MOST_KEYS = 10_000
"""Who has not asked for longest is forgotten first; a full table costs a megabyte."""


class Allowance:
    """Turns by key: the generic cell rate algorithm, one number each. `clock` counts seconds."""

    def __init__(self, a_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._between = 60 / a_minute
        self._at_once = 60.0
        self._clock = clock
        self._free_at: OrderedDict[Hashable, float] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """0 when this may go on; else the seconds after which it may, and nothing is taken."""
        now = self._clock()
        free_at = max(self._free_at.get(key, now), now) + self._between
        if free_at - now > self._at_once:
            return free_at - now - self._at_once
        self._free_at[key] = free_at
        self._free_at.move_to_end(key)
        if len(self._free_at) > MOST_KEYS:
            self._free_at.popitem(last=False)
        return 0.0
