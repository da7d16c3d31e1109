"""A clock that runs faster than real time, so that minutes of rates and bans are measured in seconds."""

from __future__ import annotations

import datetime as dt
import time

FASTEST = 5.0
"""Times real time. Beyond that a busy machine's own delays look like broken promises (figure: issue 6)."""


class SpedClock:
    """Starts at the real time and runs `speed` times as fast; give it to World, or to the server's Limits alone."""

    def __init__(self, speed: float) -> None:
        if not 0 < speed <= FASTEST:
            raise ValueError(f"a speed over 0 and at most {FASTEST:g} is needed, not {speed:g}")
        self.speed = speed
        self._began_at = dt.datetime.now(dt.UTC)
        self._began = time.monotonic()

    def now(self) -> dt.datetime:
        """The wall clock of the box: aware, UTC."""
        return self._began_at + dt.timedelta(seconds=self._passed())

    def monotonic(self) -> float:
        """Seconds of the box since an arbitrary start; they never run backwards."""
        return self._began + self._passed()

    def _passed(self) -> float:
        return (time.monotonic() - self._began) * self.speed
