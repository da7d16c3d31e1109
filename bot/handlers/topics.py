"""Whole topics, by name: one tap shows the same preview as words do."""

from __future__ import annotations

from analysis.taxonomy import TOPICS
from bot.handlers import words
from bot.message import Button, Message
from bot.post_view import topic_name
from bot.rich_text import plain
from bot.talk import Stale, Talk

IN_A_ROW = 2
"""Topics side by side: their names are short."""


async def show(talk: Talk, _: str) -> None:
    """/topics: the top-level topics as buttons."""
    await talk.say(Message(plain(talk.texts.topics_intro), buttons(talk.subscriber.language)))


async def preview(talk: Talk, code: str) -> None:
    """A topic's button."""
    if code not in TOPICS:
        raise Stale
    await words.preview(talk, f"topic:{code}", name=topic_name(code, talk.subscriber.language))


def buttons(language: str) -> tuple[tuple[Button, ...], ...]:
    """A button for every top-level topic, in alphabetical order of that language."""
    top = sorted((topic_name(topic.code, language), topic.code) for topic in TOPICS.values() if topic.parent is None)
    row = [Button(name, data=f"t:{code}") for name, code in top]
    return tuple(tuple(row[start : start + IN_A_ROW]) for start in range(0, len(row), IN_A_ROW))
