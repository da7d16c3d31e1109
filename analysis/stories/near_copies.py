"""Which posts of a stream nearly repeat another's text, letter by letter: what stories are measured against.

Apart from how stories are found: runs of four characters and their cosine, no words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import sqrt

from analysis.stories.footers import without_footer

RUN = 4
"""Characters of a run."""

COSINE = 0.9
"""From this similarity on a post is a near-copy (issue 5)."""

SHORTEST = 20
"""Characters of a text worth comparing."""

RAREST = 25
"""Runs, the rarest of a text, under which it is looked for; a near-copy shares at least LEAST_RUNS of them."""

LEAST_RUNS = 8
NEWEST = 200


def near_copies(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of places of near-copies, the earlier first."""
    runs = [_runs(without_footer(text)) for text in texts]
    holding = Counter(run for counts in runs for run in counts)
    places: dict[str, list[int]] = defaultdict(list)
    for place, counts in enumerate(runs):
        rarest = sorted(counts, key=lambda run: (holding[run], run))[:RAREST]
        shared = Counter(earlier for run in rarest for earlier in places[run][-NEWEST:])
        for earlier, count in shared.items():
            if count >= LEAST_RUNS and _cosine(runs[earlier], counts) >= COSINE:
                yield earlier, place
        for run in rarest:
            places[run].append(place)


def _runs(text: str) -> Counter[str]:
    plain = " ".join(text.lower().split())
    return (
        Counter(plain[start : start + RUN] for start in range(len(plain) - RUN + 1))
        if len(plain) >= SHORTEST
        else Counter()
    )


def _cosine(first: Counter[str], second: Counter[str]) -> float:
    smaller, larger = sorted((first, second), key=len)
    return sum(count * larger[run] for run, count in smaller.items()) / (_length(first) * _length(second))


def _length(counts: Counter[str]) -> float:
    return sqrt(sum(count * count for count in counts.values()))
