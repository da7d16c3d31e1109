"""Which stories a post may join, given the posts that it is like: no chains, no ties that rest on one likeness.

Stories that swallow everything come from chains of posts, each like the one before. So the larger a story is, the more
alike a post must be to it, to more of its posts, and to the first ones, which say what the event is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from analysis.stories.telling import Kind, Telling

THRESHOLD = 0.55
"""Two posts of at least this similarity report one event. Above one half, for a wrong join costs a subscriber an alert
and a missed one only a second alert; up to 0.65 labelled pairs show no more precision for it (decision 13)."""

SUPPORT_THRESHOLD = 0.35
"""Other posts of a story support a join when they are at least so similar."""

TIE_THRESHOLD = 0.85
"""A post ties two stories together when it is so similar to posts of both."""

LARGEST_TIED = 40
"""Posts that two stories may have together for a post to tie them."""


class Demand(NamedTuple):
    """What a story of at least `size` posts asks of a new one.

    `least`: similarity to the best; `support`: how many posts are to be similar; `founding`: similarity to one of the
    founders.
    """

    size: int
    least: float
    support: int
    founding: float


DEMANDS = (
    Demand(32, 0.85, 5, 0.55),
    Demand(12, 0.75, 3, 0.45),
    Demand(5, 0.7, 2, 0.35),
    Demand(0, THRESHOLD, 1, 0.0),
)


@dataclass(frozen=True, slots=True)
class Match:
    """A post of the window that a new one is like."""

    telling: Telling
    similarity: float
    kind: Kind


def demand_of(size: int) -> Demand:
    """What a story of so many posts asks."""
    return next(demand for demand in DEMANDS if size >= demand.size)


def by_story(matches: Sequence[Match]) -> list[list[Match]]:
    """The matches of each story, best first; the best story first, and of stories about as alike, the older one."""
    stories: dict[int, list[Match]] = {}
    for match in sorted(matches, key=lambda match: (-match.similarity, match.telling.post_id)):
        stories.setdefault(match.telling.story_id, []).append(match)
    return sorted(stories.values(), key=lambda found: (-round(found[0].similarity, 1), found[0].telling.story_id))


def is_supported(matches: Sequence[Match], demand: Demand) -> bool:
    """Whether the matches of one story, best first, meet what it asks, the founders aside."""
    support = sum(match.similarity >= SUPPORT_THRESHOLD for match in matches)
    return matches[0].similarity >= demand.least and support >= demand.support
