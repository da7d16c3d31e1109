"""Where the percolator files alternatives: by two features, so that a post visits only what it half matches already.

The tables hold the keys themselves, so that nothing is left to look up when an alternative holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, filterfalse
from typing import Generic, NamedTuple, TypeVar

from matching.query import Query
from matching.rows import EMPTY, Row
from matching.runs import Run

K = TypeVar("K")

ALONE = -1
"""Second feature of an alternative that one feature satisfies."""

NO_ANCHOR = -1
"""Anchor of an alternative that requires nothing, which every post visits."""


@dataclass(slots=True, eq=False)
class Check(Generic[K]):
    """What is left to look at when both features of an alternative are there.

    `others` must be there too, `forbidden` must not; `runs` must hold, `barred` must not. `query`, where there is one,
    is asked at last, because the features cannot say all.
    """

    others: tuple[int, ...]
    forbidden: tuple[int, ...]
    runs: tuple[Run, ...]
    barred: tuple[Run, ...]
    query: Query | None
    keys: list[K] = field(default_factory=list)


class Filed(NamedTuple, Generic[K]):
    """Where an alternative is filed: its rarest feature, its second rarest (itself if it has but one), the rest."""

    anchor: int
    second: int
    check: Check[K] | None

    def looked_for(self) -> Iterator[int]:
        """The features that it needs to see among those of a post, each as often as it does."""
        if self.second != ALONE:
            yield self.second
        if self.check is not None:
            yield from chain(self.check.others, self.check.forbidden)
            for run in (*self.check.runs, *self.check.barred):
                yield from run.features


class Mixed(Generic[K]):
    """Keys and checks under the same two features; where there are no checks, a list of keys does."""

    __slots__ = ("checks", "keys")

    def __init__(self, keys: list[K]) -> None:
        self.keys = keys
        self.checks: list[Check[K]] = []


Below = dict[int, list[K] | Mixed[K]]
"""Second feature -> what is filed there."""


class Tables(Generic[K]):
    """Two levels (reference/performance.md, 4.2). `touch` is told of each feature whose row has changed."""

    def __init__(self, touch: Callable[[int], None]) -> None:
        self._touch = touch
        self._single: dict[int, list[K]] = {}
        self._below: dict[int, Below[K]] = {}
        self._always: list[Check[K]] = []
        self._looked_for: dict[int, int] = {}

    def file(self, filed: Filed[K]) -> None:
        """Enter an alternative that has no keys yet."""
        for feature in filed.looked_for():
            uses = self._looked_for.get(feature, 0)
            self._looked_for[feature] = uses + 1
            if not uses:
                self._touch(feature)
        if filed.check is None:
            return
        if filed.anchor == NO_ANCHOR:
            self._always.append(filed.check)
            return
        below = self._open(filed.anchor)
        held = below.get(filed.second)
        if not isinstance(held, Mixed):
            held = below[filed.second] = Mixed(held or [])
        held.checks.append(filed.check)

    def unfile(self, filed: Filed[K]) -> None:
        """Take out an alternative that has no keys any more."""
        for feature in filed.looked_for():
            self._looked_for[feature] -= 1
            if not self._looked_for[feature]:
                del self._looked_for[feature]
                self._touch(feature)
        if filed.check is None:
            return
        if filed.anchor == NO_ANCHOR:
            self._always.remove(filed.check)
            return
        held = self._below[filed.anchor][filed.second]
        assert isinstance(held, Mixed)  # noqa: S101  # `file` made it one
        held.checks.remove(filed.check)
        self._tidy(filed.anchor, filed.second)

    def add(self, filed: Filed[K], key: K) -> None:
        """One more key stands for a filed alternative."""
        if filed.check is not None:
            filed.check.keys.append(key)
        elif filed.second == ALONE:
            self._single.setdefault(filed.anchor, []).append(key)
            self._touch(filed.anchor)
        else:
            held = self._open(filed.anchor).setdefault(filed.second, [])
            (held.keys if isinstance(held, Mixed) else held).append(key)

    def remove(self, filed: Filed[K], key: K) -> None:
        """A key no longer stands for a filed alternative."""
        if filed.check is not None:
            filed.check.keys.remove(key)
        elif filed.second == ALONE:
            keys = self._single[filed.anchor]
            keys.remove(key)
            if not keys:
                del self._single[filed.anchor]
            self._touch(filed.anchor)
        else:
            held = self._below[filed.anchor][filed.second]
            (held.keys if isinstance(held, Mixed) else held).remove(key)
            self._tidy(filed.anchor, filed.second)

    def _open(self, anchor: int) -> Below[K]:
        """What is filed under an anchor, new or known."""
        below = self._below.get(anchor)
        if below is None:
            below = self._below[anchor] = {}
            self._touch(anchor)
        return below

    def _tidy(self, anchor: int, second: int) -> None:
        """Drop what has become empty under two features."""
        below = self._below[anchor]
        held = below[second]
        if isinstance(held, Mixed) and not held.checks:
            held = below[second] = held.keys
        if not held:
            del below[second]
        if not below:
            del self._below[anchor]
            self._touch(anchor)

    def row(self, features: Iterable[int]) -> Row[K]:
        """What a token with these features sets off."""
        known = sorted(features)
        single = [self._single[feature] for feature in known if feature in self._single]
        row: Row[K] = (
            tuple(feature for feature in known if feature in self._looked_for),
            single[0] if len(single) == 1 else tuple(chain.from_iterable(single)),
            tuple(self._below[feature] for feature in known if feature in self._below),
        )
        return row if any(row) else EMPTY

    def hits(self, rows: Iterable[Row[K]]) -> tuple[set[K], set[int], list[Check[K]]]:
        """The keys that match by their features alone; the features looked for that are there; the checks whose two
        features are."""
        looked_for, keys, inner = zip(*rows, EMPTY, strict=True)
        found: set[K] = set(chain.from_iterable(keys))
        present: set[int] = set(chain.from_iterable(looked_for))
        checks = self._always.copy()
        # Nearly all that is visited lacks its second feature (23 of 24 at 100,000 queries, measured).
        for below in filterfalse(present.isdisjoint, chain.from_iterable(inner)):
            for second in below.keys() & present:
                held = below[second]
                if isinstance(held, Mixed):
                    found.update(held.keys)
                    checks += held.checks
                else:
                    found.update(held)
        return found, present, checks
