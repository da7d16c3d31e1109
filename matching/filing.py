"""Under which two features the percolator files each alternative of a query, and what is left to check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, TypeVar

from matching.expansion import expand
from matching.features import Features
from matching.frequencies import Frequencies
from matching.nodes import Leaf
from matching.query import Query
from matching.runs import Run
from matching.tables import ALONE, NO_ANCHOR, Check, Filed
from matching.words import Phrase

K = TypeVar("K")


@dataclass(slots=True)
class _Asked:
    """What one alternative asks for, as features and phrases; unless `is_exact`, they say less than it does."""

    features: list[int] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    is_exact: bool = True


class Filing(Generic[K]):
    """Ranks features by frequency; takes hold of those that queries use."""

    def __init__(self, features: Features, frequencies: Frequencies) -> None:
        self._features = features
        self._frequencies = frequencies

    def file(self, query: Query) -> tuple[tuple[Filed[K], ...], tuple[int, ...]]:
        """The places of a query's alternatives, and every feature acquired for them, to be released with the query."""
        expansion = expand(query.root)
        acquired: list[int] = []
        filed: list[Filed[K]] = []
        for alternative in expansion.alternatives:
            wanted = self._ask(alternative.required, acquired)
            barred = self._ask(alternative.forbidden, acquired)
            is_exact = expansion.is_exact and wanted.is_exact and barred.is_exact
            filed.append(self._place(wanted, barred, None if is_exact else query))
        return tuple(filed), tuple(acquired)

    def _ask(self, leaves: Iterable[Leaf], acquired: list[int]) -> _Asked:
        """Leaves as features and phrases; all features that are taken hold of for them go into `acquired`."""
        asked = _Asked()
        for leaf in leaves:
            parts = leaf.parts if isinstance(leaf, Phrase) else (leaf,)
            features = [feature for feature in map(self._features.acquire, parts) if feature is not None]
            acquired += features
            if isinstance(leaf, Phrase):
                asked.runs.append(Run(leaf, tuple(features)))
            elif features:
                asked.features += features
            else:  # a date: no feature stands for it
                asked.is_exact = False
        return asked

    def _place(self, wanted: _Asked, barred: _Asked, doubt: Query | None) -> Filed[K]:
        """Where an alternative belongs: under its rarest features, the words of its phrases among them.

        `doubt` is the query to ask in the end, None where features and phrases say all.
        """
        words = chain.from_iterable(run.features for run in wanted.runs)
        required = sorted({*wanted.features, *words}, key=self._rarity)
        others, forbidden = tuple(required[2:]), tuple(set(barred.features))
        is_plain = not (others or forbidden or wanted.runs or barred.runs or doubt)
        if is_plain and required:
            return Filed(required[0], required[1] if len(required) > 1 else ALONE, None)
        check: Check[K] = Check(others, forbidden, tuple(wanted.runs), tuple(barred.runs), doubt)
        if not required:  # the query language refuses such queries
            return Filed(NO_ANCHOR, ALONE, check)
        return Filed(required[0], required[1] if len(required) > 1 else required[0], check)

    def _rarity(self, feature: int) -> tuple[float, str]:
        """What sorts the rarest feature first."""
        leaf = self._features.leaf(feature)
        return self._frequencies.of(leaf), leaf.canonical
