"""Where posts are found again: under their rarest words, the sounds of their names, and their smallest shingles."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from operator import floordiv

from analysis.stories.frequencies import Frequencies
from analysis.stories.signature import MOST_SHINGLES, Signature

RARE_TERMS = 10
"""Of each post, the rarest words that it is filed and looked for under."""

BEGINNING = 20
"""The words among which the rarest are chosen: news says first what happened, and a short post nothing else.
Of pairs that report one event in `training/learn_stories.py` 0.95 of articles share two keys, 0.82 of articles cut to
posts, 0.90 of invented posts; chosen among the first 30 words, 0.91, 0.76 and 0.90."""

RARE_SOUNDS = 4

MOST_KEYS = RARE_TERMS + RARE_SOUNDS + MOST_SHINGLES
"""Keys of a post."""

MOST_FILED = 32
"""Entries of a chain that are looked at, the newest: they say enough, for a story that goes on has new posts."""

SLACK = 2
"""One place more for so many posts, and FEWEST_SPARE: posts that are told again take another place."""

FEWEST_SPARE = 64

BUCKETS_A_POST = 8
"""Chains for each post that there may be: few hold two keys."""

NOBODY = -1


def keys_of(signature: Signature, frequencies: Frequencies) -> tuple[int, ...]:
    """What a post is filed and looked for under, MOST_KEYS at most."""
    terms, sounds, shingles = signature.filed()
    rarest = frequencies.rarest
    if len(sounds) > RARE_SOUNDS:
        sounds = tuple(rarest(sounds, RARE_SOUNDS))
    return (*rarest(terms[:BEGINNING], RARE_TERMS), *sounds, *shingles)


class Postings:
    """Key -> the newest posts filed under it, for at most so many posts.

    Chains in arrays: `_heads` holds the newest entry of each bucket of keys, `_before` of each entry the next older
    one, `_keys` its key: some 300 bytes a post, where a dictionary of lists takes a kilobyte. Places of posts, of
    MOST_KEYS entries each, are given in turn; when all are given, the oldest is given anew. So in a chain each entry is
    older than the one before it, and where that is not so, the chain has ended. Entries count from 1; 0 ends a chain.
    """

    def __init__(self, most: int) -> None:
        self._room = most + most // SLACK + FEWEST_SPARE
        self._last_bits = (1 << (BUCKETS_A_POST * most).bit_length()) - 1
        self._heads = array("I", [0]) * (self._last_bits + 1)
        self._before = array("I", [0])
        self._keys = array("I", [0])
        self._posts: list[int] = []
        self._places: dict[int, int] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._places)

    def add(self, post_id: int, keys: Sequence[int]) -> None:
        """File a post that is not filed."""
        entry = self._place_for(post_id) * MOST_KEYS
        heads, before, filed, last_bits = self._heads, self._before, self._keys, self._last_bits
        for key in keys:
            entry += 1
            bucket = key & last_bits
            before[entry] = heads[bucket]
            filed[entry] = key
            heads[bucket] = entry

    def _place_for(self, post_id: int) -> int:
        """The next place, for a post; emptied of what was filed there before."""
        place = self._next
        self._next = (place + 1) % self._room
        self._places[post_id] = place
        if place == len(self._posts):
            self._posts.append(post_id)
            self._before.extend(_EMPTY)
            self._keys.extend(_EMPTY)
            return place
        if self._posts[place] != NOBODY:
            del self._places[self._posts[place]]
        self._posts[place] = post_id
        self._keys[place * MOST_KEYS + 1 : (place + 1) * MOST_KEYS + 1] = _EMPTY
        return place

    def remove(self, post_id: int) -> None:
        """Take a post out; one that is not filed, or whose place was given away, is no error."""
        place = self._places.pop(post_id, None)
        if place is not None:
            self._posts[place] = NOBODY

    def sharing(self, keys: Sequence[int], least: int) -> list[tuple[int, int]]:
        """How many of the keys a post is filed under, and the post: all those with at least so many."""
        heads, before, filed, last_bits = self._heads, self._before, self._keys, self._last_bits
        newest = self._next * MOST_KEYS
        found: list[int] = []
        for key in keys:
            entry = heads[key & last_bits]
            left = MOST_FILED
            while entry and left:
                held = filed[entry]
                if held == key:
                    found.append(entry - 1)
                elif (held ^ key) & last_bits:
                    break
                left -= 1
                older = before[entry]
                if not older < entry <= newest and not self._is_older(older, entry):
                    break
                entry = older
        places = [*map(floordiv, found, repeat(MOST_KEYS))]
        if least > 1 and len(set(places)) == len(places):  # nobody comes twice: so it is with most posts
            return []
        posts = self._posts
        counted = [(count, posts[place]) for place, count in Counter(places).items() if count >= least]
        return [(count, post_id) for count, post_id in counted if post_id != NOBODY]

    def _is_older(self, other: int, entry: int) -> bool:
        """Whether an entry was filed before another, of which either may be from before places were given anew."""
        newest = self._next * MOST_KEYS
        return newest < other if entry <= newest else newest < other < entry


_EMPTY = array("I", [0]) * MOST_KEYS
