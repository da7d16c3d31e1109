"""Comparing one post with others of its window: what is known of each is read once and remembered for a while."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.stories.frequencies import Frequencies
from analysis.stories.joining import Match
from analysis.stories.postings import keys_of
from analysis.stories.reading import Reading
from analysis.stories.signature import Signature
from analysis.stories.similarity import Circumstances, Likeness, compare, may_be_alike
from analysis.stories.telling import Kind, Telling

MOST_READINGS = 1_000
"""Readings remembered, some 8 KiB each of those that were compared in full: the posts of the stories that are being
told now."""

COUNTED_OF = 2
"""Of so many posts, by their ids, the words of one are counted: half of a window tells as well how rare words are."""

COPY_SHINGLES = 0.5
"""A post that shares so many of its shingles with another repeats its words."""

SERIAL_LEAD = 0.6
"""A channel that has posted something with so much of the same first words, but of another time, place or number, posts
a series."""

SERIAL_HOURS = 3.0
"""What a channel repeats sooner is a reminder or a correction."""


class Comparer:
    """Knows how rare words are among the posts taken in, and compares posts by that."""

    def __init__(self) -> None:
        self._frequencies = Frequencies()
        self._readings: dict[bytes, Reading] = {}
        self._last_keys: tuple[Signature | None, tuple[int, ...]] = (None, ())

    def add(self, telling: Telling) -> None:
        """Count a post's words, when it is one of those that are counted."""
        if telling.post_id % COUNTED_OF == 0:
            self._frequencies.add(telling.signature)

    def remove(self, telling: Telling) -> None:
        """Count them no more."""
        if telling.post_id % COUNTED_OF == 0:
            self._frequencies.remove(telling.signature)

    def keys(self, telling: Telling) -> tuple[int, ...]:
        """What a post is to be filed and looked for under; of one that is looked for and then filed, the same."""
        if self._last_keys[0] is not telling.signature:
            signature = telling.signature
            self._last_keys = signature, keys_of(signature, self._frequencies)
        return self._last_keys[1]

    def matches(self, telling: Telling, others: Sequence[Telling], *, least: float) -> list[Match]:
        """Those of the others that a post is like, at least so similar."""
        if not others:
            return []
        reading = self._reading(telling.signature)
        weights = self._frequencies.weights(reading.language)
        found = [
            (other, compare(reading, known, weights, _circumstances(telling, other)))
            for other in others
            if may_be_alike(reading, known := self._reading(other.signature), weights)
        ]
        if any(_is_series(likeness) for _, likeness in found):
            found = [(other, likeness.in_a_series()) for other, likeness in found]
        return [
            Match(other, similarity, _kind(reading, self._reading(other.signature)))
            for other, likeness in found
            if (similarity := likeness.similarity) >= least
        ]

    def explain(self, first: Telling, second: Telling) -> Likeness:
        """What two posts have in common, each feature with its share in the similarity."""
        readings = self._reading(first.signature), self._reading(second.signature)
        return compare(*readings, self._frequencies.weights(readings[0].language), _circumstances(first, second))

    def _reading(self, signature: Signature) -> Reading:
        """A signature read; of those remembered the oldest goes, one at a time, so that no post waits for all."""
        readings = self._readings
        reading = readings.get(signature.packed)
        if reading is None:
            if len(readings) >= MOST_READINGS:
                del readings[next(iter(readings))]
            reading = readings[signature.packed] = Reading(signature)
        return reading


def _is_series(likeness: Likeness) -> bool:
    """Whether two posts of one channel look like two of a series."""
    values = likeness.values
    is_other = values.get("keys_differ", 0.0) > 0 or values["hours"] * 24 > SERIAL_HOURS
    return bool(values["same_channel"]) and is_other and values.get("lead", 0.0) >= SERIAL_LEAD


def _circumstances(first: Telling, second: Telling) -> Circumstances:
    return Circumstances((first.posted_at - second.posted_at) / 3600, first.channel_id == second.channel_id)


def _kind(reading: Reading, other: Reading) -> Kind:
    """Whether a post repeats another's words."""
    fewest = min(len(reading.shingles), len(other.shingles))
    return "copy" if len(reading.shingles & other.shingles) >= COPY_SHINGLES * max(fewest, 1) else "rewrite"
