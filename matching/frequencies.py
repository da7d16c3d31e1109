"""How rare a leaf is: the percolator files a query under its rarest one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from analysis.text import Terms
from matching.conditions import Channel, ForwardedFrom, Has, InSet, Language, Link, Topic
from matching.nodes import Leaf
from matching.words import OneLexeme, Prefix, Word

SMALLEST_SAMPLE = 1_000
"""Posts that shares are taken of when the sample has fewer: without one, fields still rank behind words."""

PREFIX_SHARE = 0.05
"""Share of posts that a prefix is taken to be in: a fixed middling one (reference/performance.md, 4.2)."""

FIELD_SHARES: dict[type, float] = {
    ForwardedFrom: 0.005,
    Channel: 0.01,
    Link: 0.01,
    InSet: 0.1,
    Topic: 0.1,
    Has: 0.5,
    Language: 0.6,
}
"""Share of posts that have a field's value: guesses of the order of magnitude, which is all that ranking needs."""


class Frequencies:
    """In how many posts of a sample each lexeme is."""

    def __init__(self, sample: Iterable[Terms] = ()) -> None:
        self._counts: Counter[str] = Counter()
        size = 0
        for terms in sample:
            size += 1
            self._counts.update(terms.lexemes().keys())
        self._size = max(size, SMALLEST_SAMPLE)

    def of(self, leaf: Leaf) -> float:
        """About how many posts of the sample the leaf, which is no phrase, holds in. Unseen words count 0."""
        match leaf:
            case Word():
                return float(sum(self._counts[lexeme] for lexeme in leaf.lexemes))
            case OneLexeme():
                return float(self._counts[leaf.lexeme])
            case Prefix():
                return PREFIX_SHARE * self._size
            case _:
                return FIELD_SHARES.get(type(leaf), 1.0) * self._size
