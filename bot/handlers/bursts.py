"""/bursts: what is said far more than usual at this moment, and a button for the news of all that will be."""

from __future__ import annotations

import datetime as dt

from bot.handlers import words
from bot.handlers.burst_preview import lines
from bot.message import Button, Message
from bot.rich_text import plain
from bot.talk import Stale, Talk
from matching.bursts import ALL, Burst
from storage import bursts, rates
from storage.own_topics import list_topics


async def show(talk: Talk, _: str) -> None:
    """/bursts: those that go on."""
    now = dt.datetime.now(dt.UTC)
    async with talk.database.begin() as connection:
        found = await bursts.open_bursts(connection)
        known = await rates.history(connection, now)
        own = await list_topics(connection)
    if found:
        text = plain(talk.texts.bursts_title) + "\n" + lines(talk, found, own, now)
    else:
        text = plain(talk.texts.bursts_none if known.is_warm else talk.texts.bursts_learning)
    await talk.say(Message(text, ((Button(talk.texts.bursts_all, data=f"a:{ALL}"),),)))


async def preview_all(talk: Talk, subject: str) -> None:
    """The button below that list."""
    if subject != ALL:
        raise Stale
    await words.preview(talk, str(Burst(ALL)))
