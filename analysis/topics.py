"""What a post is about: weighted words per topic, and for each label the words that made it.

No black box and nothing learned from posts: hand-made word lists (decision 5) and weights learned from texts that were
written for that (decision 12), added up.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from operator import mul

from analysis.explaining import Explanation
from analysis.held import Held, beside_words, collect, hand_evidence
from analysis.lanes import COARSE, FINE, HALF
from analysis.lexicon import Lexicon, shipped
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
    if not chosen:
        return ()
    labels, explanation = [], Explanation(lexicon, held, terms)
    for topic, score in chosen:
        if words := explanation.of(topic):
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
        total += lexicon.counted(beside_words(held))
    return lexicon.unpacked(total)
