"""The leaf that asks for no post, but for news of bursts: words, names and topics far above their usual rate.

It stands alone in a standing query, holds for no post, and finds nothing: bursts are told by `storage.burst_alerts`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from matching.conditions import FieldLeaf
from matching.fields import PostFields
from matching.words import Word

ALL = "*"
"""What `burst:` takes for every burst."""

TOPIC = "topic:"
"""Before the code of a topic, behind `burst:`."""


@dataclass(frozen=True, slots=True)
class Burst(FieldLeaf):
    """News of bursts: ALL, those of a topic ("topic:" and its code), or those of a word (its folded form)."""

    subject: str

    def tells(self, words: Collection[str], topics: Collection[str]) -> bool:
        """Whether it asks for a burst of these lemmas, whose posts are on these topics (codes with ancestors)."""
        if self.subject == ALL:
            return True
        if self.subject.startswith(TOPIC):
            return self.subject.removeprefix(TOPIC) in topics
        return not Word(self.subject).lexemes.isdisjoint(words)

    @property
    def topic(self) -> str | None:
        """The code of the topic, where it asks for one."""
        return self.subject.removeprefix(TOPIC) if self.subject.startswith(TOPIC) else None

    def holds(self, fields: PostFields) -> bool:
        """No post is a burst."""
        return False

    @property
    def canonical(self) -> str:
        """Equal for two forms of one word."""
        is_word = self.subject != ALL and self.topic is None
        return f"burst:{Word(self.subject).canonical if is_word else self.subject}"

    def __str__(self) -> str:
        return f"burst:{self.subject}"
