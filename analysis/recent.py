"""A bounded memory of what was computed lately, for the ways that every word of every post goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")

NUMBER = re.compile(r"\d")
"""What holds a digit comes once, mostly, and is quickly computed: remembering every price, date and count would fill
each memory to its bound within hours, and cost words their place."""


class Recent(dict[str, V]):
    """Key -> value, computed once by `compute`, in two generations. A hit is a plain look into a dictionary.

    When the young generation is full it becomes the old one, and what was not asked for since the last change is
    forgotten: what is used stays, at most `bound` in all.
    """

    def __init__(self, compute: Callable[[str], V], *, bound: int) -> None:
        super().__init__()
        self._compute = compute
        self._half = max(bound // 2, 1)
        self._old: dict[str, V] = {}

    def __missing__(self, key: str) -> V:
        value = self._old.pop(key, None)
        if value is None:
            value = self._compute(key)
            if NUMBER.search(key):
                return value
        if len(self) >= self._half:
            self._old = dict(self)
            self.clear()
        self[key] = value
        return value

    @property
    def remembered(self) -> int:
        """How many keys are known, those of the old generation included."""
        return len(self) + len(self._old)

    def forget(self) -> None:
        """Forget everything."""
        self.clear()
        self._old = {}
