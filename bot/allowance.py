"""How much one chat may ask in a minute, and how often it is told that this was too much. In memory, on any clock."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import monotonic

MINUTE = 60.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float
    told_at: float = float("-inf")
    last: int | None = None
    """What the last token was taken for."""


class Allowance:
    """A token bucket for each key: `a_minute` at once, and as many again within a minute. `clock` gives seconds."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._most = float(a_minute)
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}
        self._swept_at = clock()

    def take(self, key: Hashable, what: int | None = None) -> bool:
        """Whether one more is within the allowance; if so, it counts.

        `what` is asked for, by number: asked again at once it is not counted again.
        """
        bucket = self._filled(key)
        if what is not None and what == bucket.last:
            return True
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        bucket.last = what
        return True

    def may_tell(self, key: Hashable) -> bool:
        """Whether a refusal is to be said: once a minute, so that whoever floods gets no flood back."""
        bucket, now = self._filled(key), self._clock()
        if now - bucket.told_at < MINUTE:
            return False
        bucket.told_at = now
        return True

    def _filled(self, key: Hashable) -> _Bucket:
        now = self._clock()
        self._sweep(now)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._most, now)
        bucket.tokens = min(self._most, bucket.tokens + (now - bucket.at) * self._most / MINUTE)
        bucket.at = now
        return bucket

    def _sweep(self, now: float) -> None:
        """Forget who asked nothing for a minute: their bucket is full, and telling them is due again."""
        if now - self._swept_at < MINUTE:
            return
        self._swept_at = now
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if now - max(bucket.at, bucket.told_at) < MINUTE
        }
