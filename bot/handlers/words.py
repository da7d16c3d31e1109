"""Plain words become a preview of what they would have found; one tap makes that a subscription."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.asking import NOT_ANSWERED, Known, explain, known_now
from bot.handlers import burst_preview
from bot.message import Button, Message
from bot.narrowing import loud_words
from bot.previews import LOUD, Change, Preview, Quieter, compose_preview
from bot.queries import read_stored
from bot.rich_text import RichText, bold, code, fill, joined, plain
from bot.talk import Refused, Stale, Talk, number_in
from bot.texts import CATALOGUES
from matching.names import Names
from matching.query import Query, parse
from storage import back_tests, subscriptions
from storage.back_tests import BackTest, back_test
from storage.database import Connection
from storage.ids import SubscriptionId
from storage.subscription_room import has_room
from storage.trends import BUDGET

WEEK = dt.timedelta(days=7)
"""The days a preview looks back (issue 2)."""

NAME_CHARACTERS = 60
"""Length of a subscription's name."""

SUGGESTED = 3
"""Words to leave out that a loud query is offered."""


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below a preview beside its own: rows of buttons, and a sentence about them."""

    buttons: tuple[tuple[Button, ...], ...] = ()
    about: str = ""


NOTHING_BELOW = Below()


async def preview(
    talk: Talk,
    text: str,
    *,
    name: str | None = None,
    instead_of: SubscriptionId | None = None,
    in_place: bool = False,
    said_by_us: bool = False,
    below: Below = NOTHING_BELOW,
) -> None:
    """Show what the words were understood as and would have found, with a button that subscribes to them.

    `instead_of`: the subscription that is to get these words. `in_place`: instead of the message with the button.
    `said_by_us`: the words are `Query.render`, accepted before.
    """
    async with talk.database.begin() as connection:
        known = await known_now(connection)
    try:
        if (query := _asking_for_bursts(text, known.names)) is not None and query.burst is not None:
            called = name or name_of(str(query))
            await burst_preview.preview(talk, query, query.burst, name=called, instead_of=instead_of)
            return
        made = await _made(talk, known, text, name, instead_of, said_by_us)
    except NOT_ANSWERED as error:
        await talk.say(explain(text, error, talk.texts, known, standing=True))
    else:
        shown = compose_preview(made, talk, now=dt.datetime.now(dt.UTC))
        about = [plain(below.about)] if below.about else []
        shown = Message(joined("\n\n", [shown.text, *about]), (*below.buttons, *shown.buttons))
        await (talk.change(shown) if in_place else talk.say(shown))


def _asking_for_bursts(text: str, names: Names) -> Query | None:
    """The query, if it may ask for news of bursts, not for posts. Raises QueryError."""
    return parse(text, names=names) if "burst:" in text.casefold() else None


async def watch(talk: Talk, text: str) -> None:
    """/watch WORDS: the way to write words in a group. Without words it asks for them."""
    if text:
        await preview(talk, text)
    else:
        await talk.say(Message(plain(talk.texts.ask_words), asks=talk.texts.ask_words_hint), as_reply=True)


async def subscribe(talk: Talk, number: str) -> None:
    """The preview's button: the draft becomes a subscription."""
    most = talk.rules.most_subscriptions
    async with talk.database.begin() as connection:
        if not await has_room(connection, talk.owner, subscription_id(number), most):
            raise Refused(fill(talk.texts.counted(talk.texts.too_many_subscriptions, most), n=most).text)
        made = await subscriptions.confirm(connection, talk.owner, subscription_id(number))
        known = await known_now(connection)
    if made is None:
        raise Stale
    template = talk.texts.burst_subscribed if made.query.startswith("burst:") else talk.texts.subscribed
    await talk.change(fill(template, name=bold(made.name), query=code(known.said_again(made.query))))


async def cancel(talk: Talk, number: str) -> None:
    """The preview's other button: the draft is gone."""
    async with talk.database.begin() as connection:
        own = await subscriptions.get(connection, talk.owner, subscription_id(number))
        if own is None:
            raise Stale
        if own.state == "draft":
            await subscriptions.delete(connection, talk.owner, own.id)
    await talk.change(talk.texts.cancelled)


async def leave_out(talk: Talk, place: str) -> None:
    """A button of a loud preview: the same without a word; both stand in that very message."""
    number, _, own = place.partition(":")
    if number not in map(str, range(1, SUGGESTED + 1)):
        raise Stale
    try:
        word = talk.quoted(int(number))
    except IndexError:
        raise Stale from None
    query = _without(talk.quoted(0), word)
    await preview(talk, query, instead_of=subscription_id(own) if own else None, in_place=True)


async def try_suggestion(talk: Talk, _: str) -> None:
    """The button under a refused query: its mended form, which stands in that very message."""
    await preview(talk, talk.quoted(-1))


def is_answer_to_watch(asked: str | None) -> bool:
    """Whether a message answers the question of /watch, in whatever language it was put."""
    return asked is not None and asked in {texts.ask_words for texts in CATALOGUES.values()}


def subscription_id(number: str) -> SubscriptionId:
    """The number in a button; Stale for anything else."""
    return SubscriptionId(number_in(number))


def name_of(understood: str) -> str:
    """What a subscription is called whom nobody has named."""
    return RichText(understood).truncated(NAME_CHARACTERS).text


def _without(query: str, word: str) -> str:
    """The words with an exclusion behind them that is about all of them."""
    return f"({query}) {word}"


async def _made(
    talk: Talk, known: Known, text: str, name: str | None, instead_of: SubscriptionId | None, said_by_us: bool
) -> Preview:
    now = dt.datetime.now(dt.UTC)
    async with talk.database.begin() as connection:
        query = known.understood(text, standing=True, zone=talk.zone, said_by_us=said_by_us)
        understood = known.said(query)
        test = await back_test(connection, query, now=now)
        quieter = await _quieter(connection, query, test, now)
        change = None
        if instead_of is not None:
            # Two counts that take long would be too long: the second one is of a sample when the first one is.
            budget = dt.timedelta(0) if test.one_in > 1 else BUDGET
            change = await _change(talk, connection, instead_of, now, budget)
            name = _name_instead(change, understood, known)
        chosen = name or name_of(understood)
        draft = await subscriptions.draft(connection, talk.owner, name=chosen, query=query)
    return Preview(understood, query, test, quieter, draft, change)


async def _change(
    talk: Talk, connection: Connection, number: SubscriptionId, now: dt.datetime, budget: dt.timedelta
) -> Change:
    own = await subscriptions.get(connection, talk.owner, number)
    if own is None or own.state == "draft":
        raise Stale
    queries = read_stored([own.query])
    before = [await back_test(connection, query, now=now, examples=0, budget=budget) for query in queries]
    return Change(own, sum(test.posts for test in before))


def _name_instead(change: Change, understood: str, known: Known) -> str:
    """The name goes with the words, unless somebody chose it."""
    is_named_by_us = change.own.name == name_of(known.said_again(change.own.query))
    return name_of(understood) if is_named_by_us else change.own.name


async def _quieter(connection: Connection, query: Query, test: BackTest, now: dt.datetime) -> list[Quieter]:
    """Words to leave out, if that is wanted: those that leave out most first."""
    found = await back_tests.words_of_matches(connection, query, now - WEEK) if test.a_day >= LOUD else None
    if found is None:
        return []
    ways = loud_words(query, found)
    kept = await back_tests.effects(connection, [way.query for way in ways], found.matches)
    order = sorted(zip(kept, ways, strict=True), key=lambda each: each[0])[:SUGGESTED]
    return [Quieter(way.what, round(100 * left / len(found.matches))) for left, way in order]
