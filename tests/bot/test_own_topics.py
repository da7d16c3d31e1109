"""Own topics and channel sets in conversations."""

from __future__ import annotations

from matching.query import parse
from storage import subscriptions
from storage.channel_sets import set_channels
from storage.database import Database
from storage.own_topics import OwnTopic, add_topic, remove_topic
from tests.bot.conftest import Chatting, Newsroom

FERRIES = OwnTopic("ferries", "Ferries of Limansk", "", "", None, "")


async def add_ferries(database: Database) -> None:
    async with database.begin() as connection:
        await add_topic(connection, FERRIES, parse("ferry"))


async def queries(database: Database, newsroom: Newsroom, chat_id: int) -> list[str]:
    subscriber = await newsroom.subscriber(chat_id)
    async with database.begin() as connection:
        return [own.query for own in await subscriptions.list_for(connection, subscriber.id)]


async def test_an_own_topic_has_its_button_and_can_be_subscribed_to(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    await add_ferries(database)
    menu = await anna.say("/topics")
    assert menu.buttons[-1]["text"] == "Ferries of Limansk"
    await anna.press(menu, "Ferries of Limansk")
    preview = await anna.shows("I understood: topic:ferries")
    await anna.press(preview, "Subscribe")
    await anna.shows("Subscribed: Ferries of Limansk")
    assert await queries(database, newsroom, anna.chat_id) == ["topic:ferries"]


async def test_the_button_of_a_topic_that_is_gone_says_so(anna: Chatting, database: Database) -> None:
    await add_ferries(database)
    menu = await anna.say("/topics")
    async with database.begin() as connection:
        await remove_topic(connection, "ferries")
    assert "not in use any more" in await anna.press(menu, "Ferries of Limansk")


async def test_an_own_topic_is_understood_by_its_name(anna: Chatting, database: Database) -> None:
    await add_ferries(database)
    await anna.say('harbour topic:"ferries of limansk"')
    await anna.shows("I understood: harbour topic:ferries")


async def test_a_set_is_kept_by_number_and_shown_by_name(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    await newsroom.post("Ferry")
    async with database.begin() as connection:
        await set_channels(connection, "war-desk", ["harbour_news"])
    preview = await anna.say("ferry in:War-Desk")
    assert "I understood: ferry in:war-desk" in preview.text
    assert "1 post." in preview.text
    await anna.press(preview, "Subscribe")
    await anna.shows("Subscribed")
    assert await queries(database, newsroom, anna.chat_id) == ["ferry in:#1"]
    assert "ferry in:war-desk" in (await anna.say("/list")).text


async def test_a_set_that_there_is_not_is_explained_where_it_stands(anna: Chatting) -> None:
    refused = await anna.say("ferry in:nowhere")
    assert "There is no channel set “nowhere”. The operator has not made any." in refused.text
