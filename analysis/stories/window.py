"""The posts of the last days, in memory, and the one question asked of them: which story does this post belong to?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from analysis.stories.ages import Ages
from analysis.stories.comparing import Comparer
from analysis.stories.joining import (
    LARGEST_TIED,
    SUPPORT_THRESHOLD,
    TIE_THRESHOLD,
    Match,
    by_story,
    demand_of,
    is_supported,
)
from analysis.stories.memberships import Memberships
from analysis.stories.postings import Postings
from analysis.stories.separations import Separations
from analysis.stories.similarity import Likeness
from analysis.stories.telling import Address, Telling, Verdict, addresses_of

SPAN = dt.timedelta(hours=72)
"""How long after a post another may still join its story, by their times of posting (issue 5)."""

MOST_POSTS = 200_000
"""Posts in the window, however young the oldest is (issue 5); `benchmarks.stories` measured 212 MiB for them."""

MOST_COMPARED = 12
"""Posts that a new one is compared with: those that share the most keys."""

LEAST_KEYS = 2
"""Keys that a post must share with a new one to be compared, unless the new one has hardly more."""

LEAST_SUPPORT = SUPPORT_THRESHOLD
"""Less similar posts do not count at all."""

MOST_EVICTED = 64
"""Posts beyond the span that are dropped with each new one, so that after a silence no post waits for thousands."""


class Window:
    """Tellings of the last `span` of posting time, the newest `most` of them. Not safe for threads."""

    def __init__(self, span: dt.timedelta = SPAN, most: int = MOST_POSTS) -> None:
        self._span = span.total_seconds()
        self._most = most
        self._tellings: dict[int, Telling] = {}
        self._by_address: dict[Address, int] = {}
        self._ages = Ages(self._tellings)
        self._newest = float("-inf")
        self._postings = Postings(most)
        self._members = Memberships()
        self._comparer = Comparer()
        self._separations = Separations()

    def __len__(self) -> int:
        return len(self._tellings)

    def story_of(self, post_id: int) -> int | None:
        """The story of a post of the window; None for one that is not in it."""
        telling = self._tellings.get(post_id)
        return telling.story_id if telling is not None else None

    def is_past(self, posted_at: float) -> bool:
        """Whether a post of that moment is too old to be told with any in the window."""
        if posted_at < self._newest - self._span:
            return True
        oldest = self._ages.oldest() if len(self._tellings) >= self._most else None
        return oldest is not None and posted_at < oldest.posted_at

    def find(self, telling: Telling) -> Verdict | None:
        """The story that a post belongs to, or None when it begins one. Its own `story_id` is not looked at."""
        if (forwarded := self._forwarded(telling)) is not None:
            return forwarded
        joined = [found for found in by_story(self._alike(telling)) if self._may_join(telling, found)]
        if not joined:
            return None
        best = joined[0][0]
        also = tuple(found[0].telling.story_id for found in joined[1:] if self._is_tied(best, found[0]))
        return Verdict(best.telling.story_id, best.telling.post_id, best.similarity, best.kind, also)

    def add(self, telling: Telling) -> None:
        """Take a post in; those older than the newest by more than the span go, and the oldest of too many."""
        post_id = telling.post_id
        if post_id in self._tellings:
            self.discard(post_id)
        self._tellings[post_id] = telling
        self._postings.add(post_id, self._comparer.keys(telling))
        self._members.add(post_id, telling.story_id)
        self._comparer.add(telling)
        for address in addresses_of(telling):
            self._by_address.setdefault(address, post_id)
        self._ages.add(telling)
        self._newest = max(self._newest, telling.posted_at)
        self._evict()

    def discard(self, post_id: int) -> None:
        """Forget a post; one that is not known is no error. What it is kept apart from stays."""
        telling = self._tellings.pop(post_id, None)
        if telling is None:
            return
        self._postings.remove(post_id)
        self._members.remove(post_id, telling.story_id)
        self._comparer.remove(telling)
        for address in addresses_of(telling):
            if self._by_address.get(address) == post_id:
                del self._by_address[address]

    def move(self, post_ids: Iterable[int], story_id: int) -> None:
        """Posts belong to another story now; those that are not known are no error."""
        for post_id in post_ids:
            telling = self._tellings.get(post_id)
            if telling is not None:
                self._members.remove(post_id, telling.story_id)
                self._members.add(post_id, story_id)
                self._tellings[post_id] = replace(telling, story_id=story_id)

    def merge(self, story_id: int, into: int) -> None:
        """A story's posts belong to another now."""
        self.move(self._members.of(story_id), into)
        self._separations.merge(story_id, into)

    def keep_apart(self, post_id: int, story_id: int) -> None:
        """A post was taken out of a story by hand: it is never joined to it again, nor to what that is merged into."""
        self._separations.add(post_id, story_id)

    def explain(self, first: Telling, second: Telling) -> Likeness:
        """What two posts have in common, each feature with its share in the similarity."""
        return self._comparer.explain(first, second)

    def _forwarded(self, telling: Telling) -> Verdict | None:
        """The story of the post that a forward repeats, or of another forward of it."""
        origin = self._by_address.get(telling.forward_of) if telling.forward_of else None
        if origin is None or origin == telling.post_id:
            return None
        story_id = self._tellings[origin].story_id
        if self._separations.are_apart(telling.post_id, story_id):
            return None
        return Verdict(story_id, origin, 1.0, "forward")

    def _alike(self, telling: Telling) -> list[Match]:
        """The posts that a new one is like."""
        others = [self._tellings[post_id] for post_id in self._candidates(telling)]
        return self._comparer.matches(telling, others, least=LEAST_SUPPORT)

    def _candidates(self, telling: Telling) -> list[int]:
        """The posts in the span that share the most keys, most first, of equals the newest."""
        keys = self._comparer.keys(telling)
        least = LEAST_KEYS if len(keys) > LEAST_KEYS else 1
        shared = self._postings.sharing(keys, least)
        shared.sort(reverse=True)
        found = (post_id for _, post_id in shared if post_id != telling.post_id and self._is_near(telling, post_id))
        return [post_id for post_id, _ in zip(found, range(MOST_COMPARED), strict=False)]

    def _is_near(self, telling: Telling, post_id: int) -> bool:
        return abs(self._tellings[post_id].posted_at - telling.posted_at) <= self._span

    def _may_join(self, telling: Telling, matches: Sequence[Match]) -> bool:
        """Whether a post belongs to a story, given its matches there."""
        story_id = matches[0].telling.story_id
        demand = demand_of(self._members.size(story_id))
        return (
            is_supported(matches, demand)
            and not self._separations.are_apart(telling.post_id, story_id)
            and (demand.founding == 0 or self._is_founded(telling, story_id, demand.founding))
        )

    def _is_founded(self, telling: Telling, story_id: int, least: float) -> bool:
        """Whether a post is like one of the first posts of a story."""
        founders = [self._tellings[post_id] for post_id in self._members.founders(story_id)]
        return bool(self._comparer.matches(telling, founders, least=least))

    def _is_tied(self, best: Match, other: Match) -> bool:
        """Whether a post that joins one story ties another to it."""
        story_id, other_id = best.telling.story_id, other.telling.story_id
        apart = self._separations.any_apart
        return (
            min(best.similarity, other.similarity) >= TIE_THRESHOLD
            and self._members.size(story_id) + self._members.size(other_id) < LARGEST_TIED
            and not apart(self._members.of(story_id), other_id)
            and not apart(self._members.of(other_id), story_id)
        )

    def _evict(self) -> None:
        """Drop the oldest posts: those too many, and those out of the span, a few at a time."""
        for _ in range(MOST_EVICTED):
            oldest = self._ages.oldest()
            is_beyond = oldest is not None and oldest.posted_at < self._newest - self._span
            if oldest is None or not (is_beyond or len(self._tellings) > self._most):
                return
            self.discard(oldest.post_id)
            self._separations.forget(oldest.post_id)
