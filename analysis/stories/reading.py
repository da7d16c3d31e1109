"""A signature read for comparing: its sequences as sets, made once."""

from __future__ import annotations

from analysis.stories.signature import Signature
from analysis.stories.words import action_terms, concept_terms

FIRST_TERMS = 5
"""Words that count with which a text begins: who does what."""

LEAD_TERMS = 10
"""Words that count at the beginning of a text, about those of a headline."""


class Reading:
    """One post's signature with what comparing it asks again and again.

    `keys`: the names and numbers among the first words. `ground`: what can be compared in any language, that is names
    by their sound, numbers and concepts; between Russian and Ukrainian every other word as well.
    """

    __slots__ = (
        "actions", "first", "ground", "keys", "language", "lead", "numbers", "shingles", "terms",
    )  # fmt: skip

    def __init__(self, signature: Signature) -> None:
        self.language = signature.language
        terms, written_as_names, numbers, sounds, shingles = signature.sequences()
        self.terms = frozenset(terms)
        self.first = frozenset(terms[:FIRST_TERMS])
        self.lead = frozenset(terms[:LEAD_TERMS])
        names = frozenset(written_as_names)
        self.numbers = frozenset(numbers)
        self.keys = self.lead & (names | self.numbers)
        self.actions = self.terms & action_terms()
        plain = (self.terms & concept_terms()) | self.numbers if self.language == "en" else self.terms - names
        self.ground = plain.union(sounds)
        self.shingles = frozenset(shingles)
