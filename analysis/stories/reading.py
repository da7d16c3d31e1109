"""A signature read for comparing: its sequences as sets, made once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from operator import xor

from analysis.stories.signature import Signature
from analysis.stories.words import action_terms, concept_terms, day_terms

FIRST_TERMS = 5
"""Words that count with which a text begins: who does what."""

LEAD_TERMS = 10
"""Words that count at the beginning of a text, about those of a headline."""

SHORTEST_TITLE, LONGEST_TITLE = 4, 14
"""Words that count as the title, where the first sentence has fewer or more."""


class Reading:
    """One post's signature with what comparing it asks again and again.

    `title`: the words of the first sentence. `keys`: the names and numbers among the first words. `pairs`: words that
    follow each other. `measured`: of what stands beside a number, the numbers. `ground`: what can be compared in any
    language, that is names by their sound, numbers and concepts; between Russian and Ukrainian every other word, too.
    """

    __slots__ = (
        "actions", "days", "first", "ground", "keys", "language", "lead", "measured", "names", "numbers", "pairs",
        "shingles", "sounds", "terms", "title",
    )  # fmt: skip

    def __init__(self, signature: Signature) -> None:
        self.language = signature.language
        terms, sounds, shingles = signature.filed()
        self.terms = frozenset(terms)
        self.first = frozenset(terms[:FIRST_TERMS])
        self.lead = frozenset(terms[:LEAD_TERMS])
        self.title = frozenset(terms[: min(max(signature.title, SHORTEST_TITLE), LONGEST_TITLE)])
        self.pairs = frozenset(map(xor, terms, terms[1:]))
        self.names = frozenset(signature.names)
        self.numbers = frozenset([term for term in terms if term & 1])
        self.measured = _measured(terms) if self.numbers else {}
        self.keys = self.lead & (self.names | self.numbers)
        self.actions = self.terms & action_terms()
        self.days = self.terms & day_terms()
        plain = (self.terms & concept_terms()) | self.numbers if self.language == "en" else self.terms - self.names
        self.sounds = frozenset(sounds)
        self.ground = plain | self.sounds
        self.shingles = frozenset(shingles)


def _measured(terms: Sequence[int]) -> Mapping[int, Set[int]]:
    """Word -> the numbers that it stands beside."""
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in pairwise(terms):
        if (one ^ other) & 1:
            number, word = (one, other) if one & 1 else (other, one)
            found[word].add(number)
    return dict(found)
