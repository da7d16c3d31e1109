"""Phrases in the percolator: their words are filed like any others, and where they stand is looked at last.

Few posts hold all words of a phrase (a third of one a post at 100,000 queries, measured), so nothing is spent on
neighbours before that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from analysis.text import MAX_PER_LEXEME, Terms
from matching.words import Phrase


class Run(NamedTuple):
    """A phrase, and the features of its words in their order."""

    phrase: Phrase
    features: tuple[int, ...]


class Places:
    """Where the features of one text stand, found out once, when the first phrase asks.

    `features_of` gives the features of a form.
    """

    def __init__(self, terms: Terms, features_of: Callable[[str], Sequence[int]]) -> None:
        self._terms = terms
        self._features_of = features_of
        self._bits: dict[int, int] | None = None
        self._is_capped = len(terms.forms) > MAX_PER_LEXEME and any(
            len(places) >= MAX_PER_LEXEME for places in terms.lexemes().values()
        )

    def holds(self, run: Run) -> bool:
        """Whether the words stand in a row.

        A text in which PostgreSQL drops positions of a lexeme is asked by what it keeps: the phrase itself knows.
        """
        if self._is_capped:
            return bool(run.phrase.positions(self._terms.lexemes()))
        if self._bits is None:
            self._bits = self._found()
        starts = -1
        for step, feature in enumerate(run.features):
            starts &= self._bits.get(feature, 0) >> step
        return starts != 0

    def _found(self) -> dict[int, int]:
        """Feature -> its positions from 0, as the bits of a number."""
        bits: defaultdict[int, int] = defaultdict(int)
        for place, features in enumerate(map(self._features_of, self._terms.forms)):
            for feature in features:
                bits[feature] |= 1 << place
        return bits
