"""A signature read for comparing: its sequences as sets, with the weight of every term."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.stories.frequencies import Frequencies
from analysis.stories.signature import Signature
from analysis.stories.words import action_terms

LEAD_TERMS = 10
"""Words that count at the beginning of a text, about those of a headline."""


class Reading:
    """One post's signature with what comparing it asks again and again."""

    __slots__ = ("actions", "lead", "lead_weight", "names", "numbers", "shingles", "signature", "sounds", "terms", "total", "weights")

    def __init__(self, signature: Signature, frequencies: Frequencies) -> None:
        terms = signature.terms
        self.signature = signature
        self.weights = frequencies.weights(terms + signature.sounds, english=signature.language == "en")
        self.terms = frozenset(terms)
        self.total = self.weight(terms)
        self.lead = frozenset(terms[:LEAD_TERMS])
        self.lead_weight = self.weight(self.lead)
        self.names = frozenset(signature.names)
        self.numbers = frozenset(signature.numbers)
        self.actions = self.terms & action_terms()
        self.sounds = frozenset(signature.sounds)
        self.shingles = frozenset(signature.shingles)

    def weight(self, terms: Iterable[int]) -> float:
        """The weight of some of its terms together."""
        return sum(map(self.weights.__getitem__, terms))
