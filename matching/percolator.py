"""The percolator: one post against all standing queries at once (reference/performance.md, 4.2).

Queries that ask the same (equal `canonical`) are one entry with many keys. Each alternative of an entry is filed
under the rarest feature it requires and below that under its second rarest, so a post visits only alternatives of
which it has two features. What is excluded is tested last: absence selects next to nothing. `Query.matches` is the
specification.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from analysis.text import Terms
from matching.expansion import Alternative, expand
from matching.features import Features
from matching.fields import PostFields
from matching.frequencies import Frequencies
from matching.nodes import Leaf
from matching.query import Query
from matching.tables import Tables

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True, eq=False)
class _Entry(Generic[K]):
    """One distinct query: who asked, the features it uses, and whether a hit must be verified."""

    query: Query
    canonical: str
    keys: set[K] = field(default_factory=set)
    features: list[int] = field(default_factory=list)
    is_exact: bool = True


class Percolator(Generic[K]):
    """Standing queries by key; `match` gives the keys of those that hold. Not for several threads at once.

    `sample`: recent posts, to learn which words are rare. It changes the speed only.
    """

    def __init__(self, sample: Iterable[Terms] = ()) -> None:
        self._frequencies = Frequencies(sample)
        self._features = Features()
        self._tables = Tables()
        self._entries: dict[int, _Entry[K]] = {}
        self._by_canonical: dict[str, int] = {}
        self._by_key: dict[K, int] = {}
        self._unsure: set[int] = set()
        self._next = 0

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._by_key)

    def add(self, key: K, query: Query) -> None:
        """Let a key stand for a query, in place of the one it stood for before."""
        if key in self._by_key:
            self.remove(key)
        canonical = query.canonical
        number = self._by_canonical.get(canonical)
        if number is None:
            number = self._enter(query, canonical)
        self._entries[number].keys.add(key)
        self._by_key[key] = number

    def remove(self, key: K) -> None:
        """Forget a key; with its last key a query leaves nothing behind. Raises KeyError for an unknown key."""
        number = self._by_key.pop(key)
        entry = self._entries[number]
        entry.keys.remove(key)
        if entry.keys:
            return
        del self._entries[number], self._by_canonical[entry.canonical]
        self._unsure.discard(number)
        self._tables.remove(number)
        for feature in entry.features:
            self._features.release(feature)

    def match(self, fields: PostFields) -> set[K]:
        """The keys whose queries match the post."""
        hits = self._tables.hits(self._features.present(fields))
        for number in hits & self._unsure:
            if not self._entries[number].query.matches(fields):
                hits.discard(number)
        return set().union(*[self._entries[number].keys for number in hits])

    def rebuilt(self, sample: Iterable[Terms]) -> Percolator[K]:
        """The same keys and queries filed by the frequencies of another sample."""
        other: Percolator[K] = Percolator(sample)
        for key, number in self._by_key.items():
            other.add(key, self._entries[number].query)
        return other

    def _enter(self, query: Query, canonical: str) -> int:
        """File a query that is new; returns its number."""
        number = self._next
        self._next += 1
        entry: _Entry[K] = _Entry(query, canonical)
        expansion = expand(query.root)
        entry.is_exact = expansion.is_exact
        for alternative in expansion.alternatives:
            self._file(number, entry, alternative)
        if not entry.is_exact:
            self._unsure.add(number)
        self._entries[number] = entry
        self._by_canonical[canonical] = number
        return number

    def _file(self, number: int, entry: _Entry[K], alternative: Alternative) -> None:
        """File one alternative of an entry under its rarest features."""
        leaves = sorted(alternative.required, key=lambda leaf: (self._frequencies.of(leaf), leaf.canonical))
        required = self._acquire(entry, leaves)
        forbidden = self._acquire(entry, alternative.forbidden)
        self._tables.file(number, required, frozenset(forbidden))

    def _acquire(self, entry: _Entry[K], leaves: Iterable[Leaf]) -> list[int]:
        """The features of leaves in their order, each once; a leaf without one makes the entry need verification."""
        found: list[int] = []
        for leaf in leaves:
            feature = self._features.acquire(leaf)
            if feature is None:
                entry.is_exact = False
                continue
            entry.features.append(feature)
            if feature not in found:
                found.append(feature)
        return found
