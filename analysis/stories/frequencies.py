"""How rare each word is in the window: what two posts share says the more, the fewer posts hold it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache
from itertools import repeat
from math import log
from operator import and_

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

PLACES = 1 << 21
"""Counters that terms share by the last bits of their numbers, 8 MiB. 200,000 posts hold some 500,000 terms, nearly all
of them rare: two that meet are each taken to be a post or two commoner than they are."""

LAST_BITS = PLACES - 1


class Weights(dict[int, float]):
    """Term -> its inverse document frequency, in nats, computed when first asked for."""

    def __init__(self, counts: Sequence[int], posts: int) -> None:
        super().__init__()
        self._counts = counts
        self._log_posts = log(posts + PRIOR_POSTS)

    def __missing__(self, term: int) -> float:
        held = self._counts[term & LAST_BITS] + UNLISTED_SHARE * PRIOR_POSTS
        weight = self[term] = max(self._log_posts - log(held), LEAST_WEIGHT)
        return weight


class Frequencies:
    """Counts, over the signatures added and not removed, how many hold each term or sound; from the shipped shares on.

    English texts and others are counted apart: how rare a word is, is asked of texts that could hold it.
    """

    def __init__(self) -> None:
        self._counts = array("I", _prior())
        self._posts = {True: 0, False: 0}  # is it English?
        self._weights: dict[bool, Weights] = {}
        self._changes = 0

    def add(self, signature: Signature) -> None:
        """Count a post."""
        counts = self._counts
        for place in map(and_, signature.counted(), repeat(LAST_BITS)):
            counts[place] += 1
        self._posts[signature.language == "en"] += 1
        self._note_change()

    def remove(self, signature: Signature) -> None:
        """Count a post no more."""
        counts = self._counts
        for place in map(and_, signature.counted(), repeat(LAST_BITS)):
            counts[place] -= 1
        self._posts[signature.language == "en"] -= 1
        self._note_change()

    def rarest(self, terms: Sequence[int], count: int) -> list[int]:
        """So many of the terms, those that the fewest posts hold, of equals the first."""
        counts = self._counts
        return sorted(terms, key=lambda term: counts[term & LAST_BITS])[:count]

    def weights(self, language: str | None) -> Weights:
        """The weights for a text of a language, as they were a few posts ago."""
        is_english = language == "en"
        if is_english not in self._weights:
            self._weights[is_english] = Weights(self._counts, self._posts[is_english])
        return self._weights[is_english]

    def _note_change(self) -> None:
        """Forget the weights when much has changed."""
        self._changes += 1
        if self._changes > REFRESH * (self._posts[True] + self._posts[False]):
            self._weights.clear()
            self._changes = 0


@cache
def _prior() -> bytes:
    """Counters of what the posts among PRIOR_POSTS are taken to hold."""
    found = {term_of_concept(concept): round(share * PRIOR_POSTS) for concept, share in concept_shares().items()}
    for lemma, share in shares().items():
        found[term_of(lemma)] = max(found.get(term_of(lemma), 0), round(share * PRIOR_POSTS))
    counts = array("I", bytes(4 * PLACES))
    for term, held in found.items():
        counts[term & LAST_BITS] += held
    return counts.tobytes()
