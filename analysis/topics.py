"""What a post is about: weighted words per topic, and for each label the words that made it.

No black box and nothing learned from posts: hand-made word lists (decision 5) and weights learned from texts that were
written for that (decision 12), added up.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from math import sqrt
from operator import mul

from analysis.lexicon import COARSE, FINE, HALF, Entry, Lexicon, Row, shipped
from analysis.manner import manner_of
from analysis.text import Terms

MOST_TOPICS = 3
"""Topics of the top level that a post is given at most: newsrooms give one to three."""

MOST_CHILDREN = 2
"""Topics of the second level given below one of the top level at most."""

SHARE_OF_BEST = 0.5
"""A further topic needs this share of the best one's score, or it is only mentioned in passing. Where the weights of
the top level are learned, they say how likely each topic is by itself."""

PLAIN_LENGTH = 40
"""Words up to which a post needs no more evidence; beyond, the need grows with the root of the length."""

LESSON_LENGTH = 20
"""Words of a post whose learned evidence counts as it is. Longer ones need more, as above, and shorter ones less: a
headline says in six words what a post says in twenty."""

SHORTEST_NEED = 0.5
"""What a post needs at least, of what one of LESSON_LENGTH does: of fewer than five words nothing is certain."""

MOST_WORDS = 8
"""Words given in explanation of one label: what fits into a message."""

TWICE_AS_SURE = 3.0
"""Evidence beyond its threshold, in log odds, that gives a topic with learned weights a score of 2."""

CHATTER_YIELDS = 2.0
"""What is taken for chatter is about a topic all the same when the topic's score is above the evidence of chatter by
more than this."""

SURELY_NEWS = -0.67
"""Evidence of chatter, in the unit of scores, below which a post is news for certain (2 below the threshold, in log
odds)."""

LIKELIEST = 0.56
"""Score (a chance of 0.08, where 1 is one of 0.25) from which on the likeliest topic of such a post is given if it has
no other: it must be about something. Chosen, like SURELY_NEWS, by texts left out (decision 12)."""

SCALE = FINE * COARSE * TWICE_AS_SURE
"""What evidence beyond a threshold is in a lane, for one more of score."""


@dataclass(frozen=True, slots=True)
class TopicScore:
    """One label: the topic's code, its score (1.0 is just enough) and the words behind it.

    `words` are the post's own (folded) words, the weightiest first, each with its share of what spoke for the topic;
    the shares of all words, of which at most MOST_WORDS are given, sum to 1.
    """

    code: str
    score: float
    words: tuple[tuple[str, float], ...]


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


def classify(terms: Terms) -> tuple[TopicScore, ...]:
    """The topics of a post; () when it is about none that we know.

    At most MOST_TOPICS of the top level, best first; each is followed by those of the second level below it, if any.
    """
    return classify_with(shipped(), terms)


def classify_with(lexicon: Lexicon, terms: Terms) -> tuple[TopicScore, ...]:
    """`classify` with word lists other than the shipped ones (an operator's, a test's)."""
    held = collect(lexicon, terms)
    if not held.rows:
        return ()
    scores = _scores(lexicon, held, terms)
    chosen: list[tuple[int, float]] = []
    share = 0.0 if lexicon.learned_tops else SHARE_OF_BEST
    for top in _best(scores, lexicon.tops, share)[:MOST_TOPICS]:
        chosen.append(top)
        chosen += _best(scores, lexicon.children[top[0]], SHARE_OF_BEST)[:MOST_CHILDREN]
    labels = []
    for topic, score in chosen:
        if words := _explained(topic, lexicon, held, terms):
            labels.append(TopicScore(lexicon.scales[topic].code, round(score, 3), words))
    return tuple(labels)


def _best(scores: Sequence[float], topics: Sequence[int], share: float) -> list[tuple[int, float]]:
    """The topics that reach their thresholds and a share of the best one's score, best first."""
    ranked = [(topic, scores[topic]) for topic in topics if scores[topic] >= 1]
    if len(ranked) > 1:
        ranked.sort(key=lambda pair: -pair[1])
        least = share * ranked[0][1]
        return [pair for pair in ranked if pair[1] >= least]
    return ranked


def collect(lexicon: Lexicon, terms: Terms) -> Held:
    """All that a post holds. Words inside a phrase count in the hand-made lists as that phrase only."""
    counts = Counter(terms.forms)
    rows = [*filter(None, map(lexicon.row, counts))]
    held = Held(rows, [row for row in rows if row[3]], {}, {}, {})
    starters: list[Row] = []
    sides: list[tuple[Entry, int]] = []
    for row in held.listed:
        if row[4] and counts[row[0]] > 1:
            held.times[row[0]] = _times(counts[row[0]])
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


def _scores(lexicon: Lexicon, held: Held, terms: Terms) -> Sequence[float]:
    """Each topic's score; all 0 when the post is about nothing. What is below no topic of the post is left at 0."""
    none, scales = lexicon.none, lexicon.scales
    need = learned_need(length := len(terms.forms))
    scores = [0.0] * len(scales)
    if not lexicon.is_learned_whole:
        _score_by_hand(lexicon, hand_evidence(held), length, scores)
    if not lexicon.learned_tops and not any(scores[top] >= 1 for top in lexicon.tops):
        return [0.0] * len(scales)  # as for most chatter: the rest need not be added up
    lanes, learned, bars = _lanes(lexicon, held), lexicon.learned_tops, lexicon.bars
    count = len(lexicon.tops)
    beyond = _beyond(lanes[: count + 1], bars, need)
    for top in learned:
        scores[top] = 1 + beyond[top]
    chatter = beyond[none] if none is not None and scales[none].is_learned else SURELY_NEWS / 2
    if lexicon.manner:
        chatter += sum(map(mul, lexicon.manner, manner_of(terms))) / TWICE_AS_SURE
    best = max(scores[:count], default=0.0)
    # Without weights for chatter nothing is taken for it, and nothing is surely news.
    if lexicon.learned_tops and LIKELIEST <= best < 1 and chatter <= SURELY_NEWS:
        scores[scores.index(best)] = best = 1.0
    if is_chatter(chatter, best):
        return [0.0] * len(scales)
    for top in [top for top in lexicon.tops if scores[top] >= 1]:
        below = lexicon.below[top]
        for child, surplus in zip(lexicon.children[top], _beyond(lanes[below], bars[below], need), strict=True):
            if scales[child].is_learned:
                scores[child] = 1 + surplus
    return scores


def _beyond(lanes: Sequence[int], bars: Sequence[float], need: float) -> list[float]:
    """The learned evidence beyond the thresholds, 1 for TWICE_AS_SURE."""
    return [((lane - HALF) / need - bar) / SCALE for lane, bar in zip(lanes, bars, strict=False)]


def is_chatter(chatter: float, best: float) -> bool:
    """Whether a post is about nothing, by the evidence of chatter beyond its threshold and the best topic's score."""
    return 0 <= chatter >= best - CHATTER_YIELDS


def learned_need(length: int) -> float:
    """What learned evidence is divided by in a post of so many words."""
    return max(sqrt(length / LESSON_LENGTH), SHORTEST_NEED)


def _score_by_hand(lexicon: Lexicon, hand: Mapping[int, float], length: int, scores: list[float]) -> None:
    """Write the scores of the topics that have hand-made lists only."""
    needed = sqrt(length / PLAIN_LENGTH) if length > PLAIN_LENGTH else 1.0
    against = 0.0 if lexicon.none is None else max(0.0, hand.get(lexicon.none, 0.0))
    for topic, value in hand.items():
        if value > against and topic != lexicon.none:
            scale = lexicon.scales[topic]
            if not scale.is_learned:
                scores[topic] = ((value - against) / needed + scale.bias) / scale.threshold


def _lanes(lexicon: Lexicon, held: Held) -> array[int]:
    """The evidence for each topic, HALF too much."""
    total = sum([row[1] for row in held.rows])  # said twice, a learned word counts once
    if held.times or held.entries:
        total += lexicon.counted(_beside_words(held))
    return lexicon.unpacked(total)


def _beside_words(held: Held) -> Iterator[tuple[int, float]]:
    """What the hand-made lists say, by topic, beside what each word says once: repetitions, phrases and pairs."""
    if held.times:
        for row in held.listed:
            if row[0] in held.times:
                yield from ((topic, weight * (held.times[row[0]] - 1)) for topic, weight in row[4])
    yield from ((topic, -weight) for (topic, _), weight in held.void.items())
    for entry, places in held.entries.items():
        yield from ((topic, weight * _times(len(places))) for topic, weight in entry.topics)


def hand_evidence(held: Held) -> dict[int, float]:
    """What the hand-made lists alone say for each topic of which they say something."""
    sums: dict[int, float] = defaultdict(float)
    for topic, weight in chain(chain.from_iterable([row[4] for row in held.listed]), _beside_words(held)):
        sums[topic] += weight
    # Fractions that cancel each other out leave a trace, and 2.0 is to reach a threshold of 2.0.
    return {topic: round(total, 6) for topic, total in sums.items()}


def _times(count: int) -> float:
    """How much something counts that is said so often: half as much again for the second time, never the double."""
    return 2 - 0.5 ** (count - 1)


def _explained(topic: int, lexicon: Lexicon, held: Held, terms: Terms) -> tuple[tuple[str, float], ...]:
    """The words for a topic with their shares, the weightiest first; a pair is given as the lexicon writes it."""
    found: dict[str, float] = {row[0]: value - HALF for row in held.rows if (value := row[2][topic]) > HALF}
    for form, times in held.times.items():
        if form in found:
            found[form] *= times
    for other, place in held.void:
        if other == topic:
            found.pop(terms.forms[place], None)
    for entry, places in held.entries.items():
        value = lexicon.said_by(entry)[topic] - HALF
        if value > 0:
            words = entry.label
            if not entry.sides:
                words = " ".join(terms.forms[places[0] : places[0] + 1 + len(entry.rest)])
            found[words] = found.get(words, 0.0) + value * _times(len(places))
    thousandth = sum(found.values()) / 1000
    ordered = sorted([(-value, word) for word, value in found.items()])
    return tuple([(word, round(-value / thousandth) / 1000) for value, word in ordered[:MOST_WORDS]])
