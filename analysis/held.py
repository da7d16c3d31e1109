"""What a post holds of a lexicon: words, phrases and pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from analysis.lexicon import Entry, Lexicon, Row
from analysis.text import Terms


@dataclass(slots=True)
class Held:
    """What a post holds of a lexicon.

    `rows`: what its forms mean, each form once, but for those that mean nothing; `listed`: those of them that hand-made
    lists hold. `times`: how much the forms count that it says more than once. `entries`: phrases and pairs with the
    positions where they begin. `void`: what the hand-made lists say of words that stand inside phrases, by topic and
    position; it does not count.
    """

    rows: list[Row]
    listed: list[Row]
    times: dict[str, float]
    entries: dict[Entry, list[int]]
    void: dict[tuple[int, int], float]


def collect(lexicon: Lexicon, terms: Terms) -> Held:
    """All that a post holds. Words inside a phrase count in the hand-made lists as that phrase only."""
    counts = Counter(terms.forms)
    rows = [*filter(None, map(lexicon.row, counts))]
    held = Held(rows, [row for row in rows if row[3]], {}, {}, {})
    starters: list[Row] = []
    sides: list[tuple[Entry, int]] = []
    for row in held.listed:
        if row[4] and counts[row[0]] > 1:
            held.times[row[0]] = times(counts[row[0]])
        if row[5]:
            starters.append(row)
        if row[7]:
            sides += row[7]
    if sides:
        _collect_pairs(sides, held)
    if starters:
        _collect_phrases(_beginnings(starters, terms), lexicon, terms, held)
    return held


def _collect_pairs(sides: Sequence[tuple[Entry, int]], held: Held) -> None:
    """Note the pairs of which all sides are there."""
    pairs: dict[Entry, int] = {}
    for pair, side in sides:
        pairs[pair] = pairs.get(pair, 0) | side
    for pair, found in pairs.items():
        if found == pair.sides:
            held.entries[pair] = [0]


def _beginnings(starters: Sequence[Row], terms: Terms) -> list[tuple[int, Row]]:
    """Where a phrase may begin, in order: its first word stands there, and one that may be the second behind it."""
    rows = {row[0]: row for row in starters}
    following = islice(terms.lemmas, 1, None)
    return [
        (place, row)
        for place, (row, second) in enumerate(zip(map(rows.get, terms.forms), following, strict=False))
        if row is not None and not row[6].isdisjoint(second)
    ]


def _collect_phrases(beginnings: Iterable[tuple[int, Row]], lexicon: Lexicon, terms: Terms, held: Held) -> None:
    """Note the phrases that begin in these places and void what the words inside say; the longest goes first."""
    for position, row in beginnings:
        second = terms.lemmas[position + 1]
        for entry in row.phrases:
            if entry.rest[0].isdisjoint(second):
                continue
            end = position + 1 + len(entry.rest)
            following = terms.lemmas[position + 1 : end]
            if len(following) < len(entry.rest) or any(map(frozenset.isdisjoint, entry.rest, following)):
                continue
            places = [(topic, place) for topic, _ in entry.topics for place in range(position, end)]
            if held.void.keys().isdisjoint(places):
                inside = map(lexicon.row, terms.forms[position:end])
                hands = [dict(each.hand) if each else {} for each in inside]
                for topic, place in places:
                    held.void[topic, place] = hands[place - position].get(topic, 0.0)
                held.entries.setdefault(entry, []).append(position)


def beside_words(held: Held) -> Iterator[tuple[int, float]]:
    """What the hand-made lists say, by topic, beside what each word says once: repetitions, phrases and pairs."""
    if held.times:
        for row in held.listed:
            if row[0] in held.times:
                yield from ((topic, weight * (held.times[row[0]] - 1)) for topic, weight in row[4])
    yield from ((topic, -weight) for (topic, _), weight in held.void.items())
    for entry, places in held.entries.items():
        yield from ((topic, weight * times(len(places))) for topic, weight in entry.topics)


def hand_evidence(held: Held) -> dict[int, float]:
    """What the hand-made lists alone say for each topic of which they say something."""
    sums: dict[int, float] = defaultdict(float)
    for topic, weight in chain(chain.from_iterable([row[4] for row in held.listed]), beside_words(held)):
        sums[topic] += weight
    # Fractions that cancel each other out leave a trace, and 2.0 is to reach a threshold of 2.0.
    return {topic: round(total, 6) for topic, total in sums.items()}


def times(count: int) -> float:
    """How much something counts that is said so often: half as much again for the second time, never the double."""
    return 2 - 0.5 ** (count - 1)
