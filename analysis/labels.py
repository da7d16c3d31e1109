"""What a post is about, in one call: its terms, its language, its topics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.language import detect
from analysis.taxonomy import TOPICS, ancestors
from analysis.text import Terms, analyse
from analysis.topic_model import topics_of
from analysis.topics import TopicScore

SURE = 1.5
"""The score from which on a topic is what a post is surely about: half as much again as is just enough."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Everything that analysis says of one text. `failed`: it raised, and the text waits to be tried again."""

    terms: Terms
    language: str | None
    topics: tuple[TopicScore, ...]
    failed: bool = False

    @property
    def topic_codes(self) -> frozenset[str]:
        """The codes of the topics with their ancestors: what `topic:` asks for."""
        return frozenset(code for topic in self.topics for code in ancestors(topic.code))

    @property
    def sure_codes(self) -> frozenset[str]:
        """The codes of those that are sure, with their ancestors: what `topic:code:strict` asks for."""
        return sure_codes(self.topics)


def sure_codes(topics: Iterable[TopicScore]) -> frozenset[str]:
    """The codes of the sure ones among topics, with their ancestors.

    An operator's own topics are not among them: they have no score to speak of, for their queries hold or do not.
    """
    sure = [topic.code for topic in topics if topic.score >= SURE and topic.code in TOPICS]
    return frozenset(above for code in sure for above in ancestors(code))


def label(text: str) -> Labels:
    """Analyse one post's text. Raises what a plugged-in topic model raises."""
    terms = analyse(text)
    return Labels(terms, detect(terms), topics_of(text, terms))


def unlabelled() -> Labels:
    """What is stored of a post whose analysis raised: no terms, no language, no topics."""
    return Labels(analyse(""), None, (), failed=True)
