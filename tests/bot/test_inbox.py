"""The inbox: every update handled once, in order, whatever is in it, and whatever becomes of its replies."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from telegram.error import NetworkError

import bot.updates
from bot.application import build
from bot.inbox import Inbox
from bot.limits import Limits
from bot.replying import Replying
from bot.talk import OPEN_HOUSE, Talk
from bot.texts import texts_in
from sandbox.bot_api import BotApiServer, faults
from sandbox.world import User, World
from storage import inbox
from storage.database import Database, DatabaseAway
from storage.inbox import Arrived
from tests.bot.conftest import TOKEN, Chatting, Newsroom, running_bot, until
from tests.storage.makers import change, rows

SHORT = dt.timedelta(milliseconds=50)
REPEAT = texts_in("en").repeat


@pytest.fixture
def boris(world: World) -> Chatting:
    """Boris in his private chat; the bot does not run."""
    user = world.add_user("Boris")
    return Chatting(world, user, world.chats.add_private(user).id)


@asynccontextmanager
async def handling(database: Database, server: BotApiServer) -> AsyncIterator[Inbox]:
    """The inbox alone, with short waits after errors: nobody polls."""
    limits = Limits()
    application = build(database, TOKEN, server.base_url, limits)
    replying = Replying(database, application.bot, limits, unknown_delay=SHORT, not_sent_delay=SHORT)
    handler = Inbox(database, application, replying, retry_after=(0.01,))
    stop = asyncio.Event()
    async with application.bot:
        await application.initialize()
        running = asyncio.create_task(handler.run(stop))
        try:
            yield handler
        finally:
            stop.set()
            await asyncio.wait_for(running, 10)
            await application.shutdown()


def says(user: User, number: int, text: str) -> Arrived:
    """A message of a private chat, as the Bot API words it."""
    person = {"id": user.id, "is_bot": False, "first_name": user.first_name, "language_code": "en"}
    command = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}] if text.startswith("/") else []
    message = {
        "message_id": number, "date": 1, "chat": {"id": user.id, "type": "private", "first_name": user.first_name},
        "from": person, "text": text, "entities": command,
    }  # fmt: skip
    return Arrived(number, user.id, {"update_id": number, "message": message})


async def store(database: Database, *updates: Arrived) -> int:
    async with database.begin() as connection:
        return await inbox.store(connection, updates)


async def states(database: Database) -> dict[str, int]:
    return dict(await rows(database, "SELECT state, count(*) FROM inbox GROUP BY state"))


async def becomes(database: Database, **counts: int) -> None:
    """Wait until the updates are in these states, and in no other."""
    async with asyncio.timeout(90):
        while await states(database) != counts:  # noqa: ASYNC110 - a database has no event for it
            await asyncio.sleep(0.02)


@pytest.fixture
def conversation(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What /help was given, in order; it greets and keeps a draft, and tests make it fail."""
    heard: list[str] = []

    async def listen(talk: Talk, words: str) -> None:
        heard.append(words)
        async with talk.database.begin() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO subscriptions (subscriber_id, name, query, canonical, state, version)"
                " VALUES (%s, %s, 'x', 'x', 'draft', 0)",
                (talk.owner, words),
            )
        if words.startswith("slow"):
            await asyncio.sleep(0.2)
        if words.startswith("fails") and len(heard) <= int(words.split()[1]):
            raise ValueError("canary words")
        if words == "away" and len(heard) < 5:
            raise DatabaseAway("ConnectionTimeout")
        if words == "unreachable" and len(heard) < 30:
            raise NetworkError("Bad Gateway")
        await talk.say(f"Heard: {words}")

    monkeypatch.setattr(bot.updates, "COMMANDS", {"help": listen})
    return heard


async def drafts(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT name FROM subscriptions ORDER BY id")


async def test_an_update_that_comes_again_is_kept_and_answered_once(
    boris: Chatting, server: BotApiServer, database: Database
) -> None:
    assert await store(database, says(boris.user, 7, "/start")) == 1
    async with handling(database, server):
        await becomes(database, done=1)
        assert await store(database, says(boris.user, 7, "/start"), says(boris.user, 8, "/help")) == 1
        await becomes(database, done=2)
    assert [message.text.split()[0] for message in boris.history()] == ["Hello!", "Write"]


async def test_updates_of_a_chat_are_handled_in_the_order_in_which_they_came(
    boris: Chatting, server: BotApiServer, database: Database, conversation: list[str]
) -> None:
    words = ["slow one", "two", "slow three"]
    await store(database, *(says(boris.user, 900 - n, f"/help {word}") for n, word in enumerate(words)))
    async with handling(database, server):
        await becomes(database, done=3)
    assert conversation == words
    assert [message.text for message in boris.history()] == [f"Heard: {word}" for word in words]


async def test_nobody_waits_behind_the_updates_of_another_chat(
    boris: Chatting, world: World, server: BotApiServer, database: Database
) -> None:
    vera = world.add_user("Vera")
    world.chats.add_private(vera)
    await store(database, *(says(boris.user, number, "/help") for number in range(1, 30)), says(vera, 30, "/help"))
    async with handling(database, server):
        await until(lambda: any(message.from_bot for message in world.chats.history(vera.id)))
    assert len(boris.history()) <= 2


async def test_what_a_failed_handler_did_is_undone_and_its_next_try_does_it_once(
    boris: Chatting, server: BotApiServer, database: Database, conversation: list[str]
) -> None:
    await store(database, says(boris.user, 1, "/help fails 2"))
    async with handling(database, server):
        await becomes(database, done=1)
    assert conversation == ["fails 2"] * 3
    assert await drafts(database) == [("fails 2",)]
    assert [message.text for message in boris.history()] == ["Heard: fails 2"]


async def test_control_without_one_transaction_a_failed_handler_leaves_its_effects(
    boris: Chatting, server: BotApiServer, database: Database, conversation: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.application.JoinedDatabase", lambda database: database)
    await store(database, says(boris.user, 1, "/help fails 2"))
    async with handling(database, server):
        await becomes(database, done=1)
    assert await drafts(database) == [("fails 2",)] * 3


async def test_an_update_that_fails_three_times_is_set_aside_and_operators_are_told(
    boris: Chatting, server: BotApiServer, database: Database, conversation: list[str]
) -> None:
    await store(database, says(boris.user, 1, "/help fails 9"), says(boris.user, 2, "/help after"))
    async with handling(database, server):
        await becomes(database, quarantine=1, done=1)
    assert conversation == ["fails 9"] * 3 + ["after"]
    assert await drafts(database) == [("after",)]
    assert await rows(database, "SELECT kind, detail FROM notices") == [("quarantined", {})]
    assert [message.text for message in boris.history()] == [texts_in("en").went_wrong, "Heard: after"]
    ((error,),) = await rows(database, "SELECT error FROM inbox WHERE state = 'quarantine'")
    assert error.startswith("ValueError ")
    assert "canary" not in error


async def test_an_outage_of_the_database_is_waited_for_and_no_fault_of_the_update(
    boris: Chatting, server: BotApiServer, database: Database, conversation: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.OUTAGE_WAIT", 0.01)
    await store(database, says(boris.user, 1, "/help away"))
    async with handling(database, server):
        await becomes(database, done=1)
    assert conversation == ["away"] * 5
    assert [message.text for message in boris.history()] == ["Heard: away"]


async def test_an_outage_of_telegram_is_waited_for_and_takes_nothing_from_the_allowance(
    boris: Chatting, server: BotApiServer, database: Database, conversation: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbox.OUTAGE_WAIT", 0.01)
    await store(database, says(boris.user, 1, "/help unreachable"))
    async with handling(database, server):
        await becomes(database, done=1)
    assert len(conversation) == 30 > OPEN_HOUSE.commands_a_minute
    assert [message.text for message in boris.history()] == ["Heard: unreachable"]


async def test_an_update_of_a_kind_that_nobody_asked_for_is_done(server: BotApiServer, database: Database) -> None:
    kinds: list[dict[str, Any]] = [{}, {"poll_answer": "unheard of"}, {"invented_in_2030": {"deep": [1, 2]}}]
    await store(database, *(Arrived(number, 0, {"update_id": number, **kind}) for number, kind in enumerate(kinds)))
    async with handling(database, server):
        await becomes(database, done=3)


async def test_nothing_of_what_was_said_is_left_when_it_is_answered(
    boris: Chatting, server: BotApiServer, database: Database, conversation: list[str]
) -> None:
    await store(database, says(boris.user, 1, "/help canary"))
    async with handling(database, server):
        await becomes(database, done=1)
    assert await rows(database, "SELECT raw, replies, error FROM inbox") == [({}, [], None)]


async def test_handled_updates_are_forgotten_after_a_week(server: BotApiServer, database: Database) -> None:
    await store(database, *(Arrived(number, 0, {}) for number in range(3)))
    await change(
        database,
        "UPDATE inbox SET state = 'done', done_at = now() - make_interval(days => 6 + CAST(update_id AS int))",
    )
    async with handling(database, server):
        await becomes(database, done=1)


async def test_an_update_that_its_own_handling_erases_is_still_answered(
    boris: Chatting, server: BotApiServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def erase(talk: Talk, _: str) -> None:
        async with talk.database.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM inbox WHERE chat_id = %s", (talk.subscriber.chat_id,))
        await talk.say("Gone.")

    monkeypatch.setattr(bot.updates, "COMMANDS", {"help": erase})
    await store(database, says(boris.user, 1, "/help"))
    async with handling(database, server):
        await becomes(database)
        await until(lambda: boris.history())
    assert [message.text for message in boris.history()] == ["Gone."]


@pytest.mark.parametrize("fault", [faults.DropAfter(), faults.BadGateway(accepted=True)], ids=str)
async def test_a_reply_whose_answer_was_lost_is_given_once_more_and_says_so(
    fault: faults.Fault, boris: Chatting, world: World, server: BotApiServer, database: Database
) -> None:
    world.faults.add("bot_api", "sendMessage", fault)
    await store(database, says(boris.user, 1, "/help"))
    async with handling(database, server):
        await becomes(database, done=1)
    first, second = boris.history()
    assert second.text == f"{REPEAT}\n\n{first.text}"
    moved = [{**entity, "offset": entity["offset"] + len(REPEAT) + 2} for entity in first.entities]
    assert second.entities == moved


async def test_a_reply_that_was_surely_not_given_is_given_unmarked(
    boris: Chatting, world: World, server: BotApiServer, database: Database, conversation: list[str]
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Flood(1), faults.Refusal(429, "Too Many Requests: retry later"))
    await store(database, says(boris.user, 1, "/help words"))
    async with handling(database, server):
        await becomes(database, done=1)
    assert [message.text for message in boris.history()] == ["Heard: words"]


@pytest.mark.parametrize(("begun", "said"), [(0, ["Heard: words"]), (1, [f"{REPEAT}\n\nHeard: words"]), (2, [])])
async def test_after_a_crash_a_reply_that_may_have_been_given_comes_once_more_at_most(
    begun: int, said: list[str], boris: Chatting, server: BotApiServer, database: Database, conversation: list[str]
) -> None:
    await store(database, says(boris.user, 1, "/help words"))
    server_is_away = BotApiServer(World(), TOKEN)
    await server_is_away.start()
    async with handling(database, server_is_away):  # a world without Boris: refuses the reply, or is stopped before
        await server_is_away.stop()
        await becomes(database, answering=1)
    await change(database, "UPDATE inbox SET begun = :begun", begun=begun)
    async with handling(database, server):
        await becomes(database, done=1)
    assert [message.text for message in boris.history()] == said
    assert await drafts(database) == [("words",)]
    assert conversation == ["words"]


async def test_a_picture_outlives_the_process_that_meant_to_show_it(
    boris: Chatting, server: BotApiServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def show(talk: Talk, _: str) -> None:
        await talk.bot.send_photo(talk.subscriber.chat_id, WHITE, caption="A chart", filename="white.png")

    monkeypatch.setattr(bot.updates, "COMMANDS", {"help": show})
    await store(database, says(boris.user, 1, "/help"))
    async with handling(database, server):
        await becomes(database, done=1)
    (message,) = boris.history()
    assert message.text == "A chart"
    assert message.media is not None
    assert boris.world.chats.files[message.media.file_id].content == WHITE


WHITE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAAAAACoWZBhAAAAD0lEQVR4nGP4DwcMtGcCAGgtY50Bq4UOAAAAAElFTkSuQmCC"
)
"""A PNG of ten white pixels square."""


async def test_who_blocks_the_bot_before_the_answer_is_suspended(
    boris: Chatting, newsroom: Newsroom, server: BotApiServer, database: Database, conversation: list[str]
) -> None:
    await store(database, says(boris.user, 1, "/help words"))
    boris.world.chats.block(boris.user.id)
    async with handling(database, server):
        await becomes(database, done=1)
    assert await rows(database, "SELECT state FROM subscribers") == [("suspended",)]


async def test_what_a_group_asked_is_answered_in_the_supergroup_that_it_became(
    boris: Chatting, world: World, server: BotApiServer, database: Database, conversation: list[str]
) -> None:
    group = world.chats.add_group("Reading room", [boris.user], kind="group")
    asked = says(boris.user, 1, "/help words")
    asked.raw["message"]["chat"] = {"id": group.id, "type": "group", "title": "Reading room"}
    await store(database, Arrived(1, group.id, asked.raw))
    new = world.chats.migrate(group.id)
    async with handling(database, server):
        await becomes(database, done=1)
    assert [message.text for message in world.chats.history(new.id)] == ["Heard: words"]
    assert await rows(database, "SELECT chat_id FROM subscribers") == [(new.id,)]


async def test_one_poison_update_in_a_batch_of_100_leaves_99_handled(
    world: World, server: BotApiServer, database: Database
) -> None:
    people = [world.add_user(f"Person {number}") for number in range(99)]
    for person in people:
        world.chats.say(person.id, world.chats.add_private(person).id, "/privacy")
        if person is people[50]:
            world.chats.updates.push("raw", {"message": {"message_id": 1, "text": "canary words"}})
    async with running_bot(database, server):
        await becomes(database, done=99, quarantine=1)
        polls = server.calls["getUpdates"]
    assert all(len(Chatting(world, person, person.id).history()) == 1 for person in people)
    assert polls <= 3


async def test_no_mutation_of_an_update_stops_the_inbox(world: World, server: BotApiServer, database: Database) -> None:
    dice = random.Random(6)
    for number in range(60):
        user = world.add_user(f"Person {number}")
        world.chats.add_private(user)
        world.chats.updates.push("raw", mutated(says(user, 1, "/help me").raw, dice) | {"update_id": number + 1})
    async with running_bot(database, server):
        async with asyncio.timeout(60):
            while sum((await states(database)).values()) < 60 or "new" in await states(database):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert server.calls["getUpdates"] <= 3
    assert 5 < (await states(database))["quarantine"] < 55


ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**70,
    0.5,
    "",
    "\x00",
    "\ud800",
    [],
    {},
    [[]],
    {"id": "x"},
    {"id": 2**80},
    "9" * 300,
)


def mutated(value: Any, dice: random.Random) -> Any:
    """The value with one of its inner values odd, or gone."""
    if not isinstance(value, dict) or dice.random() < 0.2:
        return dice.choice(ODD) if not isinstance(value, dict) or "update_id" not in value else value
    name = dice.choice([name for name in value if name != "update_id"])
    if dice.random() < 0.15:
        return {key: inner for key, inner in value.items() if key != name}
    return {**value, name: mutated(value[name], dice)}
