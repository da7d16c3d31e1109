"""Why a post has a topic: its words, each with its share of what spoke for the topic."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping

from analysis.held import Held, times
from analysis.lanes import HALF
from analysis.lexicon import Lexicon
from analysis.text import Terms

MOST_WORDS = 8
"""Words given in explanation of one label: what fits into a message."""

Shares = tuple[tuple[str, float], ...]


class Explanation:
    """What one post's words count for each topic: as the decision counted them, repetitions and phrases included."""

    def __init__(self, lexicon: Lexicon, held: Held, terms: Terms) -> None:
        self._lexicon, self._held, self._terms = lexicon, held, terms
        self._otherwise = self._corrected() if held.times or held.void else {}

    def of(self, topic: int) -> Shares:
        """The words for a topic with their shares, the weightiest first; a pair is given as the lexicon writes it.

        At most MOST_WORDS are given; the shares of all sum to 1.
        """
        otherwise = self._otherwise
        found: dict[str, float] = {
            row[0]: value - HALF
            for row in self._held.rows
            if (value := row[2][topic] if row[0] not in otherwise else otherwise[row[0]][topic]) > HALF
        }
        for entry, places in self._held.entries.items():
            value = self._lexicon.said_by(entry)[topic] - HALF
            if value > 0:
                words = entry.label
                if not entry.sides:
                    words = " ".join(self._terms.forms[places[0] : places[0] + 1 + len(entry.rest)])
                found[words] = found.get(words, 0.0) + value * times(len(places))
        thousandth = sum(found.values()) / 1000
        ordered = sorted([(-value, word) for word, value in found.items()])
        return tuple([(word, round(-value / thousandth) / 1000) for value, word in ordered[:MOST_WORDS]])

    def _corrected(self) -> Mapping[str, array[int]]:
        """What the words count that are said again, or stand inside phrases."""
        held, forms = self._held, self._terms.forms
        further: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for row in held.listed:
            if row[0] in held.times:
                further[row[0]] += [(topic, weight * (held.times[row[0]] - 1)) for topic, weight in row[4]]
        for (topic, place), weight in held.void.items():
            further[forms[place]].append((topic, -weight))
        counted = self._lexicon.counted
        return {
            row[0]: self._lexicon.unpacked(row[1] + counted(further[row[0]])) for row in held.rows if row[0] in further
        }
