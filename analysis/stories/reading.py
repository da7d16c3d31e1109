"""A signature read for comparing: its sequences as sets, made once, most of them when they are first asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from operator import xor
from typing import Any

from analysis.stories.recurring import kinds_of, sides_of
from analysis.stories.signature import Signature
from analysis.stories.words import action_terms, concept_terms, day_terms

FIRST_TERMS = 5
"""Words that count with which a text begins: who does what."""

LEAD_TERMS = 10
"""Words that count at the beginning of a text, about those of a headline."""

SHORTEST_TITLE, LONGEST_TITLE = 4, 14
"""Words that count as the title, where the first sentence has fewer or more."""

_READ_LATER = (
    "first", "lead", "title", "pairs", "names", "numbers", "measured", "keys", "actions", "days", "sounds", "ground",
    "shingles", "kinds", "sides",
)  # fmt: skip


class Reading:
    """One post's signature with what comparing it asks again and again.

    `title`: the words of the first sentence. `keys`: the names and numbers among the first words. `pairs`: words that
    follow each other. `measured`: of what stands beside a number, the numbers. `ground`: what can be compared in any
    language, that is names by their sound, numbers and concepts; between Russian and Ukrainian every other word, too.
    `kinds`: of recurring events; `sides`: of opposites (`analysis.stories.recurring`).

    Two in three posts are put aside by their terms alone (`similarity.may_be_alike`); the rest is not read of those.
    """

    __slots__ = ("_signature", "language", "terms", *_READ_LATER)

    first: frozenset[int]
    lead: frozenset[int]
    title: frozenset[int]
    pairs: frozenset[int]
    names: frozenset[int]
    numbers: frozenset[int]
    measured: Mapping[int, Set[int]]
    keys: frozenset[int]
    actions: frozenset[int]
    days: frozenset[int]
    sounds: frozenset[int]
    ground: frozenset[int]
    shingles: frozenset[int]
    kinds: frozenset[str]
    sides: frozenset[int]

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self.language = signature.language
        self.terms = frozenset(signature.terms)

    def __getattr__(self, name: str) -> Any:
        """Called while a slot is empty: fills them all, and gives the one that was asked for."""
        if name not in _READ_LATER:
            raise AttributeError(name)
        self._read()
        return getattr(self, name)

    def _read(self) -> None:
        terms, sounds, shingles = self._signature.filed()
        self.first = frozenset(terms[:FIRST_TERMS])
        self.lead = frozenset(terms[:LEAD_TERMS])
        self.title = frozenset(terms[: min(max(self._signature.title, SHORTEST_TITLE), LONGEST_TITLE)])
        self.pairs = frozenset(map(xor, terms, terms[1:]))
        self.names = frozenset(self._signature.names)
        self.numbers = frozenset([term for term in terms if term & 1])
        self.measured = _measured(terms) if self.numbers else {}
        self.keys = self.lead & (self.names | self.numbers)
        self.actions = self.terms & action_terms()
        self.days = self.terms & day_terms()
        plain = (self.terms & concept_terms()) | self.numbers if self.language == "en" else self.terms - self.names
        self.sounds = frozenset(sounds)
        self.ground = plain | self.sounds
        self.shingles = frozenset(shingles)
        self.kinds, self.sides = kinds_of(self.title), sides_of(self.title)


def _measured(terms: Sequence[int]) -> Mapping[int, Set[int]]:
    """Word -> the numbers that it stands beside."""
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in pairwise(terms):
        if (one ^ other) & 1:
            number, word = (one, other) if one & 1 else (other, one)
            found[word].add(number)
    return dict(found)
