"""Whole topics, by name: one tap shows the same preview as words do."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.taxonomy import TOPICS
from bot.handlers import words
from bot.message import Button, Message
from bot.post_view import topic_name
from bot.rich_text import plain
from bot.talk import Stale, Talk
from storage.own_topics import OwnTopic, list_topics

IN_A_ROW = 2
"""Topics side by side: their names are short."""

MOST_OWN = 40
"""Own topics that get a button, the newest: Telegram shows 100 buttons; the others can be asked for by their names."""


async def show(talk: Talk, _: str) -> None:
    """/topics: the top-level topics and the operator's own as buttons."""
    own = await _own_topics(talk)
    await talk.say(Message(plain(talk.texts.topics_intro), buttons(talk.subscriber.language, own)))


async def preview(talk: Talk, code: str) -> None:
    """A topic's button."""
    language = talk.subscriber.language
    own = {topic.code: topic for topic in await _own_topics(talk)}
    if code not in TOPICS and code not in own:
        raise Stale
    name = topic_name(code, language) if code in TOPICS else own[code].name_in(language)
    await words.preview(talk, f"topic:{code}", name=name)


def buttons(language: str, own: Sequence[OwnTopic] = ()) -> tuple[tuple[Button, ...], ...]:
    """A button for every top-level topic, in alphabetical order of that language, and below them for own ones."""
    top = sorted((topic_name(topic.code, language), topic.code) for topic in TOPICS.values() if topic.parent is None)
    mine = sorted((topic.name_in(language), topic.code) for topic in own[-MOST_OWN:] if topic.code not in TOPICS)
    return (*_rows(top), *_rows(mine))


def _rows(named: Sequence[tuple[str, str]]) -> list[tuple[Button, ...]]:
    row = [Button(name, data=f"t:{code}") for name, code in named]
    return [tuple(row[start : start + IN_A_ROW]) for start in range(0, len(row), IN_A_ROW)]


async def _own_topics(talk: Talk) -> list[OwnTopic]:
    async with talk.database.begin() as connection:
        return await list_topics(connection)
