"""/stats."""

from __future__ import annotations

import datetime as dt

from bot.handlers.stats import of_chat, of_store
from bot.texts.en import ENGLISH
from bot.texts.ru import RUSSIAN
from bot.texts.uk import UKRAINIAN
from storage import subscriptions
from storage.chat_figures import ChatFigures, StoredFigures
from storage.database import Database
from tests.bot.conftest import Chatting, Newsroom

NOW = dt.datetime(2026, 3, 8, 15, 30, tzinfo=dt.UTC)


async def test_a_chat_is_told_what_it_has_and_what_is_stored(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    subscriber = await newsroom.subscriber(anna.chat_id)
    ferry = await newsroom.subscription(subscriber, "ferry")
    quiet = await newsroom.subscription(subscriber, "harbour")
    for text in ("The ferry is late.", "The ferry came."):
        await newsroom.owe(await newsroom.post(text), ferry)
        await anna.shows(text)
    await newsroom.settled(sent=2)
    async with database.begin() as connection:
        await subscriptions.pause(connection, subscriber.id, quiet.id)
    said = (await anna.say("/stats")).text
    assert "This chat has 2 subscriptions, 1 of them paused." in said
    assert "Alerts: 2 in the last 24 hours, 2 in the last 7 days." in said
    assert "Busiest: ferry, 2 alerts in 7 days." in said
    assert "2 posts of 1 channel" in said


async def test_another_chats_alerts_are_not_counted(anna: Chatting, newsroom: Newsroom) -> None:
    other = await newsroom.subscription(await newsroom.subscriber(999), "ferry")
    await newsroom.owe(await newsroom.post("The ferry is late."), other)
    said = (await anna.say("/stats")).text
    assert "This chat has 0 subscriptions." in said
    assert "Alerts: 0 in the last 24 hours" in said


def test_nothing_is_said_of_what_there_is_not() -> None:
    assert "Busiest" not in of_chat(ChatFigures(0, 0, 0, 0, None), ENGLISH).text
    empty = of_store(StoredFigures(0, 0, None, None, None), ENGLISH, now=NOW).text
    assert empty.endswith("0 posts of 0 channels")


def test_how_soon_posts_are_here_is_said_in_seconds() -> None:
    stored = StoredFigures(7, 1, NOW - dt.timedelta(minutes=3), 0.84, 12.0)
    said = of_store(stored, ENGLISH, now=NOW).text
    assert "The newest post was published 3 min ago." in said
    assert "half were here 0.8 s after they were published, 99 % after 12.0 s" in said


def test_tenths_are_written_as_people_there_write_them() -> None:
    stored = StoredFigures(7, 1, NOW, 0.84, 12.0)
    said = [of_store(stored, texts, now=NOW).text for texts in (RUSSIAN, UKRAINIAN)]
    assert ["0,8 с" in each and "12,0 с" in each for each in said] == [True, True]
