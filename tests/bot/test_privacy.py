"""/privacy, /export and /delete_me, on the box, to the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from bot.rules import Rules
from sandbox.bot_api import BotApiServer, faults
from sandbox.world import World
from storage import erasure
from storage.database import Database
from storage.ids import ChatId
from tests.bot.conftest import Chatting, Newsroom, running_bot, until
from tests.storage.test_erasure import traces

CONTACT = "https://example.org/contact"
CANARY = "zanzibar"


@pytest.fixture
async def anna(world: World, server: BotApiServer, database: Database) -> AsyncIterator[Chatting]:
    """Anna in her private chat with a bot whose operator can be reached."""
    user = world.add_user("Anna")
    chat = world.chats.add_private(user)
    async with running_bot(database, server, rules=Rules(contact=CONTACT)):
        yield Chatting(world, user, chat.id)


async def subscribed(anna: Chatting, query: str = CANARY) -> None:
    await anna.press(await anna.say(query), "Subscribe")
    await anna.shows(f"Subscribed: {query}")


async def forgotten(anna: Chatting) -> None:
    """Anna asks for it, and is told that it is done."""
    question = await anna.say("/delete_me")
    await anna.press(question, "Yes")
    await anna.shows("nothing is kept about this chat any more")


async def test_privacy_says_what_is_kept_how_long_and_who_answers_for_it(anna: Chatting) -> None:
    text = (await anna.say("/privacy")).text
    assert all(words in text for words in ("30 days", "7 days", CONTACT, "/export", "/delete_me"))


async def test_the_export_holds_what_the_chat_made(anna: Chatting, world: World) -> None:
    await subscribed(anna)
    sent = await anna.say("/export")
    assert sent.media is not None
    held = json.loads(world.chats.files[sent.media.file_id].content)
    assert sent.media.file_name == "channelwatch-export.json"
    assert held["chat_id"] == anna.chat_id
    assert [own["query"] for own in held["held"]["subscriptions"]] == [CANARY]


async def test_nothing_is_left_of_who_asks_to_be_forgotten(anna: Chatting, database: Database) -> None:
    await subscribed(anna)
    await anna.say("/timezone Kyiv")
    assert {"subscribers", "subscriptions", "inbox"} <= traces(database, anna.chat_id, CANARY)
    await forgotten(anna)
    assert traces(database, anna.chat_id, CANARY) == set()


async def test_who_was_forgotten_begins_anew(anna: Chatting) -> None:
    await subscribed(anna)
    await forgotten(anna)
    assert "no subscription yet" in (await anna.say("/list")).text


async def test_who_thinks_better_of_it_keeps_everything(anna: Chatting, database: Database) -> None:
    await subscribed(anna)
    question = await anna.say("/delete_me")
    await anna.press(question, "No, keep it")
    assert "1 subscription:" in (await anna.say("/list")).text


async def test_what_is_being_sent_ends_first_and_nothing_follows(
    anna: Chatting, newsroom: Newsroom, world: World, database: Database
) -> None:
    await anna.say("/start")
    wanted = await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "ferry")
    world.faults.add("bot_api", "sendMessage", faults.Delay(2.0))
    await newsroom.owe(await newsroom.post("The ferries have left."), wanted)
    await newsroom.settled(sending=1)
    await newsroom.owe(await newsroom.post("More ferries have left."), wanted)
    await forgotten(anna)
    said = [message.text for message in anna.history()]
    assert sum("The ferries have left." in text for text in said) == 1
    assert not any("More ferries" in text for text in said)
    assert traces(database, anna.chat_id) == set()


async def test_the_logs_hold_neither_words_nor_the_number_of_who_was_forgotten(
    anna: Chatting, database: Database, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await subscribed(anna)
    await anna.say("/export")
    capsys.readouterr()
    with caplog.at_level("DEBUG"):
        await forgotten(anna)
    shown = capsys.readouterr()
    logged = shown.out + shown.err + caplog.text
    assert CANARY not in logged
    assert str(anna.chat_id) not in "\n".join(line for line in logged.splitlines() if "forgot" in line)


async def test_a_member_of_a_group_can_neither_export_nor_erase_it(
    world: World, server: BotApiServer, database: Database
) -> None:
    founder, member = world.add_user("Anna"), world.add_user("Borys")
    group = world.chats.add_group("Newsroom", [founder, member])
    borys = Chatting(world, member, group.id)
    async with running_bot(database, server):
        assert "only its administrators" in (await borys.say("/export")).text
        assert "only its administrators" in (await borys.say("/delete_me")).text
        question = await Chatting(world, founder, group.id).say("/delete_me")
        assert "only its administrators" in await borys.press(question, "Yes")


async def test_an_erasure_outlives_the_bot(world: World, server: BotApiServer, database: Database) -> None:
    user = world.add_user("Anna")
    anna = Chatting(world, user, world.chats.add_private(user).id)
    async with running_bot(database, server):
        await anna.say("/start")

    async with database.begin() as connection:
        await erasure.request(connection, ChatId(anna.chat_id))
    async with running_bot(database, server):
        await anna.shows("nothing is kept about this chat any more")
    await until(lambda: traces(database, anna.chat_id) == set())
