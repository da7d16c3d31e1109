"""What a post is about: weighted words per topic, and for each label the words that made it.

No model and nothing learned from posts: the word lists in `analysis/taxonomy/lexicon` are written by hand (decision 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from analysis.lexicon import NONE, NOTHING, Entry, Lexicon, Scale, shipped
from analysis.text import Terms

MOST_TOPICS = 3
"""Topics a post is given at most: newsrooms give one to three."""

SHARE_OF_BEST = 0.5
"""A further topic needs this share of the best one's score, or it is only mentioned in passing."""

PLAIN_LENGTH = 40
"""Words up to which a post needs no more evidence; beyond, the need grows with the root of the length."""

MOST_WORDS = 8
"""Words given in explanation of one label: what fits into a message."""


@dataclass(frozen=True, slots=True)
class TopicScore:
    """One label: the topic's code, its score in thresholds (1.0 is just enough) and the words behind it.

    `words` are the post's own (folded) words, the weightiest first, each with its share of what spoke for the topic;
    the shares of all words, of which at most MOST_WORDS are given, sum to 1.
    """

    code: str
    score: float
    words: tuple[tuple[str, float], ...]


_Found = dict[Entry, list[int]]
"""What a post holds of the lexicon -> the positions where it begins."""


def classify(terms: Terms) -> tuple[TopicScore, ...]:
    """The topics of a post, best first, at most MOST_TOPICS; () when it is about none that we know."""
    return classify_with(shipped(), terms)


def classify_with(lexicon: Lexicon, terms: Terms) -> tuple[TopicScore, ...]:
    """`classify` with word lists other than the shipped ones (an operator's, a test's)."""
    found = _collect(lexicon, terms)
    ranked = _ranked(lexicon.scales, found, len(terms.forms)) if found else []
    return tuple(
        TopicScore(lexicon.scales[topic].code, round(score, 3), _explained(topic, found, terms))
        for score, topic in ranked[:MOST_TOPICS]
        if score >= SHARE_OF_BEST * ranked[0][0]
    )


def _collect(lexicon: Lexicon, terms: Terms) -> _Found:
    """All entries that a post holds. Words inside a phrase count for the phrase's topic as that phrase only."""
    found: _Found = {}
    taken: set[tuple[int, int]] = set()  # (topic, position) inside a phrase
    pairs: dict[Entry, dict[int, int]] = {}  # pair -> side -> position
    lemmas = terms.lemmas
    last = len(lemmas) - 1
    for position, row in enumerate(map(lexicon.row, terms.forms)):
        if row is NOTHING:
            continue
        phrases, seconds, words, sides = row
        if phrases and position < last and not seconds.isdisjoint(lemmas[position + 1]):
            _collect_phrases(phrases, lemmas, position, found, taken)
        for entry in words:
            if not taken or (entry.topic, position) not in taken:
                found.setdefault(entry, []).append(position)
        for pair, side in sides:
            pairs.setdefault(pair, {}).setdefault(side, position)
    for pair, places in pairs.items():
        if len(places) == pair.sides:
            found[pair] = [min(places.values())]
    return found


def _collect_phrases(
    phrases: tuple[Entry, ...],
    lemmas: tuple[tuple[str, ...], ...],
    position: int,
    found: _Found,
    taken: set[tuple[int, int]],
) -> None:
    """Note the phrases that begin here and mark their positions as taken; the longest goes first."""
    for entry in phrases:
        end = position + 1 + len(entry.rest)
        following = lemmas[position + 1 : end]
        if len(following) < len(entry.rest) or any(map(frozenset.isdisjoint, entry.rest, following)):
            continue
        places = {(entry.topic, place) for place in range(position, end)}
        if taken.isdisjoint(places):
            taken |= places
            found.setdefault(entry, []).append(position)


def _ranked(scales: tuple[Scale, ...], found: _Found, length: int) -> list[tuple[float, int]]:
    """The topics that reach their thresholds, with their scores in thresholds, best first."""
    sums: dict[int, float] = {}
    for entry, places in found.items():
        sums[entry.topic] = sums.get(entry.topic, 0.0) + _value(entry, places)
    needed = sqrt(length / PLAIN_LENGTH) if length > PLAIN_LENGTH else 1.0
    against = max(0.0, sum(total for topic, total in sums.items() if scales[topic].code == NONE))
    ranked = []
    for topic, total in sums.items():
        if total > against:
            code, bias, threshold = scales[topic]
            score = ((total - against) / needed + bias) / threshold
            if score >= 1 and code != NONE:
                ranked.append((score, topic))
    ranked.sort(key=lambda scored: (-scored[0], scored[1]))
    return ranked


def _value(entry: Entry, places: list[int]) -> float:
    """The weight, half as much again for the second time, a quarter for the third, never the double."""
    return entry.weight if len(places) == 1 else entry.weight * (2 - 0.5 ** (len(places) - 1))


def _explained(topic: int, found: _Found, terms: Terms) -> tuple[tuple[str, float], ...]:
    """The words for a topic with their shares, the weightiest first; a pair is given as the lexicon writes it."""
    values: dict[str, float] = {}
    for entry, places in found.items():
        if entry.topic == topic and entry.weight > 0:
            word = entry.label
            if not entry.sides:
                word = " ".join(terms.forms[places[0] : places[0] + 1 + len(entry.rest)])
            values[word] = values.get(word, 0.0) + _value(entry, places)
    total = sum(values.values())
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return tuple((word, round(value / total, 3)) for word, value in ordered[:MOST_WORDS])
