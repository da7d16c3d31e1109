"""Plain words become a preview of what they would have found; one tap makes that a subscription."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.message import Button, Message
from bot.post_view import listed
from bot.queries import (
    UnknownChannels,
    place_of,
    repaired,
    understand,
    understood_again,
    usernames_of,
    within_last_week,
)
from bot.rich_text import RichText, bold, code, fill, joined, plain, pre
from bot.talk import Stale, Talk
from bot.texts import CATALOGUES, Catalogue
from matching.query import Query, QueryError
from storage import channels, search, subscriptions
from storage.ids import SubscriptionId
from storage.posts import StoredPost

SHOWN = 3
"""Posts that a preview shows (issue 2)."""

SHOWN_UNITS = 200
"""How much of each."""

LOUD = 50
"""Alerts a day from which a preview warns."""

NAME_CHARACTERS = 60
"""Length of a subscription's name."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a query would have brought in the last seven days."""

    understood: str
    query: Query
    count: int
    newest: list[StoredPost]


async def preview(talk: Talk, text: str, *, name: str | None = None) -> None:
    """Show what the words were understood as and would have found, with a button that subscribes to them."""
    try:
        found, draft = await _draft(talk, text, name)
    except QueryError as error:
        await talk.say(explain_error(text, error, talk.texts, standing=True))
    except UnknownChannels as error:
        await talk.say(explain_unknown(error, talk.texts))
    else:
        await talk.say(compose_preview(found, draft, talk, now=dt.datetime.now(dt.UTC)))


async def watch(talk: Talk, text: str) -> None:
    """/watch WORDS: the way to write words in a group. Without words it asks for them."""
    if text:
        await preview(talk, text)
    else:
        await talk.say(Message(plain(talk.texts.ask_words), asks=talk.texts.ask_words_hint), as_reply=True)


async def subscribe(talk: Talk, number: str) -> None:
    """The preview's button: the draft becomes a subscription."""
    async with talk.database.begin() as connection:
        made = await subscriptions.confirm(connection, talk.owner, subscription_id(number))
        names = await channels.channel_names(connection)
    if made is None:
        raise Stale
    understood = understood_again(made.query, usernames_of(names))
    await talk.change(fill(talk.texts.subscribed, name=bold(made.name), query=code(understood)))


async def cancel(talk: Talk, number: str) -> None:
    """The preview's other button: the draft is gone."""
    async with talk.database.begin() as connection:
        own = await subscriptions.get(connection, talk.owner, subscription_id(number))
        if own is not None and own.state == "draft":
            await subscriptions.delete(connection, talk.owner, own.id)
    await talk.change(talk.texts.cancelled)


async def try_suggestion(talk: Talk, _: str) -> None:
    """The button under a refused query: its mended form, which stands in that very message."""
    await preview(talk, talk.quoted(-1))


def is_answer_to_watch(asked: str | None) -> bool:
    """Whether a message answers the question of /watch, in whatever language it was put."""
    return asked is not None and asked in {texts.ask_words for texts in CATALOGUES.values()}


def subscription_id(number: str) -> SubscriptionId:
    """The number in a button; Stale for anything else."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Stale
    return SubscriptionId(int(number))


def compose_preview(found: Found, draft: SubscriptionId, talk: Talk, *, now: dt.datetime) -> Message:
    """What was understood, how much it would have brought, and the newest of it."""
    texts = talk.texts
    head = [fill(texts.understood, query=code(found.understood)), _amount(found.count, texts)]
    shown = [
        listed(post, [found.query], language=talk.subscriber.language, zone=talk.zone, now=now, most=SHOWN_UNITS)
        for post in found.newest
    ]
    if shown:
        head.append(plain(texts.newest))
    buttons = (Button(texts.subscribe, data=f"s:{draft}"), Button(texts.cancel, data=f"x:{draft}"))
    return Message(joined("\n\n", [*head, *shown]), (buttons,))


def explain_error(text: str, error: QueryError, texts: Catalogue, *, standing: bool) -> Message:
    """Why a query was refused, where, and what would do instead."""
    blocks = [fill(texts.query_refused, reason=error.message), _place(text, error, texts)]
    mended = repaired(error, standing=standing)
    if mended is None:
        return Message(joined("\n\n", blocks))
    blocks.append(fill(texts.query_suggestion, query=code(mended)))
    verb = "f" if standing else "g"
    return Message(joined("\n\n", blocks), ((Button(texts.try_suggestion, data=f"{verb}:"),),))


def explain_unknown(error: UnknownChannels, texts: Catalogue) -> RichText:
    """That channels are added by the operator."""
    template = texts.counted(texts.unknown_channels, len(error.names))
    return fill(template, names=", ".join(f"@{name}" for name in error.names))


def _place(text: str, error: QueryError, texts: Catalogue) -> RichText:
    return plain(texts.query_place) + "\n" + pre(place_of(text, error))


async def _draft(talk: Talk, text: str, name: str | None) -> tuple[Found, SubscriptionId]:
    async with talk.database.begin() as connection:
        names = await channels.channel_names(connection)
        query = understand(text, names, standing=True, zone=talk.zone)
        recent = within_last_week(query, dt.datetime.now(dt.UTC))
        newest = await search.search(connection, recent, limit=SHOWN)
        count = await search.count(connection, recent) if newest else 0
        understood = query.render(usernames_of(names))
        chosen = name or RichText(understood).truncated(NAME_CHARACTERS).text
        draft = await subscriptions.draft(connection, talk.owner, name=chosen, query=query)
    return Found(understood, query, count, newest), draft


def _amount(count: int, texts: Catalogue) -> RichText:
    if not count:
        return plain(texts.no_posts_yet)
    amount = fill(texts.counted(texts.last_days, count), n=bold(str(count)))
    daily = round(count / 7)
    if daily < LOUD:
        return amount
    return amount + "\n" + fill(texts.counted(texts.too_loud, daily), n=daily)
