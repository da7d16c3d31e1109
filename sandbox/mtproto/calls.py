"""A count of the calls that clients made: in all, per method, since a mark, and when each came."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable


class Calls:
    """How often each method was called. `calls["messages.getHistory"]` and `calls["GetHistory"]` both count.

    Every call that arrives counts, whatever it is answered. Times are seconds of the world's monotonic clock.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._times: dict[str, array[float]] = {}

    def record(self, method: str) -> None:
        """Count one call, by the full name."""
        self._times.setdefault(method, array("d")).append(self._monotonic())

    def __getitem__(self, method: str) -> int:
        return sum(len(times) for times in self._of(method))

    @property
    def total(self) -> int:
        """How many calls there were of all methods."""
        return sum(map(len, self._times.values()))

    def mark(self) -> float:
        """Now, to be given to `since`."""
        return self._monotonic()

    def since(self, mark: float) -> dict[str, int]:
        """How often each method was called at `mark` or later, by its full name; methods that were not are left out."""
        counts = {method: len(times) - bisect_left(times, mark) for method, times in self._times.items()}
        return {method: count for method, count in counts.items() if count}

    def times(self, method: str) -> list[float]:
        """When a method was called, the earliest first."""
        return sorted(second for times in self._of(method) for second in times)

    def _of(self, method: str) -> list[array[float]]:
        wanted = method.lower()
        return [times for name, times in self._times.items() if wanted in spellings(name)]

    def __repr__(self) -> str:
        return f"Calls({ {method: len(times) for method, times in self._times.items()} })"


def spellings(method: str) -> tuple[str, str]:
    """Both ways to name a method, in lower case: in full, and by its last part."""
    return method.lower(), method.rpartition(".")[2].lower()
