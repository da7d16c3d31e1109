"""Where posts are found again: under their rarest words, the sounds of their names, and their smallest shingles."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from analysis.stories.frequencies import Frequencies
from analysis.stories.signature import Signature

RARE_TERMS = 10
"""Of each post, the rarest words that it is filed and looked for under."""

BEGINNING = 30
"""The words among which the rarest are chosen: news says first what happened, and a short post nothing else."""

RARE_SOUNDS = 4

MOST_FILED = 32
"""Posts remembered of a key, at least; up to twice as many between two trimmings. The newest say enough: a story that
goes on has new posts."""


def keys_of(signature: Signature, frequencies: Frequencies) -> tuple[int, ...]:
    """What a post is filed and looked for under."""
    terms, _, _, sounds, shingles = signature.sequences()
    rarest = frequencies.rarest
    if len(sounds) > RARE_SOUNDS:
        sounds = tuple(rarest(sounds, RARE_SOUNDS))
    return (*rarest(terms[:BEGINNING], RARE_TERMS), *sounds, *shingles)


def packed_keys(keys: Sequence[int]) -> bytes:
    """Keys as they are remembered of each post: a tuple of as many numbers takes six times the memory."""
    return _packing(len(keys)).pack(*keys)


def unpacked_keys(packed: bytes) -> tuple[int, ...]:
    """The keys again."""
    return _packing(len(packed) // 4).unpack(packed)


@cache
def _packing(count: int) -> struct.Struct:
    return struct.Struct(f"={count}I")


class Postings:
    """Key -> the newest posts filed under it. One post is kept as itself, several as a list: most keys have one."""

    def __init__(self) -> None:
        self._filed: dict[int, int | list[int]] = {}

    def add(self, post_id: int, keys: Iterable[int]) -> None:
        """File a post that is not filed."""
        filed = self._filed
        for key in keys:
            held = filed.setdefault(key, post_id)
            if held == post_id:
                continue
            if isinstance(held, int):
                filed[key] = [held, post_id]
            else:
                held.append(post_id)
                if len(held) >= 2 * MOST_FILED:
                    del held[:MOST_FILED]

    def remove(self, post_id: int, keys: Iterable[int]) -> None:
        """Take a post out from under the keys it was filed under; it may have been trimmed away already."""
        filed = self._filed
        for key in keys:
            held = filed.get(key)
            if held == post_id:
                del filed[key]
            elif isinstance(held, list) and post_id in held:
                held.remove(post_id)
                if len(held) == 1:
                    filed[key] = held[0]

    def sharing(self, keys: Sequence[int], least: int) -> list[tuple[int, int]]:
        """How many of the keys a post is filed under, and the post: all those with at least so many."""
        filed: list[int] = []
        for held in map(self._filed.get, keys):
            if isinstance(held, int):
                filed.append(held)
            elif held is not None:
                filed += held
        if least > 1 and len(set(filed)) == len(filed):  # nobody comes twice: so it is with most posts
            return []
        return [(count, post_id) for post_id, count in Counter(filed).items() if count >= least]
