"""/language and /timezone: how the bot speaks to a chat, and whose clock it shows there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.message import Button, Message
from bot.post_view import zone_of
from bot.rich_text import RichText, bold, code, fill, plain
from bot.talk import Stale, Talk
from bot.texts import LANGUAGES, base_language, texts_in
from bot.time_zones import SUGGESTED, is_zone, zones_for
from storage import subscribers

OWN_NAMES = {"en": "English", "ru": "Русский", "uk": "Українська"}
"""Each language in its own words, for those who cannot read the one that is shown."""

IN_A_ROW = 2


async def ask_language(talk: Talk, words: str) -> None:
    """/language: the languages as buttons; /language uk chooses at once."""
    if words.strip().lower() in LANGUAGES:
        await talk.require_administrator()
        await set_language(talk, words.strip().lower())
        return
    buttons = tuple((Button(OWN_NAMES[language], data=f"lang:{language}"),) for language in LANGUAGES)
    await talk.say(Message(plain(talk.texts.ask_language), buttons))


async def set_language(talk: Talk, language: str) -> None:
    """The button: from now on in this language, whatever the client's is."""
    if language not in LANGUAGES:
        raise Stale
    async with talk.database.begin() as connection:
        await subscribers.set_language(connection, talk.owner, language)
    await _show(talk, Message(fill(texts_in(language).language_set, language=bold(OWN_NAMES[language]))))


async def ask_zone(talk: Talk, words: str) -> None:
    """/timezone: likely zones as buttons; /timezone CITY or an offset finds others, and takes the only one at once."""
    texts, found = talk.texts, zones_for(words)
    if len(found) == 1:
        await talk.require_administrator()
        await set_zone(talk, found[0])
    elif found:
        await talk.say(Message(plain(texts.zone_which), _zone_buttons(found)))
    elif words:
        await talk.say(fill(texts.zone_unknown, example=_example(texts.zone_city), offset=_example(texts.zone_offset)))
    else:
        zone = talk.subject.time_zone
        head = fill(texts.ask_zone, zone=bold(zone), time=_clock(zone), example=_example(texts.zone_city))
        await talk.say(Message(head, _zone_buttons(SUGGESTED[base_language(talk.subscriber.language)])))


async def set_zone(talk: Talk, zone: str) -> None:
    """The button: times are shown, and digests come, by this zone's clock."""
    if not is_zone(zone):
        raise Stale
    async with talk.database.begin() as connection:
        await subscribers.set_time_zone(connection, talk.owner, zone)
    await _show(talk, Message(fill(talk.texts.zone_set, zone=bold(zone), time=_clock(zone))))


def _zone_buttons(zones: Sequence[str]) -> tuple[tuple[Button, ...], ...]:
    row = [Button(f"{zone.rpartition('/')[2].replace('_', ' ')} {_clock(zone)}", data=f"zone:{zone}") for zone in zones]
    return tuple(tuple(row[start : start + IN_A_ROW]) for start in range(0, len(row), IN_A_ROW))


def _example(words: str) -> RichText:
    return code(f"/timezone {words}")


def _clock(zone: str) -> str:
    return f"{dt.datetime.now(zone_of(zone)):%H:%M}"


async def _show(talk: Talk, message: Message) -> None:
    """In the place of the buttons, if it was one that was pressed."""
    await (talk.change(message) if talk.pressed is not None else talk.say(message))
