"""Which story a post joins, given the posts that it is like: no chains, and no ties that rest on one likeness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.stories.telling import Kind, Telling

THRESHOLD = 0.5
"""Two posts of at least this similarity report one event."""

SECOND_THRESHOLD = 0.35
"""Further posts of a story that support a join are at least so similar."""

TIE_THRESHOLD = 0.85
"""A post ties two stories together when it is so similar to posts of both."""

SUPPORT = ((4, 1), (12, 2), (40, 3))
"""Stories of fewer posts than the first number ask for so many posts that are similar; a chain of posts each like one
other only, over which stories drift into everything, ends there."""

SUPPORT_OF_THE_LARGE = 4
LARGE = 40
LARGE_THRESHOLD = 0.8
"""A story of so many posts asks for more."""


@dataclass(frozen=True, slots=True)
class Match:
    """A post of the window that a new one is like."""

    telling: Telling
    similarity: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story that a post may join: its best match."""

    story_id: int
    best: Match


def stories_to_join(matches: Sequence[Match], size_of: Callable[[int], int]) -> list[Candidate]:
    """The stories that the matches allow to be joined, best first. `size_of`: story -> how many posts it has."""
    by_story: dict[int, list[Match]] = {}
    for match in sorted(matches, key=_rank):
        by_story.setdefault(match.telling.story_id, []).append(match)
    return [
        Candidate(story_id, found[0])
        for story_id, found in by_story.items()
        if is_supported([match.similarity for match in found], size_of(story_id))
    ]


def _rank(match: Match) -> tuple[float, int]:
    """Best first; of equals, the earliest post."""
    return (-match.similarity, match.telling.post_id)


def is_supported(similarities: Sequence[float], size: int) -> bool:
    """Whether a post that is so similar (best first) to posts of a story of that size belongs to it."""
    needed = next((posts for below, posts in SUPPORT if size < below), SUPPORT_OF_THE_LARGE)
    least = THRESHOLD if size < LARGE else LARGE_THRESHOLD
    return similarities[0] >= least and sum(value >= SECOND_THRESHOLD for value in similarities) >= min(needed, size)
