"""Links that carry a query: whoever opens one sees its preview and makes a subscription of their own."""

from __future__ import annotations

from bot.asking import known_now
from bot.handlers import words
from bot.handlers.words import subscription_id
from bot.message import Message
from bot.rich_text import code, fill
from bot.talk import Stale, Talk
from storage import share_links, subscriptions

SHARED = "q_"
"""How the words of such links begin: those of other purposes begin otherwise."""


async def make_link(talk: Talk, number: str) -> None:
    """The button of a subscription: a link with its query, and with nothing else of it."""
    async with talk.database.begin() as connection:
        own = await subscriptions.get(connection, talk.owner, subscription_id(number))
        if own is None or own.state == "draft":
            raise Stale
        token = await share_links.make(connection, own.query)
        understood = (await known_now(connection)).said_again(own.query)
    link = f"https://t.me/{talk.bot.username}?start={SHARED}{token}"
    days = talk.texts.in_days(share_links.LASTS.days)
    text = fill(talk.texts.shared, link=code(link), query=code(understood), days=days)
    await talk.say(Message(text))


async def open_link(talk: Talk, word: str) -> None:
    """/start with a link's word: the preview of what it carries."""
    async with talk.database.begin() as connection:
        query = await share_links.opened(connection, word.removeprefix(SHARED))
        understood = (await known_now(connection)).said_again(query) if query is not None else ""
    if not understood:
        await talk.say(talk.texts.share_gone)
        return
    await words.preview(talk, understood, said_by_us=True)


def is_shared(word: str) -> bool:
    """Whether what stands behind /start is the word of such a link."""
    return word.startswith(SHARED)
