"""Other words for a subscription: asked for, previewed beside the present ones, exchanged with one tap, and back."""

from __future__ import annotations

import re

from bot.asking import known_now
from bot.handlers import words
from bot.handlers.words import subscription_id
from bot.message import Message
from bot.previews import apply_button
from bot.rich_text import bold, code, fill
from bot.talk import Stale, Talk
from storage import subscription_exchange, subscriptions

_QUESTION = re.compile(r"\(\w+ #(\d{1,18})\)$")
"""How the question for new words carries the subscription's number: so nothing is lost at a restart."""


async def ask_words(talk: Talk, number: str) -> None:
    """Ask for other words; the question carries the number."""
    async with talk.database.begin() as connection:
        own = await subscriptions.get(connection, talk.owner, subscription_id(number))
        known = await known_now(connection)
    if own is None or own.state == "draft":
        raise Stale
    query = code(known.said_again(own.query))
    question = fill(talk.texts.ask_query, name=bold(own.name), query=query, number=own.id)
    await talk.say(Message(question, asks=talk.texts.ask_query_hint))


async def preview(talk: Talk, number: str, text: str) -> None:
    """The answer to that question: what the new words would have found, beside the old ones."""
    await words.preview(talk, text, instead_of=subscription_id(number))


async def exchange(talk: Talk, place: str) -> None:
    """Give a subscription the words that a draft holds; the button under the answer takes that back."""
    number, _, rest = place.partition(":")
    draft_number, _, wanted = rest.partition(":")
    draft = subscription_id(draft_number)
    async with talk.database.begin() as connection:
        before = await subscriptions.get(connection, talk.owner, subscription_id(number))
        own = await subscription_exchange.exchange(connection, talk.owner, subscription_id(number), draft, wanted)
        if before is None or own is None:
            raise Stale
        other = await subscriptions.get(connection, talk.owner, draft)
        known = await known_now(connection)
    understood = code(known.said_again(own.query))
    undo = apply_button(talk.texts.undo, own.id, draft, other.query) if other is not None else None
    text = fill(talk.texts.edited_query, name=bold(own.name), query=understood)
    await talk.change(Message(text, ((undo,),) if undo else ()))


def number_asked_for(asked: str | None) -> str | None:
    """The number of the subscription whose new words a message gives, if it answers that question."""
    found = _QUESTION.search(asked or "")
    return found[1] if found else None
