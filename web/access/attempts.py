"""How often somebody may try to sign in: by name, and by the address that it comes from."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict, deque
from collections.abc import Callable

WITHIN = dt.timedelta(minutes=15)
OF_A_NAME = 10
OF_AN_ADDRESS = 30
"""Failures in that time (ASVS 5.0, 6.3.1). An address may be a whole newsroom behind one router."""

MOST_KEYS = 10_000
"""Names and addresses remembered: who floods with new ones pushes out the oldest, and memory stays bounded."""


class Attempts:
    """Failures of the last minutes. `clock` gives aware times."""

    def __init__(self, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], deque[dt.datetime]] = OrderedDict()

    def wait(self, name: str, address: str) -> dt.timedelta | None:
        """How long to wait before the next try; None: now. The same answer whether the name exists or not."""
        waits = [self._wait(key, most) for key, most in self._keys(name, address)]
        return max((wait for wait in waits if wait is not None), default=None)

    def failed(self, name: str, address: str) -> None:
        """Remember a failure. Noted before the password is compared, so that tries at the same moment count too."""
        now = self._clock()
        for key, most in self._keys(name, address):
            kept = self._failures.setdefault(key, deque(maxlen=most))
            kept.append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > MOST_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Take the last noted failure back: it was none."""
        for key, _ in self._keys(name, address):
            if kept := self._failures.get(key):
                kept.pop()

    def _wait(self, key: tuple[str, str], most: int) -> dt.timedelta | None:
        kept = self._failures.get(key)
        if not kept or len(kept) < most:
            return None
        left = kept[0] + WITHIN - self._clock()
        return left if left > dt.timedelta(0) else None

    @staticmethod
    def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        return (("name", name.strip().lower()[:64]), OF_A_NAME), (("address", address), OF_AN_ADDRESS)
