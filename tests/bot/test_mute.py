"""Mute…: a word, the channel or the story of an alert, and letting it be heard again."""

from __future__ import annotations

from sandbox.chat_records import ChatMessage
from storage import mutes
from storage.database import Database
from storage.ids import SubscriberId
from storage.mutes import Mute
from tests.bot.conftest import Chatting, Newsroom
from tests.storage.makers import rows

SAID = "The ferry left Gothenburg in a terrible thunderstorm."


async def alerted(anna: Chatting, newsroom: Newsroom) -> None:
    """An alert about SAID has come."""
    own = await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "ferry")
    await newsroom.owe(await newsroom.post(SAID), own)
    await anna.shows("Gothenburg")


async def muted(anna: Chatting, newsroom: Newsroom, database: Database) -> list[tuple[str, str]]:
    owner: SubscriberId = (await newsroom.subscriber(anna.chat_id)).id
    async with database.begin() as connection:
        found: list[Mute] = await mutes.list_for(connection, owner)
    return [(mute.kind, mute.said) for mute in found]


async def test_choices_are_the_story_the_channel_and_words_nobody_asked_for(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    choices = await choices_of(anna, newsroom)
    assert [button["text"] for button in choices.buttons] == [
        "🔇 This story", "🔇 The channel Harbour News", "🔇 The word Gothenburg", "🔇 The word thunderstorm",
        "🔇 The word terrible", "🔇 Another word…", "⏸ Pause everything",
    ]  # fmt: skip


async def choices_of(anna: Chatting, newsroom: Newsroom) -> ChatMessage:
    await alerted(anna, newsroom)
    await anna.press(await anna.shows("Gothenburg"), "Mute…")
    return await anna.shows("What shall I mute?")


async def choose(anna: Chatting, newsroom: Newsroom, label: str) -> None:
    await anna.press(await choices_of(anna, newsroom), label)


async def test_a_word_is_muted_and_what_has_it_comes_no_more(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    await choose(anna, newsroom, "thunderstorm")
    await anna.shows("Muted: the word thunderstorm.")
    assert await muted(anna, newsroom, database) == [("word", "thunderstorm")]


async def test_a_channel_is_muted(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    await choose(anna, newsroom, "The channel")
    await anna.shows("Muted: the channel Harbour News.")
    assert await muted(anna, newsroom, database) == [("channel", "Harbour News")]


async def test_what_has_a_muted_word_does_not_come_and_the_rest_does(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    await choose(anna, newsroom, "thunderstorm")
    await anna.shows("Muted: the word thunderstorm.")
    own = await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "ferry")
    for text in ("Two thunderstorms and a ferry.", "A ferry without weather."):
        await newsroom.owe(await newsroom.post(text), own)
    await anna.shows("without weather")
    assert not any("Two thunderstorms" in message.text for message in anna.history())
    assert ("cancelled", "muted") in await rows(database, "SELECT state, detail FROM deliveries")


async def test_another_word_is_asked_for(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    await choose(anna, newsroom, "Another word")
    question = await anna.shows("Which word shall I mute?")
    await anna.say("Ветер", reply_to=question.message_id)
    assert await muted(anna, newsroom, database) == [("word", "Ветер")]


async def test_what_is_no_word_is_not_muted(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    await choose(anna, newsroom, "Another word")
    question = await anna.shows("Which word shall I mute?")
    said = await anna.say("topic:economy", reply_to=question.message_id)
    assert said.text.startswith("I can mute a word")
    assert await muted(anna, newsroom, database) == []


async def test_what_is_muted_is_listed_and_heard_again(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    await choose(anna, newsroom, "This story")
    await anna.shows("Muted: a story told by Harbour News.")
    menu = await anna.say("/settings")
    assert "🔇 Muted: 1 word, channel or story" in menu.text
    await anna.press(menu, "Muted")
    assert await anna.press(menu, "a story told by Harbour News") == "Heard again from now on"
    await anna.shows("Nothing is muted.")
    assert await muted(anna, newsroom, database) == []
