"""The word lists behind the topics in one index that a post is held against, form by form.

Hand-made lists (`analysis.word_lists`) say what speaks for a topic; learned weights (`analysis.learned`), where there
are any, say how much it counts and what else does.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import chain, repeat
from typing import NamedTuple

from analysis.lanes import COARSE, FINE, lift, packed, unpacked
from analysis.learned import LearnedWeights, beginning, read_learned
from analysis.recent import Recent
from analysis.taxonomy import TOPICS
from analysis.text import LEMMAS
from analysis.word_lists import NONE, LexiconError, WordList, read_word_list

__all__ = ["NONE", "Entry", "Lexicon", "LexiconError", "Row", "Scale", "read_lexicon", "shipped"]

REMEMBERED_ROWS = 80_000
"""Forms whose rows are kept, some 70 MiB at most; a forgotten one is put together anew in some 10 µs."""

LENT = 0.5
"""Share of its weight that a child's decisive word speaks for the parent with: two of them make the parent, too."""

DECISIVE = 1.5
"""Weight from which a child's word says anything for the parent. A hint that tells siblings apart (a city, a screen, a
delivery) says nothing of that kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A phrase or a pair that speaks for topics (below zero: against them). Compared by identity.

    `topics`: its topic's place in `Lexicon.scales` with its weight, and the parent's with what is lent to it. `label`:
    as its file writes it; `rest`: the lemma sets of a phrase's further words; `sides`: a bit for each of the words that
    a pair needs, 0 for what is no pair.
    """

    topics: tuple[tuple[int, float], ...]
    label: str
    rest: tuple[frozenset[str], ...] = ()
    sides: int = 0


class Row(NamedTuple):
    """All that one form may mean. Hot loops take the fields by number, which costs half: keep their order."""

    form: str
    lanes: int  # evidence, each topic's in its LANE: what was learned, and what the hand-made lists' counts in it
    by_topic: array[int]  # the same, a lane an item, HALF too much
    is_listed: bool = False  # whether hand-made lists hold it, in any of the ways that follow
    hand: tuple[tuple[int, float], ...] = ()  # topic and weight in the hand-made lists, one a topic
    phrases: tuple[Entry, ...] = ()  # that begin here, the longest first
    seconds: frozenset[str] = frozenset()  # lemmas of which the next word must have one, or no phrase begins here
    sides: tuple[tuple[Entry, int], ...] = ()  # pairs this is a side of, and that side's bit


class Scale(NamedTuple):
    """What a topic's evidence is measured with.

    `parent`: its place, None at the top level. `is_learned`: whether there are learned weights.
    """

    code: str
    bias: float
    threshold: float
    parent: int | None
    is_learned: bool


class Lexicon:
    """The word lists, indexed by lemma and "=form"; what is said never changes. Build it with `read_lexicon`.

    `scales` holds one Scale a topic; a topic's place there is its number everywhere. `tops` are those of the top
    level, the first ones (`learned_tops`: with learned weights), `children` those below each (`below`: where these
    lie), `none` is NONE's, if it has one. `counts[topic]`: how much the evidence of that topic's hand-made list
    counts for each topic, each in its LANE (`is_learned_whole`: every topic has learned weights); `lifted`: HALF in
    every lane; `bars`: the thresholds in a sum's unit. `manner`: what tells chatter beside words. `row(form)` gives
    what a word of a post means, None when nothing, and is cached.
    """

    __slots__ = (
        "_entries", "_learned", "_listed", "_numbers", "_pairs", "_said", "_words",
        "bars", "below", "children", "counts", "is_learned_whole", "learned_tops", "lifted", "manner", "none", "row",
        "scales", "tops",
    )  # fmt: skip

    def __init__(self, lists: Iterable[WordList], learned: Mapping[str, LearnedWeights]) -> None:
        held = _in_order(lists)
        places = {word_list.code: place for place, word_list in enumerate(held)}
        self.scales = tuple(_scale(word_list, places, learned.get(word_list.code)) for word_list in held)
        self.none = places.get(NONE)
        self.tops = tuple(p for p, scale in enumerate(self.scales) if scale.parent is None and p != self.none)
        self.learned_tops = tuple(top for top in self.tops if self.scales[top].is_learned)
        self.is_learned_whole = all(scale.is_learned for scale in self.scales)
        self.children: dict[int, list[int]] = {top: [] for top in self.tops}
        for place, scale in enumerate(self.scales):
            if scale.parent is not None:
                self.children[scale.parent].append(place)
        self.below = {top: slice(c[0], c[-1] + 1) if c else slice(0) for top, c in self.children.items()}
        # Where nothing was learned for a topic, its hand-made list counts there as it is.
        self.counts = [
            packed({places[code]: weights.hand.get(scale.code, 0.0) for code, weights in learned.items()})
            + packed({} if scale.is_learned else {place: 1.0})
            for place, scale in enumerate(self.scales)
        ]
        self.manner = learned[NONE].manner if NONE in learned else ()
        self.bars = tuple(scale.threshold * FINE * COARSE for scale in self.scales)
        self.lifted = lift(len(self.scales))
        self._words: dict[str, dict[int, float]] = defaultdict(dict)  # lexeme -> topic -> weight
        self._entries: dict[str, list[Entry]] = defaultdict(list)
        self._pairs: dict[str, list[tuple[Entry, int]]] = defaultdict(list)
        # A parent's own weight for a word goes before what its children lend it.
        for place in sorted(range(len(held)), key=lambda place: self.scales[place].parent is not None):
            self._add(held[place], place)
        self._listed = frozenset((*self._words, *self._entries, *self._pairs))
        self._numbers = frozenset(lexeme.removeprefix("=") for lexeme in self._listed if lexeme[-1].isdigit())
        self._learned: dict[str, int] = defaultdict(int)  # lemma or "beginning*" -> weights, each in its LANE
        for code, weights in learned.items():
            for word, weight in weights.words.items():
                self._learned[word] += packed({places[code]: weight})
        self._said: dict[Entry, array[int]] = {}
        self.row = Recent(self._row, bound=REMEMBERED_ROWS).__getitem__

    def _add(self, word_list: WordList, place: int) -> None:
        """Index a list for its topic, and for the topic's parent where that says nothing else of the same entry."""
        parent = self.scales[place].parent
        for label, weight, sides in word_list.entries:
            if len(sides) == 1 and len(sides[0]) == 1:
                for lemma in sides[0][0]:
                    held = self._words[lemma]
                    if abs(weight) > abs(held.get(place, 0.0)):
                        held[place] = weight
                    if parent is not None and weight >= DECISIVE:
                        held.setdefault(parent, weight * LENT)
                continue
            topics: tuple[tuple[int, float], ...] = ((place, weight),)
            if parent is not None and weight >= DECISIVE:
                topics = ((place, weight), (parent, weight * LENT))
            if len(sides) == 1:
                entry = Entry(topics, label, sides[0][1:])
                for lemma in sides[0][0]:
                    self._entries[lemma].append(entry)
            else:
                pair = Entry(topics, label, sides=(1 << len(sides)) - 1)
                for number, side in enumerate(sides):
                    for lemma in side[0]:
                        self._pairs[lemma].append((pair, 1 << number))

    def _row(self, form: str) -> Row | None:
        """Merge what the lemmas of a form mean: of several weights for one topic the weightiest."""
        if not form or (form.isdigit() and form not in self._numbers):
            return None  # most numbers, which are not remembered
        lemmas = LEMMAS[form]
        lexemes = ("=" + form, *lemmas)
        lanes = self._learned_of(form, lemmas)
        if self._listed.isdisjoint(lexemes):  # as most words are
            return Row(form, lanes, self.unpacked(lanes)) if lanes else None
        hand: dict[int, float] = {}
        for weights in map(self._words.get, lexemes, repeat({})):
            for topic, weight in weights.items():
                if abs(weight) > abs(hand.get(topic, 0.0)):
                    hand[topic] = weight
        lanes += self.counted(hand.items())
        phrases = dict.fromkeys(chain.from_iterable(map(self._entries.get, lexemes, repeat(()))))
        sides = dict.fromkeys(chain.from_iterable(map(self._pairs.get, lexemes, repeat(()))))
        ordered = tuple(sorted(phrases, key=lambda entry: -len(entry.rest)))  # of equals a parent's before its child's
        seconds = frozenset[str]().union(*(entry.rest[0] for entry in ordered))
        return Row(form, lanes, self.unpacked(lanes), True, tuple(hand.items()), ordered, seconds, tuple(sides))

    def said_by(self, entry: Entry) -> array[int]:
        """What a phrase or a pair counts for each topic, HALF too much."""
        found = self._said.get(entry)
        if found is None:
            found = self._said[entry] = self.unpacked(self.counted(entry.topics))
        return found

    def unpacked(self, lanes: int) -> array[int]:
        """What is in each lane of a sum, by topic, HALF too much."""
        return unpacked(lanes, self.lifted, len(self.scales))

    def counted(self, hand: Iterable[tuple[int, float]]) -> int:
        """What evidence of the hand-made lists, by topic, counts in the learned evidence of all topics."""
        return sum([round(value * COARSE) * self.counts[topic] for topic, value in hand])

    def _learned_of(self, form: str, lemmas: tuple[str, ...]) -> int:
        """The learned weights of a form: its lemmas' mean, and that of its beginning."""
        if not self._learned or (not form.isalpha() and any(map(str.isdigit, form))):
            return 0
        weights = self._learned.get
        found = COARSE // len(lemmas) * sum([weights(lemma, 0) for lemma in lemmas])
        if sound := beginning(form):
            found += COARSE * weights(sound + "*", 0)
        return found


def _in_order(lists: Iterable[WordList]) -> list[WordList]:
    """The top level first, then NONE, then what is below each: the lanes of what is looked at together lie together."""
    held = list(lists)
    codes = {word_list.code for word_list in held}

    def place(word_list: WordList) -> tuple[int, str]:
        if word_list.code == NONE:
            return 1, ""
        parent = TOPICS[word_list.code].parent
        return (2, parent) if parent in codes else (0, "")

    return sorted(held, key=place)


def _scale(word_list: WordList, places: Mapping[str, int], learned: LearnedWeights | None) -> Scale:
    topic = TOPICS.get(word_list.code)
    parent = None if topic is None or topic.parent is None else places.get(topic.parent)
    if learned is None:
        return Scale(word_list.code, word_list.bias, word_list.threshold, parent, False)
    return Scale(word_list.code, 0.0, learned.threshold, parent, True)


@lru_cache(maxsize=1)
def shipped() -> Lexicon:
    """The lexicon of the files that come with the package; read once (about a second, most of it for the lemmas)."""
    return read_lexicon(read_documents("lexicon"), read_documents("learned"))


def read_documents(folder: str) -> dict[str, str]:
    """The documents that come with the package: of "lexicon" or "learned", by topic."""
    files = {code: resources.files("analysis.taxonomy").joinpath(folder, f"{code}.toml") for code in (NONE, *TOPICS)}
    return {code: file.read_text(encoding="utf-8") for code, file in files.items() if file.is_file()}


def read_lexicon(documents: Mapping[str, str], learned: Mapping[str, str] | None = None) -> Lexicon:
    """The lexicon of TOML documents by topic code, NONE perhaps among them, and of learned weights for some of these.

    Raises LexiconError naming the document when it is not TOML, knows no such topic, or contradicts itself.
    """
    return Lexicon(
        (read_word_list(code, document) for code, document in documents.items()),
        {code: read_learned(code, document) for code, document in (learned or {}).items() if code in documents},
    )
