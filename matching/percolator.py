"""The percolator: one post against all standing queries at once (reference/performance.md, 4.2).

Queries that ask the same (equal `canonical`) are one entry with many keys. Each alternative of an entry is filed
under the rarest feature it requires and below that under its second rarest, so a post visits only alternatives of
which it has two features. What is excluded is tested last: absence selects next to nothing. `Query.matches` is the
specification.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from analysis.text import Terms
from matching.features import Features, Token
from matching.fields import PostFields
from matching.filing import Filing
from matching.frequencies import Frequencies
from matching.query import Query
from matching.rows import Row, Rows, is_form
from matching.runs import Places
from matching.tables import Check, Filed, Tables

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True, eq=False)
class _Entry(Generic[K]):
    """One distinct query: how many keys ask it, the features it uses and where its alternatives are filed."""

    canonical: str
    features: tuple[int, ...]
    filed: tuple[Filed[K], ...]
    keys: int = 0


class Percolator(Generic[K]):
    """Standing queries by key; `match` gives the keys of those that hold. Not for several threads at once.

    `sample`: recent posts, to learn which words are rare. It changes the speed only. Removing a key takes longer the
    more keys one word alone makes match.
    """

    def __init__(self, sample: Iterable[Terms] = ()) -> None:
        self._features = Features()
        self._filing: Filing[K] = Filing(self._features, Frequencies(sample))
        self._rows: Rows[K] = Rows(self._row)
        self._tables: Tables[K] = Tables(self._touch)
        self._by_canonical: dict[str, _Entry[K]] = {}
        self._by_key: dict[K, _Entry[K]] = {}

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._by_key)

    def add(self, key: K, query: Query) -> None:
        """Let a key stand for a query, in place of the one it stood for before."""
        if key in self._by_key:
            self.remove(key)
        canonical = query.canonical
        entry = self._by_canonical.get(canonical)
        if entry is None:
            entry = self._enter(query, canonical)
        entry.keys += 1
        self._by_key[key] = entry
        for filed in entry.filed:
            self._tables.add(filed, key)

    def remove(self, key: K) -> None:
        """Forget a key; with its last key a query leaves nothing behind. Raises KeyError for an unknown key."""
        entry = self._by_key.pop(key)
        for filed in entry.filed:
            self._tables.remove(filed, key)
        entry.keys -= 1
        if entry.keys:
            return
        del self._by_canonical[entry.canonical]
        for filed in entry.filed:
            self._tables.unfile(filed)
        for feature in entry.features:
            self._features.release(feature)

    def match(self, fields: PostFields) -> set[K]:
        """The keys whose queries match the post."""
        terms = fields.terms
        tokens: set[Token] = {*terms.forms, *terms.marks.values(), *self._features.fields_asked_for(fields)}
        found, present, checks = self._tables.hits(map(self._rows.__getitem__, tokens))
        if checks:
            self._settle(checks, present, fields, found)
        return found

    def _settle(self, checks: list[Check[K]], present: set[int], fields: PostFields, found: set[K]) -> None:
        """Add to `found` the keys of the checks that hold; each query that must be asked itself is asked once."""
        places: Places | None = None
        doubtful: dict[int, tuple[Query, list[K]]] = {}
        for check in checks:
            if not present.issuperset(check.others) or not present.isdisjoint(check.forbidden):
                continue
            if check.query is not None:
                doubtful[id(check.query)] = check.query, check.keys
                continue
            if check.runs or check.barred:
                places = places or Places(fields.terms, self._looked_for)
                if any(map(places.holds, check.barred)) or not all(map(places.holds, check.runs)):
                    continue
            found.update(check.keys)
        for query, keys in doubtful.values():
            if query.matches(fields):
                found.update(keys)

    def _looked_for(self, form: str) -> tuple[int, ...]:
        """The features of a form that alternatives look for."""
        return self._rows[form][0]

    def _row(self, token: Token) -> Row[K]:
        """What a token sets off, found out."""
        if not isinstance(token, str):
            return self._tables.row(self._features.of_field(token))
        return self._tables.row(self._features.of_form(token) if is_form(token) else self._features.of_mark(token))

    def _touch(self, feature: int) -> None:
        """The rows of a feature's tokens have to be found out again."""
        if self._rows:
            self._rows.forget(self._features.leaf(feature))

    def _enter(self, query: Query, canonical: str) -> _Entry[K]:
        """File a query that is new."""
        filed, features = self._filing.file(query)
        entry = self._by_canonical[canonical] = _Entry(canonical, features, filed)
        for one in filed:
            self._tables.file(one)
        return entry
