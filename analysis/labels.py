"""What a post is about, in one call: its terms, its language, its topics."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.language import detect
from analysis.taxonomy import ancestors
from analysis.text import Terms, analyse
from analysis.topics import TopicScore, classify


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


def label(text: str) -> Labels:
    """Analyse one post's text."""
    terms = analyse(text)
    return Labels(terms, detect(terms), classify(terms))


def unlabelled() -> Labels:
    """What is stored of a post whose analysis raised: no terms, no language, no topics."""
    return Labels(analyse(""), None, (), failed=True)
