"""Where the percolator files alternatives: by two features, so that a post visits only what it half matches already."""

from __future__ import annotations

from typing import Any

Check = tuple[int, frozenset[int], frozenset[int]]
"""An entry's number, the features it requires besides the two it is filed under, and those it excludes."""

Below = dict[int, dict[int, list[Any]]]
"""Rarest feature -> second rarest -> what is filed there."""


class Tables:
    """Four tables (reference/performance.md, 4.2): what is left to check decides to which an alternative goes."""

    def __init__(self) -> None:
        self._single: dict[int, list[int]] = {}
        self._pair: dict[int, dict[int, list[int]]] = {}
        self._rest: dict[int, dict[int, list[Check]]] = {}
        self._always: list[tuple[int, frozenset[int]]] = []
        self._places: dict[int, list[tuple[Below | None, int, int, Any]]] = {}

    def __len__(self) -> int:
        """How many alternatives are filed."""
        below = (items for table in (self._pair, self._rest) for inner in table.values() for items in inner.values())
        return sum(map(len, self._single.values())) + sum(map(len, below)) + len(self._always)

    def file(self, number: int, required: list[int], forbidden: frozenset[int]) -> None:
        """File an alternative of entry `number`: its required features, the rarest first, and those it excludes."""
        if not required:  # the query language refuses such queries
            self._always.append((number, forbidden))
        elif len(required) == 1 and not forbidden:
            self._single.setdefault(required[0], []).append(number)
            self._places.setdefault(number, []).append((None, required[0], required[0], number))
        elif len(required) == 2 and not forbidden:
            self._file_below(self._pair, number, required, number)
        else:
            self._file_below(self._rest, number, required, (number, frozenset(required[2:]), forbidden))

    def _file_below(self, table: Below, number: int, required: list[int], item: Any) -> None:
        """File an item under two features; a single one serves as both."""
        anchor, second = required[0], required[1] if len(required) > 1 else required[0]
        table.setdefault(anchor, {}).setdefault(second, []).append(item)
        self._places.setdefault(number, []).append((table, anchor, second, item))

    def remove(self, number: int) -> None:
        """Take out all alternatives of an entry."""
        self._always = [(other, forbidden) for other, forbidden in self._always if other != number]
        for table, anchor, second, item in self._places.pop(number, ()):
            inner = self._single if table is None else table[anchor]
            inner[second].remove(item)
            if not inner[second]:
                del inner[second]
            if table is not None and not inner:
                del table[anchor]

    def hits(self, present: set[int]) -> set[int]:
        """The entries of which an alternative holds, given the features that are present."""
        found: set[int] = set()
        for anchor in self._single.keys() & present:
            found.update(self._single[anchor])
        for anchor in self._pair.keys() & present:
            pairs = self._pair[anchor]
            for second in pairs.keys() & present:
                found.update(pairs[second])
        for anchor in self._rest.keys() & present:
            checks = self._rest[anchor]
            for second in checks.keys() & present:
                found.update(
                    number
                    for number, others, forbidden in checks[second]
                    if others <= present and forbidden.isdisjoint(present)
                )
        found.update(number for number, forbidden in self._always if forbidden.isdisjoint(present))
        return found
