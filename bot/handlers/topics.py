"""Whole topics, by name: one tap shows the same preview as words do, with how sure and in which language below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.taxonomy import TOPICS
from bot.handlers import words
from bot.handlers.language import OWN_NAMES
from bot.message import Button, Message
from bot.rich_text import plain
from bot.talk import Stale, Talk
from bot.texts import LANGUAGES, Catalogue
from bot.topic_names import topic_name
from matching.conditions import STRICT
from storage.own_topics import OwnTopic, list_topics

IN_A_ROW = 2
"""Topics side by side: their names are short."""

MOST_OWN = 40
"""Own topics that get a button, the newest: Telegram shows 100 buttons; the others can be asked for by their names."""

ANY = "any"

STRENGTHS = {"n": False, "s": True}
"""How a button says whether a topic must be sure: the longest code leaves eight bytes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A topic, whether it must be sure, and a language (ANY: all of them), as a button carries them."""

    code: str
    is_strict: bool = False
    language: str = ANY

    @classmethod
    def read(cls, place: str) -> Choice:
        """What a button says. Raises Stale for what none of ours does."""
        parts = place.split(":")
        if len(parts) == 1:
            return cls(place)
        if len(parts) != 3:
            raise Stale
        code, strength, language = parts
        if strength not in STRENGTHS or language not in (ANY, *LANGUAGES):
            raise Stale
        return cls(code, STRENGTHS[strength], language)

    @property
    def data(self) -> str:
        """The data of its button."""
        return f"t:{self.code}:{'ns'[self.is_strict]}:{self.language}"

    @property
    def query(self) -> str:
        """As it would be typed."""
        topic = f"topic:{self.code}:{STRICT}" if self.is_strict else f"topic:{self.code}"
        return topic if self.language == ANY else f"{topic} lang:{self.language}"


async def show(talk: Talk, _: str) -> None:
    """/topics: the top-level topics and the operator's own as buttons."""
    own = await _own_topics(talk)
    await talk.say(Message(plain(talk.texts.topics_intro), buttons(talk.subscriber.language, own)))


async def preview(talk: Talk, place: str) -> None:
    """A topic's button, and those below its preview, which change that in its place."""
    own = await _own_topics(talk)
    choice = Choice.read(place)
    if choice.code not in TOPICS and choice.code not in {topic.code for topic in own}:
        raise Stale
    is_change = ":" in place
    if is_change:
        await talk.require_administrator()
    said = words.Below(choices(choice, talk.texts), talk.texts.topic_about if choice.code in TOPICS else "")
    name = name_of(choice, talk.texts, own)
    await words.preview(talk, choice.query, name=name, in_place=is_change, below=said)


def buttons(language: str, own: Sequence[OwnTopic] = ()) -> tuple[tuple[Button, ...], ...]:
    """A button for every top-level topic, in alphabetical order of that language, and below them for own ones."""
    top = sorted((topic_name(topic.code, language), topic.code) for topic in TOPICS.values() if topic.parent is None)
    mine = sorted((topic.name_in(language), topic.code) for topic in own[-MOST_OWN:] if topic.code not in TOPICS)
    return (*_rows(top), *_rows(mine))


def choices(choice: Choice, texts: Catalogue) -> tuple[tuple[Button, ...], ...]:
    """How sure (not of an own topic, whose query holds or does not) and in which language; the present one marked."""
    strengths = {False: texts.topic_normal, True: texts.topic_strict}
    languages = {ANY: texts.any_language, **OWN_NAMES}
    how = [_choice(label, replace(choice, is_strict=each), choice) for each, label in strengths.items()]
    what = [_choice(label, replace(choice, language=each), choice) for each, label in languages.items()]
    rows = (tuple(what[:2]), tuple(what[2:]))
    return (tuple(how), *rows) if choice.code in TOPICS else rows


def name_of(choice: Choice, texts: Catalogue, own: Sequence[OwnTopic]) -> str:
    """What the subscription is called: the topic, and what was chosen of it."""
    parts = [topic_name(choice.code, texts.language, own)]
    parts += [texts.topic_strict] if choice.is_strict else []
    parts += [OWN_NAMES[choice.language]] if choice.language != ANY else []
    return " · ".join(parts)


def _choice(label: str, offered: Choice, present: Choice) -> Button:
    return Button(("✓ " if offered == present else "") + label, data=offered.data)


def _rows(named: Sequence[tuple[str, str]]) -> list[tuple[Button, ...]]:
    row = [Button(name, data=f"t:{code}") for name, code in named]
    return [tuple(row[start : start + IN_A_ROW]) for start in range(0, len(row), IN_A_ROW)]


async def _own_topics(talk: Talk) -> list[OwnTopic]:
    async with talk.database.begin() as connection:
        return await list_topics(connection)
