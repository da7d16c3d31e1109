"""The bot as a program: how it starts, what it survives, how it ends."""

from __future__ import annotations

import asyncio

import pytest

from bot.application import TokenRefused, run_bot
from sandbox.bot_api import BotApiServer, faults
from sandbox.world import World
from storage import subscribers
from storage.database import Database
from tests.bot.conftest import TOKEN, Chatting, Newsroom, running_bot, until


async def test_alerts_and_talk_go_together(anna: Chatting, newsroom: Newsroom) -> None:
    preview = await anna.say("ferry")
    await anna.press(preview, "Subscribe")
    await anna.shows("Subscribed")
    subscriber = await newsroom.subscriber(anna.chat_id)
    wanted = await newsroom.subscription(subscriber, "ferry")
    await newsroom.owe(await newsroom.post("The ferries have left."), wanted)
    alert = await anna.shows("The ferries have left.")
    await anna.press(alert, "Why?")
    why = await anna.shows("You get this post because of:")
    assert "ferry: ferry" in why.text
    assert why.reply_to == alert.message_id


async def test_a_token_that_telegram_does_not_know_is_said_in_a_sentence(
    server: BotApiServer, database: Database
) -> None:
    with pytest.raises(TokenRefused, match="BOT_TOKEN"):
        await run_bot(database, "42:another-token", server.base_url, stop=asyncio.Event())


async def test_a_bot_api_that_is_away_at_the_start_is_waited_for(
    world: World, server: BotApiServer, database: Database
) -> None:
    world.faults.add("bot_api", "getMe", faults.DropBefore(), faults.BadGateway())
    user = world.add_user("Anna")
    chat = world.chats.add_private(user)
    async with running_bot(database, server):
        assert (await Chatting(world, user, chat.id).say("/start")).text.startswith("Hello")


async def test_a_bot_that_never_reaches_its_server_still_ends_when_told(database: Database) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(run_bot(database, TOKEN, "http://127.0.0.1:9", stop=stop))
    await asyncio.sleep(0.2)
    stop.set()
    await asyncio.wait_for(running, 10)


@pytest.mark.parametrize(
    "fault", [faults.Refusal(401, "Unauthorized"), faults.BadGateway(), faults.Garbage(), faults.DropAfter()], ids=str
)
async def test_polling_survives_what_a_server_may_answer(anna: Chatting, world: World, fault: faults.Fault) -> None:
    world.faults.add("bot_api", "getUpdates", fault)
    await anna.say("/start")
    await anna.say("/help")
    await until(lambda: not world.faults.pending())


async def test_an_update_that_cannot_be_read_harms_no_other(
    anna: Chatting, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.chats.updates.push("raw", {"message": {"message_id": 1, "text": "canary words"}})
    assert (await anna.say("/start")).text.startswith("Hello")
    await until(lambda: world.chats.updates.pending == [])
    shown = capsys.readouterr()
    assert "update not readable" in shown.out + shown.err
    assert "canary" not in shown.out + shown.err


async def test_an_error_of_ours_is_answered_kindly_and_logged_without_words(
    anna: Chatting, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def failing(*_: object, **__: object) -> None:
        raise ValueError("canary words")

    monkeypatch.setattr("bot.handlers.words.back_test", failing)
    assert "Something went wrong" in (await anna.say("ferry")).text
    shown = capsys.readouterr()
    assert "update not handled" in shown.out + shown.err
    assert "canary" not in shown.out + shown.err


async def test_a_reply_is_refused_for_a_moment_and_comes_all_the_same(anna: Chatting, world: World) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Flood(1))
    assert (await anna.say("/start")).text.startswith("Hello")


async def test_many_commands_at_once_break_no_limit(anna: Chatting, world: World) -> None:
    for _ in range(5):
        world.chats.say(anna.user.id, anna.chat_id, "/help")
    await until(lambda: len(anna.history()) == 5)
    times = [sent.monotonic for sent in world.chats.accepted]
    assert times[-1] - times[0] > 3.9


async def test_who_blocks_the_bot_is_suspended_and_back_after_start(
    anna: Chatting, world: World, newsroom: Newsroom, database: Database
) -> None:
    await anna.say("/start")
    number = (await newsroom.subscriber(anna.chat_id)).id

    async def becomes(state: str) -> None:
        async with asyncio.timeout(20):
            while True:
                async with database.begin() as connection:
                    found = await subscribers.get_subscriber(connection, number)
                if found is not None and found.state == state:
                    return
                await asyncio.sleep(0.02)

    world.chats.block(anna.user.id)
    await becomes("suspended")
    world.chats.unblock(anna.user.id)
    await becomes("active")
