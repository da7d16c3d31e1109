"""Standing queries to measure with: mostly two or three words joined by AND, in random forms of their lemmas.

Two mixes, told apart by how much they match (measured, of 100,000 queries and generated posts):

- GENEROUS is the reference's (performance, section 9), a quarter of it single words: some 85 matches a post. It is hard
  on matching, whose time goes into its output.
- DELIVERABLE asks for more words at a time: some 10 matches a post. Telegram takes 30 messages a second of one bot, and
  10,000 channels bring 2.3 posts a second (reference: performance, section 7), so a bot that is owed more than 13
  alerts a post can never send them.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import accumulate, islice

from analysis.folding import fold
from benchmarks.corpus import SHARES
from benchmarks.vocabulary import Vocabulary
from matching.nodes import And, Node, Not, Or
from matching.query import Query
from matching.words import Phrase, Prefix, Word

TOO_COMMON = 60
"""The most frequent lemmas, which nobody asks for."""

FLATNESS = -0.6
"""Power of the rank by which words are asked for: rarer ones oftener than they occur."""

SHORTEST_PREFIX = 5

FEWEST = 100
"""Words of a language below which nobody asks in it."""

_OPERATORS = frozenset(["or", "not", "или", "або", "не"])
"""Words that would have to stand in quotation marks."""

Mix = dict[str, float]
"""Kind of query -> its share, in percent."""

GENEROUS: Mix = {
    "word": 25, "two": 28, "three": 13, "two_or": 12, "exclusion": 8, "phrase": 8, "prefix": 4, "either": 2,
}  # fmt: skip
DELIVERABLE: Mix = {
    "word": 2, "two": 40, "three": 20, "two_or": 15, "exclusion": 10, "phrase": 12, "prefix": 0.5, "either": 0.5,
}  # fmt: skip
MIXES = {"generous": GENEROUS, "deliverable": DELIVERABLE}


def queries(words: Vocabulary, count: int, *, mix: Mix = GENEROUS, seed: int = 5) -> list[Query]:
    """The first `count` queries of a stream, as trees; their text in our language is `str(query)`."""
    chance = random.Random(seed)  # noqa: S311 - load, not secrets
    return [Query(node) for node in islice(_stream(words, mix, chance), count)]


def _stream(words: Vocabulary, mix: Mix, chance: random.Random) -> Iterator[Node]:
    drawers = _drawers(words, chance)
    languages, shares = list(drawers), [SHARES[language] for language in drawers]
    kinds, weights = list(mix), list(mix.values())
    while True:
        draw = drawers[chance.choices(languages, shares)[0]]
        yield _MADE[chance.choices(kinds, weights)[0]](draw)


def _drawers(words: Vocabulary, chance: random.Random) -> dict[str, _Drawer]:
    """What draws words, by language; a file of posts may lack one."""
    return {language: _Drawer(lemmas, chance) for language, lemmas in words.lemmas.items() if len(lemmas) > FEWEST}


class _Drawer:
    """Draws words of one language as people ask for them."""

    def __init__(self, lemmas: list[tuple[str, list[str]]], chance: random.Random) -> None:
        self._lemmas = lemmas[TOO_COMMON:]
        self._weights = list(accumulate((TOO_COMMON + rank + 1.0) ** FLATNESS for rank in range(len(self._lemmas))))
        self._chance = chance

    def word(self) -> Word:
        """A random form of a random lemma."""
        while True:
            place = bisect_left(self._weights, self._chance.random() * self._weights[-1])
            form = fold(self._chance.choice(self._lemmas[place][1]))
            if form and form not in _OPERATORS:
                return Word(form)

    def words(self, count: int) -> tuple[Word, ...]:
        """So many different ones, where there are any."""
        found = {self.word(): None for _ in range(count)}
        while len(found) < count:
            found[self.word()] = None
        return tuple(found)


def _two_or(draw: _Drawer) -> Node:
    first, *others = draw.words(3)
    return And((first, Or(tuple(others))))


def _exclusion(draw: _Drawer) -> Node:
    *wanted, excluded = draw.words(3)
    return And((*wanted, Not(excluded)))


def _prefix(draw: _Drawer) -> Prefix:
    """The beginning of a word."""
    form = draw.word().form
    while len(form) < SHORTEST_PREFIX or not form.isalpha():
        form = draw.word().form
    return Prefix(form[: max(SHORTEST_PREFIX, len(form) - 2)])


_MADE: dict[str, Callable[[_Drawer], Node]] = {
    "word": lambda draw: draw.word(),
    "two": lambda draw: And(draw.words(2)),
    "three": lambda draw: And(draw.words(3)),
    "two_or": _two_or,
    "exclusion": _exclusion,
    "phrase": lambda draw: Phrase(draw.words(2)),
    "prefix": _prefix,
    "either": lambda draw: Or(draw.words(2)),
}
"""Kind of query -> what makes one."""

TEMPLATES = (
    "{a} topic:conflict", "{a} lang:ru", "{a} -lang:uk", "{a} has:link", "#новости {a}", "@channel {a}", "={a}",
    "{a} -={a}", '"{a} {b} {c}"', '"={a} {b}"', "{a} link:t.me", "topic:economy {a}", "{a} (topic:conflict OR {b})",
    "({a} OR {b}) ({b} OR {c}) -{d}", "channel:1 {a}", "{a} OR (channel:2 topic:politics)",
)  # fmt: skip
"""The pieces of the language that the mix leaves out, for the comparison with brute force; no peer reads them."""


def whole_language(words: Vocabulary, count: int, *, seed: int = 6) -> list[str]:
    """Texts of queries that use all of the language, fields included."""
    chance = random.Random(seed)  # noqa: S311 - load, not secrets
    drawers = _drawers(words, chance)
    texts = []
    for number in range(count):
        draw = drawers[chance.choices(list(drawers), [SHARES[language] for language in drawers])[0]]
        a, b, c, d = (word.form for word in draw.words(4))
        texts.append(TEMPLATES[number % len(TEMPLATES)].format(a=a, b=b, c=c, d=d))
    return texts
