"""Mute…: from the alert itself, a word of it, its channel, its story, or everything for a while; and what is muted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.handlers.why import alert_behind
from bot.message import DATA_BYTES, Button, Message
from bot.pages import Page, page_number
from bot.post_view import called, matched_places, readable
from bot.queries import read_stored
from bot.rich_text import RichText, bold, fill, one_line, plain
from bot.talk import Refused, Stale, Talk, number_in
from bot.texts import CATALOGUES, Catalogue
from matching.query import QueryError, parse
from storage import mutes
from storage.alerts import Alert
from storage.database import Connection
from storage.ids import SubscriberId
from storage.mutes import Mute, NotMutable, TooManyMutes

OFFERED = 4
"""Words of a post to choose from."""

SHORTEST = 5
"""Letters of a word that is offered: shorter ones are seldom what a post is about."""

ON_A_PAGE = 10
TITLE_CHARACTERS = 24

_WORD = re.compile(r"[^\W\d_]+")


async def turn(talk: Talk, wanted: str) -> None:
    """Any button of it: `list:PAGE`, `off:NUMBER`, or an alert's number, alone or with what to mute."""
    verb, _, rest = wanted.partition(":")
    if verb == "list":
        await _turn_page(talk, page_number(rest))
    elif verb == "off":
        await _unmute(talk, rest)
    elif not rest:
        async with talk.database.begin() as connection:
            alert = await alert_behind(talk, connection, verb)
        await talk.say(compose_choices(alert, talk.texts), as_reply=True)
    elif rest == "ask":
        await talk.say(Message(plain(talk.texts.mute_ask_word), asks=talk.texts.mute_ask_word_hint))
    else:
        async with talk.database.begin() as connection:
            alert = await alert_behind(talk, connection, verb)
            said = await _mute(talk, connection, alert, rest)
        await talk.change(fill(talk.texts.muted, what=said))


async def mute_word(talk: Talk, word: str) -> None:
    """The answer to the question for a word."""
    async with talk.database.begin() as connection:
        said = await _mute_word(talk, connection, talk.owner, one_line(word))
    await talk.say(fill(talk.texts.muted, what=said))


def is_answer(asked: str | None) -> bool:
    """Whether a message answers the question for a word."""
    return asked is not None and asked in {texts.mute_ask_word for texts in CATALOGUES.values()}


def compose_choices(alert: Alert, texts: Catalogue) -> Message:
    """What can be muted of an alert; of a protected channel no words are shown."""
    number, title = alert.delivery_id, _title(alert)
    words = [] if alert.post.channel.is_protected else words_of(alert)
    rows = [
        (Button(texts.mute_story, data=f"mute:{number}:story"),),
        (Button(fill(texts.mute_channel, channel=title).text, data=f"mute:{number}:channel"),),
        *((Button(fill(texts.mute_word, word=word).text, data=f"mute:{number}:w:{word}"),) for word in words),
        (Button(texts.mute_other_word, data=f"mute:{number}:ask"),),
        (Button(texts.pause_all, data="set:pause"),),
    ]
    return Message(plain(texts.mute_ask), tuple(rows))


def words_of(alert: Alert) -> list[str]:
    """Words of the post that nobody asked for: names first, then the longest; such that fit into a button."""
    text = readable(alert.post.text)
    places = matched_places(text, read_stored(reason.query for reason in alert.reasons))
    matched = {place for start, end in places for place in range(start, end)}
    found: dict[str, tuple[bool, int]] = {}
    for each in _WORD.finditer(text):
        word, room = each[0], DATA_BYTES - len(f"mute:{alert.delivery_id}:w:")
        if len(word) >= SHORTEST and each.start() not in matched and len(word.encode()) <= room:
            is_name = (
                word[0].isupper() and each.start() > 0 and text[each.start() - 2 : each.start() - 1] not in ".!?\n"
            )
            found.setdefault(word, (not is_name, -len(word)))
    return sorted(found, key=lambda word: (found[word], word))[:OFFERED]


async def _mute(talk: Talk, connection: Connection, alert: Alert, what: str) -> RichText:
    """Mute it for the subscriber that got the alert; what was muted, in words."""
    owner = alert.reasons[0].subscriber_id if alert.reasons else talk.subscriber.id
    texts = talk.texts
    if what.startswith("w:"):
        return await _mute_word(talk, connection, owner, what[2:])
    try:
        if what == "channel":
            await mutes.mute_channel(connection, owner, alert.post.channel.id)
            return fill(texts.mute_item_channel, channel=bold(_title(alert)))
        if what == "story":
            await mutes.mute_story(connection, owner, alert.post.id)
            return fill(texts.mute_item_story, channel=bold(_title(alert)))
    except TooManyMutes:
        raise _too_many(texts) from None
    raise Stale


async def _mute_word(talk: Talk, connection: Connection, owner: SubscriberId, word: str) -> RichText:
    try:
        await mutes.mute_word(connection, owner, word, parse(word))
    except (QueryError, NotMutable):
        raise Refused(talk.texts.mute_no_word) from None
    except TooManyMutes:
        raise _too_many(talk.texts) from None
    return fill(talk.texts.mute_item_word, word=bold(word))


def _too_many(texts: Catalogue) -> Refused:
    most = mutes.MOST_MUTES
    return Refused(fill(texts.counted(texts.mute_too_many, most), n=most).text)


def compose_list(muted: Sequence[Mute], page: int, texts: Catalogue) -> Message:
    """What is muted; a tap lets it be heard again."""
    shown = Page.of(muted, page, ON_A_PAGE)
    rows = [(Button(f"🔔 {_item(each, texts).text}", data=f"mute:off:{each.id}"),) for each in shown.here]
    back = (Button(texts.back, data="set:home"),)
    said = plain(texts.mutes_list) if muted else fill(texts.mutes_none, button=texts.mute)
    return Message(said, (*rows, shown.turns("mute:list:", texts), back))


def _item(mute: Mute, texts: Catalogue) -> RichText:
    said = one_line(mute.said)
    match mute.kind:
        case "word":
            return fill(texts.mute_item_word, word=said)
        case "channel":
            return fill(texts.mute_item_channel, channel=said)
        case "story":
            return fill(texts.mute_item_story, channel=said)


def _title(alert: Alert) -> str:
    return plain(called(alert.post.channel)).truncated(TITLE_CHARACTERS).text


async def _turn_page(talk: Talk, page: int) -> None:
    async with talk.database.begin() as connection:
        muted = await mutes.list_for(connection, talk.owner)
    await talk.change(compose_list(muted, page, talk.texts))


async def _unmute(talk: Talk, number: str) -> None:
    async with talk.database.begin() as connection:
        done = await mutes.unmute(connection, talk.owner, number_in(number))
    if not done:
        raise Stale
    await talk.answer(talk.texts.unmuted)
    await _turn_page(talk, 0)
