"""Searches to measure with, by class: what operators type, from the commonest words to words that nobody wrote."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

from analysis.text import analyse
from benchmarks.queries import queries
from benchmarks.search_posts import CHANNELS, CODES, LAST_AT, SPAN
from benchmarks.vocabulary import Vocabulary
from matching.conditions import After, Before, Channel, Topic
from matching.ids import ChannelId
from matching.nodes import Node, all_of
from matching.query import Query
from matching.words import Phrase, Prefix, Word

CLASSES = ("word", "and", "phrase", "prefix", "channel", "topic", "day")

COMMON_SHARE = 0.2
"""Of the words that are asked for alone so many are among the COMMON commonest, which half of all posts hold."""

COMMON = 60

ALONE_SHARE = 0.25
"""Of the searches in a channel or a topic so many ask for nothing else."""

SHORT_SHARE = 0.2
"""Of the beginnings of words so many have three letters only, the fewest that the language takes."""


def searches(words: Vocabulary, texts: Sequence[str], count: int) -> dict[str, list[Query]]:
    """`count` searches of each class, the same in every run. `texts`: stored posts, whose phrases are asked for."""
    return {name: _Asker(name, words, texts, count).searches() for name in CLASSES}


class _Asker:
    """Makes the searches of one class."""

    def __init__(self, name: str, words: Vocabulary, texts: Sequence[str], count: int) -> None:
        self._name = name
        self._texts = texts
        self._count = count
        self._chance = random.Random(f"searches {name}")  # noqa: S311 - load, not secrets
        self._common = [lemma for lemmas in words.lemmas.values() for lemma, _ in lemmas[:COMMON]]
        kind = {"and": "two", "phrase": "phrase", "prefix": "prefix"}.get(name, "word")
        self._drawn = iter(queries(words, count, mix={kind: 1.0}, seed=11))

    def searches(self) -> list[Query]:
        """All of them."""
        make = {
            "word": self._word, "and": self._and, "phrase": self._phrase, "prefix": self._prefix,
            "channel": self._channel, "topic": self._topic, "day": self._day,
        }[self._name]  # fmt: skip
        return [Query(make(next(self._drawn).root)) for _ in range(self._count)]

    def _word(self, drawn: Node) -> Node:
        return self._common_word() if self._chance.random() < COMMON_SHARE else drawn

    def _common_word(self) -> Word:
        return Word(self._chance.choice(self._common).replace("ё", "е"))

    def _and(self, drawn: Node) -> Node:
        """Two words; of some the second is a common one."""
        parts = drawn.parts if self._chance.random() >= COMMON_SHARE else (drawn.parts[0], self._common_word())  # type: ignore[union-attr]
        return all_of(parts)

    def _phrase(self, drawn: Node) -> Node:
        """Two words that stand side by side in some post; of half of them only one does."""
        forms = [form for form in analyse(self._chance.choice(self._texts)).forms if form]
        place = self._chance.randrange(max(1, len(forms) - 1))
        pair = forms[place : place + 2]
        return drawn if len(pair) < 2 or self._chance.random() < 0.5 else Phrase((Word(pair[0]), Word(pair[1])))

    def _prefix(self, drawn: Node) -> Node:
        assert isinstance(drawn, Prefix)  # noqa: S101 - the mix has no others
        return Prefix(drawn.head[:3]) if self._chance.random() < SHORT_SHARE else drawn

    def _channel(self, drawn: Node) -> Node:
        """All channels alike, though the last has a hundredth of the first one's posts."""
        return self._within(drawn, Channel(ChannelId(self._chance.randint(1, CHANNELS))))

    def _topic(self, drawn: Node) -> Node:
        return self._within(drawn, Topic(self._chance.choice(CODES)))

    def _within(self, drawn: Node, field: Node) -> Node:
        return field if self._chance.random() < ALONE_SHARE else all_of([self._word(drawn), field])

    def _day(self, drawn: Node) -> Node:
        begins_at = (LAST_AT - SPAN * self._chance.random()).replace(hour=0, minute=0, second=0, microsecond=0)
        ends_at = begins_at + dt.timedelta(days=1)
        return all_of([self._word(drawn), After(begins_at.date(), begins_at), Before(ends_at.date(), ends_at)])
