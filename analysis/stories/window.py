"""The posts of the last days, in memory, and the one question asked of them: which story does this post belong to?"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from heapq import heappop, heappush

from analysis.stories.frequencies import Frequencies
from analysis.stories.joining import TIE_THRESHOLD, Match, stories_to_join
from analysis.stories.postings import Postings
from analysis.stories.reading import Reading
from analysis.stories.separations import Separations
from analysis.stories.signature import Signature
from analysis.stories.similarity import Circumstances, Likeness, compare
from analysis.stories.telling import Address, Kind, Telling, Verdict

SPAN = dt.timedelta(hours=72)
"""How long after a post another may still join its story, by their times of posting (issue 5)."""

RARE_TERMS = 12
"""Of each post, the rarest words that it is filed and looked for under."""

MOST_COMPARED = 16
"""Posts that a new one is compared with: those that share the most keys."""

LEAST_KEYS = 2
"""Keys that a post must share with a new one to be compared, unless the new one has hardly more."""

LEAST_SHARED = 0.12
"""Share of a post's weight that another must hold to be compared in full."""

LEAST_SUPPORT = 0.2
"""Less similar posts are not even kept as support."""

COPY_SHINGLES = 0.5
"""A post that shares so many of its shingles with another repeats its words."""

MOST_EVICTED = 64
"""Old posts dropped with each new one, so that after a silence no post waits for thousands."""


class Window:
    """Tellings of the last `span` of posting time. Not safe for threads."""

    def __init__(self, span: dt.timedelta = SPAN) -> None:
        self._span = span.total_seconds()
        self._tellings: dict[int, Telling] = {}
        self._keys: dict[int, tuple[int, ...]] = {}
        self._stories: dict[int, set[int]] = {}
        self._by_address: dict[Address, int] = {}
        self._oldest: list[tuple[float, int]] = []
        self._newest = float("-inf")
        self._postings = Postings()
        self._frequencies = Frequencies()
        self._separations = Separations()
        self._last_read: tuple[Signature, Reading] | None = None

    def __len__(self) -> int:
        return len(self._tellings)

    def story_of(self, post_id: int) -> int | None:
        """The story of a post of the window; None for one that is not in it."""
        telling = self._tellings.get(post_id)
        return telling.story_id if telling is not None else None

    def is_past(self, posted_at: float) -> bool:
        """Whether a post of that moment is too old to be told with any in the window."""
        return posted_at < self._newest - self._span

    def find(self, telling: Telling) -> Verdict | None:
        """The story that a post belongs to, or None when it begins one. Its own `story_id` is not looked at."""
        matches = self._forwarded(telling) or self._alike(telling)
        allowed = [match for match in matches if not self._separations.are_apart(telling.post_id, match.telling.story_id)]
        stories = stories_to_join(allowed, self._size)
        if not stories:
            return None
        best = stories[0].best
        also = tuple(
            story.story_id
            for story in stories[1:]
            if min(story.best.similarity, best.similarity) >= TIE_THRESHOLD
            and not self._are_apart(story.story_id, stories[0].story_id)
        )
        return Verdict(stories[0].story_id, best.telling.post_id, best.similarity, best.kind, also)

    def add(self, telling: Telling) -> None:
        """Take a post in; posts older than the newest by more than the span go."""
        self.discard(telling.post_id)
        reading = self._read(telling.signature)
        keys = _keys(reading)
        self._tellings[telling.post_id] = telling
        self._keys[telling.post_id] = keys
        self._stories.setdefault(telling.story_id, set()).add(telling.post_id)
        self._postings.add(telling.post_id, keys)
        self._frequencies.add(telling.signature)
        for address in filter(None, (telling.address, telling.forward_of)):
            self._by_address.setdefault(address, telling.post_id)
        heappush(self._oldest, (telling.posted_at, telling.post_id))
        self._newest = max(self._newest, telling.posted_at)
        self._evict()

    def discard(self, post_id: int) -> None:
        """Forget a post; one that is not known is no error. What it is kept apart from stays."""
        telling = self._tellings.pop(post_id, None)
        if telling is None:
            return
        self._postings.remove(post_id, self._keys.pop(post_id))
        self._frequencies.remove(telling.signature)
        self._leave(telling)
        for address in filter(None, (telling.address, telling.forward_of)):
            if self._by_address.get(address) == post_id:
                del self._by_address[address]

    def move(self, post_ids: Iterable[int], story_id: int) -> None:
        """Posts belong to another story now; those that are not known are no error."""
        for post_id in post_ids:
            telling = self._tellings.get(post_id)
            if telling is not None:
                self._leave(telling)
                self._tellings[post_id] = replace(telling, story_id=story_id)
                self._stories.setdefault(story_id, set()).add(post_id)

    def merge(self, story_id: int, into: int) -> None:
        """A story's posts belong to another now."""
        self.move(tuple(self._stories.get(story_id, ())), into)
        self._separations.merge(story_id, into)

    def keep_apart(self, post_id: int, story_id: int) -> None:
        """A post was taken out of a story by hand: it is never joined to it again, nor to what that is merged into."""
        self._separations.add(post_id, story_id)

    def explain(self, first: Telling, second: Telling) -> Likeness:
        """What two posts have in common, each feature with its share in the similarity."""
        return compare(self._read(first.signature), self._read(second.signature), _circumstances(first, second))

    def _forwarded(self, telling: Telling) -> list[Match]:
        """The post that a forward repeats, or another forward of it."""
        origin = telling.forward_of and self._by_address.get(telling.forward_of)
        if origin is None or origin == telling.post_id:
            return []
        return [Match(self._tellings[origin], 1.0, "forward")] * self._size(self._tellings[origin].story_id)

    def _alike(self, telling: Telling) -> list[Match]:
        """The posts that a new one is like."""
        reading = self._read(telling.signature)
        matches = []
        for post_id in self._candidates(telling.post_id, reading):
            other = self._tellings[post_id]
            if abs(other.posted_at - telling.posted_at) > self._span or not _is_worth_comparing(reading, other):
                continue
            similarity = compare(reading, self._reading(other.signature), _circumstances(telling, other)).similarity
            if similarity >= LEAST_SUPPORT:
                matches.append(Match(other, similarity, _kind(reading, other.signature)))
        return matches

    def _candidates(self, post_id: int, reading: Reading) -> list[int]:
        """The posts that share the most keys, most first, of equals the newest."""
        keys = _keys(reading)
        least = LEAST_KEYS if len(keys) > LEAST_KEYS else 1
        shared = [(count, other) for other, count in self._postings.count(keys).items() if count >= least]
        shared.sort(reverse=True)
        return [other for _, other in shared[:MOST_COMPARED] if other != post_id]

    def _read(self, signature: Signature) -> Reading:
        """A signature read; the last one is remembered, for a post is looked for and then added."""
        if self._last_read is None or self._last_read[0] is not signature:
            self._last_read = signature, self._reading(signature)
        return self._last_read[1]

    def _reading(self, signature: Signature) -> Reading:
        return Reading(signature, self._frequencies)

    def _size(self, story_id: int) -> int:
        return len(self._stories.get(story_id, ()))

    def _are_apart(self, story_id: int, other: int) -> bool:
        """Whether a post of one story is kept apart from the other."""
        apart = self._separations.any_apart
        return apart(self._stories[story_id], other) or apart(self._stories[other], story_id)

    def _leave(self, telling: Telling) -> None:
        """A post is not in its story any more."""
        members = self._stories[telling.story_id]
        members.discard(telling.post_id)
        if not members:
            del self._stories[telling.story_id]

    def _evict(self) -> None:
        """Drop the oldest posts that are out of the span, a few at a time."""
        for _ in range(MOST_EVICTED):
            if not self._oldest or self._oldest[0][0] >= self._newest - self._span:
                return
            posted_at, post_id = heappop(self._oldest)
            telling = self._tellings.get(post_id)
            if telling is not None and telling.posted_at == posted_at:
                self.discard(post_id)
                self._separations.forget(post_id)


def _keys(reading: Reading) -> tuple[int, ...]:
    """What a post is filed under: its rarest words, what sounds alike in every language, and its smallest shingles."""
    weights = reading.weights
    rarest = sorted(reading.terms, key=weights.__getitem__, reverse=True)[:RARE_TERMS]
    return (*rarest, *reading.sounds, *reading.shingles)


def _is_worth_comparing(reading: Reading, other: Telling) -> bool:
    """Whether another post may be alike at all: a quick look."""
    if reading.signature.language != other.signature.language:
        return True
    return reading.weight(reading.terms.intersection(other.signature.terms)) >= LEAST_SHARED * reading.total


def _circumstances(first: Telling, second: Telling) -> Circumstances:
    return Circumstances(
        hours=(first.posted_at - second.posted_at) / 3600, same_channel=first.channel_id == second.channel_id
    )


def _kind(reading: Reading, other: Signature) -> Kind:
    """Whether a post repeats another's words."""
    fewest = min(len(reading.shingles), len(other.shingles))
    return "copy" if len(reading.shingles.intersection(other.shingles)) >= COPY_SHINGLES * max(fewest, 1) else "rewrite"
