"""What topics are called in a chat: those that everybody has, and the operator's own. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.taxonomy import TOPICS
from storage.own_topics import OwnTopic, lineage
from storage.posts import StoredPost

BELOW = " › "
"""Between a topic and one below it."""

NO_OWN: Sequence[OwnTopic] = ()


def topic_name(code: str, language: str, own: Sequence[OwnTopic] = NO_OWN) -> str:
    """The topic's name in the subscriber's language; its code for one that there is not any more."""
    if topic := TOPICS.get(code):
        return topic.names.get(language, topic.names["en"])
    return next((topic.name_in(language) for topic in own if topic.code == code), code)


def topic_path(code: str, language: str, own: Sequence[OwnTopic] = NO_OWN) -> str:
    """The topic's name behind those of the topics above it."""
    above = [(len(_lineage(each, own)), each) for each in _lineage(code, own)]
    return BELOW.join(topic_name(each, language, own) for _, each in sorted(above))


def topics_of(post: StoredPost, language: str, own: Sequence[OwnTopic] = NO_OWN) -> str:
    """The names of the post's topics, best first; of a topic and one below it only the one below."""
    codes = [topic.code for topic in post.topics]
    above = {each for code in codes for each in _lineage(code, own) if each != code}
    return ", ".join(topic_name(code, language, own) for code in codes if code not in above)


def _lineage(code: str, own: Sequence[OwnTopic]) -> Sequence[str]:
    return lineage(code, {topic.code: topic.parent for topic in own})
