"""How rare each word is in the window: what two posts share says the more, the fewer posts hold it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from math import log

from analysis.stories.commonness import shares
from analysis.stories.signature import Signature
from analysis.stories.skeletons import concept_shares
from analysis.stories.words import term_of, term_of_concept

PRIOR_POSTS = 1_000
"""Posts that the shipped shares of common words count as, beside those of the window."""

UNLISTED_SHARE = 0.002
"""The share that a word is taken to have which the shipped list does not hold."""


class Frequencies:
    """Counts, over the signatures added and not removed, how many hold each term or sound. Latin and Cyrillic texts apart."""

    def __init__(self) -> None:
        self._holding: Counter[int] = Counter()
        self._posts = {True: 0, False: 0}  # is it English?

    def add(self, signature: Signature) -> None:
        """Count a post."""
        self._holding.update(signature.terms + signature.sounds)
        self._posts[signature.language == "en"] += 1

    def remove(self, signature: Signature) -> None:
        """Count a post no more."""
        holding = self._holding
        for term in signature.terms + signature.sounds:
            left = holding[term] - 1
            if left > 0:
                holding[term] = left
            else:
                holding.pop(term, None)
        self._posts[signature.language == "en"] -= 1

    def holding(self, term: int) -> int:
        """How many posts hold a term."""
        return self._holding.get(term, 0)

    def weights(self, terms: Iterable[int], *, english: bool) -> dict[int, float]:
        """Term -> its inverse document frequency, in nats, never below 0.1."""
        holding, prior = self._holding, _prior()
        posts = log(self._posts[english] + PRIOR_POSTS)
        return {
            term: max(posts - log(holding.get(term, 0) + prior.get(term, UNLISTED_SHARE * PRIOR_POSTS)), 0.1)
            for term in terms
        }


@cache
def _prior() -> dict[int, float]:
    """Term -> the posts among PRIOR_POSTS that are taken to hold it."""
    stems: dict[int, float] = {}
    for lemma, share in shares().items():
        term = term_of(lemma)
        stems[term] = max(stems.get(term, 0.0), share * PRIOR_POSTS)
    return stems | {term_of_concept(concept): share * PRIOR_POSTS for concept, share in concept_shares().items()}
