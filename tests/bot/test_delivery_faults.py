"""Rows 29, 30, 33 and 34 of the fault matrix on the box: many chats, and something that goes wrong all the time."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

import bot.owed_messages
from bot.alerts import compose_alert
from bot.application import build
from bot.delivery import Delivery
from bot.limits import Limits
from sandbox.bot_api import BotApiServer, faults
from sandbox.chat_records import Accepted
from sandbox.world import World
from storage.database import Database
from storage.subscriptions import Subscription
from tests.bot.conftest import TOKEN, Newsroom, until

REPEATED = "↻ possibly repeated"
CHATS = 30
RESENT_AFTER = dt.timedelta(seconds=3)
"""Longer than all chats take to be tried once: the trouble is over by then."""

NOT_ACCEPTED = (faults.BadGateway(), faults.Garbage(accepted=False), faults.DropBefore())
ACCEPTED = (faults.BadGateway(accepted=True), faults.Garbage(), faults.DropAfter())


@pytest.fixture
async def ferries(world: World, newsroom: Newsroom) -> list[Subscription]:
    """Thirty people who asked for ferries, and are owed an alert each."""
    chats = [world.chats.add_private(world.add_user(f"Person {number}")) for number in range(CHATS)]
    wanted = [await newsroom.subscription(await newsroom.subscriber(chat.id), "ferry") for chat in chats]
    await newsroom.owe(await newsroom.post("The ferry has left."), *wanted)
    return wanted


@pytest.fixture
async def delivery(database: Database, server: BotApiServer) -> AsyncIterator[None]:
    """Delivery, whose resends come after a while."""
    limits = Limits()
    application = build(database, TOKEN, server.base_url, limits)
    stop = asyncio.Event()
    async with application.bot:
        running = asyncio.create_task(Delivery(database, application.bot, limits, unknown_delay=RESENT_AFTER).run(stop))
        yield
        stop.set()
        await asyncio.wait_for(running, 10)


async def trouble(server: BotApiServer, *several: faults.Fault) -> None:
    """Three in ten sends fail, one way or another, until each chat was tried once."""
    with ExitStack() as stack:
        for seed, fault in enumerate(several):
            stack.enter_context(server.failing("sendMessage", fault, share=0.3 / len(several), seed=seed))
        await until(lambda: server.calls["sendMessage"] >= CHATS)


def copies(world: World) -> list[list[Accepted]]:
    """What each chat that was sent something was sent."""
    sent: dict[int, list[Accepted]] = {}
    for message in world.chats.accepted:
        sent.setdefault(message.chat_id, []).append(message)
    return list(sent.values())


def unmarked(world: World) -> int:
    return sum(not each.text.startswith(REPEATED) for sent in copies(world) for each in sent[1:])


async def test_refused_by_proxies_and_lines_every_alert_arrives_once(
    world: World, server: BotApiServer, newsroom: Newsroom, ferries: list[Subscription], delivery: None
) -> None:
    await trouble(server, *NOT_ACCEPTED)
    await newsroom.settled(sent=CHATS)
    assert [len(sent) for sent in copies(world)] == [1] * CHATS
    assert server.calls["sendMessage"] > CHATS


async def test_control_sent_at_most_once_they_are_lost(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferries: list[Subscription]
) -> None:
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE subscribers SET at_most_once = true")
    application = build(database, TOKEN, server.base_url, limits := Limits())
    stop = asyncio.Event()
    async with application.bot:
        running = asyncio.create_task(Delivery(database, application.bot, limits).run(stop))
        await trouble(server, *NOT_ACCEPTED)
        stop.set()
        await running
    assert len(copies(world)) < CHATS
    assert (await newsroom.states())["unknown"] == CHATS - len(copies(world))


async def test_with_answers_that_get_lost_nothing_is_and_every_repeat_is_marked(
    world: World, server: BotApiServer, newsroom: Newsroom, ferries: list[Subscription], delivery: None
) -> None:
    await trouble(server, *ACCEPTED)
    await newsroom.settled(sent=CHATS)
    assert len(copies(world)) == CHATS
    assert {len(sent) for sent in copies(world)} == {1, 2}
    assert unmarked(world) == 0


async def test_control_with_the_mark_left_out_the_repeats_are_noticed(
    world: World, server: BotApiServer, newsroom: Newsroom, ferries: list[Subscription], delivery: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    without = lambda *args, **words: compose_alert(*args, **{**words, "is_repeat": False})  # noqa: E731
    monkeypatch.setattr(bot.owed_messages, "compose_alert", without)
    await trouble(server, *ACCEPTED)
    await newsroom.settled(sent=CHATS)
    assert unmarked(world) > 0


async def test_chats_that_are_closed_keep_their_subscriptions_and_all_others_get_theirs(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferries: list[Subscription]
) -> None:
    people = sorted(world.chats.by_id)
    for chat_id in people[:9]:
        world.chats.block(chat_id)
    world.chats.chat(people[9]).is_deactivated = True
    application = build(database, TOKEN, server.base_url, limits := Limits())
    stop = asyncio.Event()
    async with application.bot:
        running = asyncio.create_task(Delivery(database, application.bot, limits).run(stop))
        await newsroom.settled(sent=CHATS - 10, cancelled=10)
        world.chats.unblock(people[0])
        await newsroom.subscriber(people[0])  # which is what /start does
        await newsroom.owe(await newsroom.post("The ferry is back.", username="b"), *ferries[:2])
        await newsroom.settled(sent=CHATS - 9, cancelled=10)
        stop.set()
        await running
    assert server.calls["sendMessage"] == CHATS + 1
    assert world.chats.accepted[-1].chat_id == people[0]


HOSTILE = (
    "ferry " + "x" * 4090,
    "ferry " + "word " * 20_000,
    "ferry " + "🚀" * 4096,
    "ferry a" + "\u0301" * 10_000,
    "ferry \u202e\u2066 *_[`<b>&lt;</b>",
    "ferry " + "whale ferry " * 300,
)


async def test_no_text_is_refused(
    world: World, server: BotApiServer, newsroom: Newsroom, ferries: list[Subscription], delivery: None
) -> None:
    await newsroom.settled(sent=CHATS)
    for number, text in enumerate(HOSTILE):
        await newsroom.owe(await newsroom.post(text, username=f"n{number}", title=text[:100]), ferries[number])
    await newsroom.settled(sent=CHATS + len(HOSTILE))
    assert server.calls["sendMessage"] == len(world.chats.accepted) == CHATS + len(HOSTILE)
