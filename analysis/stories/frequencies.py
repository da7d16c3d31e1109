"""How rare each word is in the window: what two posts share says the more, the fewer posts hold it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import repeat
from math import log

from analysis.stories.commonness import shares
from analysis.stories.signature import Signature
from analysis.stories.skeletons import concept_shares
from analysis.stories.words import term_of, term_of_concept

PRIOR_POSTS = 1_000
"""Posts that the shipped shares of common words count as, beside those of the window."""

UNLISTED_SHARE = 0.002
"""The share that a word is taken to have which the shipped lists do not hold."""

LEAST_WEIGHT = 0.1

REFRESH = 0.1
"""Weights are computed anew when the number of posts, taken in and gone, has changed by this share."""


class Weights(dict[int, float]):
    """Term -> its inverse document frequency, in nats, computed when first asked for."""

    def __init__(self, holding: Mapping[int, int], posts: int) -> None:
        super().__init__()
        self._holding = holding
        self._log_posts = log(posts + PRIOR_POSTS)

    def __missing__(self, term: int) -> float:
        held = self._holding.get(term, 0) + UNLISTED_SHARE * PRIOR_POSTS
        weight = self[term] = max(self._log_posts - log(held), LEAST_WEIGHT)
        return weight


class Frequencies:
    """Counts, over the signatures added and not removed, how many hold each term or sound; from the shipped shares on.

    English texts and others are counted apart: how rare a word is, is asked of texts that could hold it.
    """

    def __init__(self) -> None:
        self._holding: Counter[int] = Counter(_prior())
        self._posts = {True: 0, False: 0}  # is it English?
        self._weights: dict[bool, Weights] = {}
        self._changes = 0

    def add(self, signature: Signature) -> None:
        """Count a post."""
        terms, _, _, sounds, _ = signature.sequences()
        self._holding.update(terms + sounds)
        self._posts[signature.language == "en"] += 1
        self._note_change()

    def remove(self, signature: Signature) -> None:
        """Count a post no more."""
        holding = self._holding
        terms, _, _, sounds, _ = signature.sequences()
        for number in terms + sounds:
            left = holding[number] - 1
            if left > 0:
                holding[number] = left
            else:
                holding.pop(number, None)
        self._posts[signature.language == "en"] -= 1
        self._note_change()

    def rarest(self, terms: Sequence[int], count: int) -> list[int]:
        """So many of the terms, those that the fewest posts hold."""
        held = map(self._holding.get, terms, repeat(0))
        return [term for _, term in sorted(zip(held, terms, strict=True))[:count]]

    def weights(self, language: str | None) -> Weights:
        """The weights for a text of a language, as they were a few posts ago."""
        is_english = language == "en"
        if is_english not in self._weights:
            self._weights[is_english] = Weights(self._holding, self._posts[is_english])
        return self._weights[is_english]

    def _note_change(self) -> None:
        """Forget the weights when much has changed."""
        self._changes += 1
        if self._changes > REFRESH * sum(self._posts.values()):
            self._weights.clear()
            self._changes = 0


@cache
def _prior() -> dict[int, int]:
    """Term -> the posts among PRIOR_POSTS that are taken to hold it."""
    found = {term_of_concept(concept): round(share * PRIOR_POSTS) for concept, share in concept_shares().items()}
    for lemma, share in shares().items():
        found[term_of(lemma)] = max(found.get(term_of(lemma), 0), round(share * PRIOR_POSTS))
    return found
