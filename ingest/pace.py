"""How fast we may ask Telegram for one kind of thing: some at once, then one now and then, and never while banned."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable

SLOWEST_SECONDS = 60.0
SPEED_UP = 0.986
"""To the power of fifty it is a half."""


class Pace:
    """A token bucket: `burst` calls at once, then one each `every`; `close_for` obeys a FLOOD_WAIT.

    `clock` gives seconds that never run backwards, `sleep` waits for some; both are injected by tests.
    """

    def __init__(
        self,
        burst: int,
        every: dt.timedelta,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._burst, self._every = burst, every.total_seconds()
        self._fastest = self._every
        self._clock, self._sleep = clock, sleep
        self._full_at = clock()
        """When the bucket would be full again if nobody took anything more."""
        self._closed_until = 0.0

    async def wait(self) -> None:
        """Take one turn, when it comes. Several may wait; whose turn it is then is chance."""
        while (seconds := self._seconds_left()) > 0:
            await self._sleep(seconds)
        self._full_at = max(self._full_at, self._clock()) + self._every

    def close_for(self, pause: dt.timedelta) -> None:
        """Let nobody through for so long."""
        self._closed_until = max(self._closed_until, self._clock() + pause.total_seconds())

    def slow_down(self) -> None:
        """Half as often from now on, though never more rarely than once each SLOWEST_SECONDS."""
        self._every = min(self._every * 2, max(SLOWEST_SECONDS, self._fastest))

    def speed_up(self) -> None:
        """A little more often, up to the rate it began with: some fifty calls make one halving good, however many."""
        self._every = max(self._every * SPEED_UP, self._fastest)

    def _seconds_left(self) -> float:
        turn_at = self._full_at - (self._burst - 1) * self._every
        return max(turn_at, self._closed_until) - self._clock()
