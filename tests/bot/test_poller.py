"""Polling: kept before it is confirmed, through everything that a server, a network and a token can do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.application import build
from bot.intake import chat_of
from bot.limits import Limits
from bot.poller import CONFIRM_REFUSAL, SILENCE, Poller, PollingStalled, TokenRefused
from sandbox.bot_api import BotApiServer, faults
from sandbox.world import User, World
from storage.database import Database
from tests.bot.conftest import TOKEN, until
from tests.storage.makers import rows


class HandClock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def person(world: World) -> User:
    """Somebody in a private chat with the bot."""
    user = world.add_user("Anna")
    world.chats.add_private(user)
    return user


@asynccontextmanager
async def polling(
    database: Database, server: BotApiServer, clock: HandClock
) -> AsyncIterator[tuple[asyncio.Task[None], list[None]]]:
    """The poller alone: its task, and an entry for each batch that was stored."""
    application = build(database, TOKEN, server.base_url, Limits())
    batches: list[None] = []
    poller = Poller(
        database, application.bot, lambda: batches.append(None),
        clock=clock, tick=0.02, ask_again=0.02, shortest_pause=0.05,
    )  # fmt: skip
    stop = asyncio.Event()
    async with application.bot:
        running = asyncio.create_task(poller.run(stop))
        try:
            yield running, batches
        finally:
            stop.set()
            await asyncio.wait([running], timeout=10)
            if running.exception() is None:
                running.result()


def write(world: World, user: User, text: str = "words") -> None:
    world.chats.say(user.id, user.id, text)


async def kept(database: Database) -> list[int]:
    """The numbers of the kept updates, in the order in which they came."""
    return [number for (number,) in await rows(database, "SELECT update_id FROM inbox ORDER BY arrival")]


async def keeps(database: Database, *numbers: int) -> None:
    """Wait until these are the kept updates."""
    async with asyncio.timeout(20):
        while await kept(database) != list(numbers):  # noqa: ASYNC110 - a database has no event for it
            await asyncio.sleep(0.02)


async def test_updates_are_kept_in_order_and_then_confirmed(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    for _ in range(120):
        write(world, person)
    async with polling(database, server, clock) as (_, batches):
        await until(lambda: not world.chats.updates.pending)
    assert await kept(database) == list(range(1, 121))
    assert len(batches) == 2


async def test_nothing_is_confirmed_before_it_is_committed(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    async with database.engine.connect() as holder:
        await holder.exec_driver_sql("LOCK TABLE inbox")
        write(world, person)
        async with polling(database, server, clock):
            await until(lambda: server.calls["getUpdates"] == 1)
            await asyncio.sleep(0.3)
            assert len(world.chats.updates.pending) == server.calls["getUpdates"] == 1
            await holder.rollback()
            await until(lambda: not world.chats.updates.pending)
    assert await kept(database) == [1]


async def test_what_a_database_that_is_away_did_not_take_stays_with_telegram(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    away = Database("postgresql://nobody@127.0.0.1:9/none")
    write(world, person)
    async with polling(away, server, clock) as (running, _):
        await until(lambda: server.calls["getUpdates"])
        await asyncio.sleep(0.3)
        assert not running.done()
    await away.close()
    assert len(world.chats.updates.pending) == 1
    async with polling(database, server, clock):
        await keeps(database, 1)


async def test_numbers_that_begin_anew_after_a_quiet_week_are_not_taken_for_confirmed(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    world.chats.updates._next_id = 5000
    write(world, person)
    async with polling(database, server, clock):
        await until(lambda: len(world.chats.updates.confirmed) == 1)
        write(world, person)
        await until(lambda: len(world.chats.updates.confirmed) == 2)
        await asyncio.sleep(0.1)  # let the poll that has no answer yet be ended by another update
        world.chats.updates._next_id = 17
        write(world, person)
        await keeps(database, 5000, 5001, 17)


async def test_one_stray_refusal_of_the_token_is_survived(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    world.faults.add("bot_api", "getUpdates", faults.Refusal(401, "Unauthorized"), faults.Refusal(404, "Not Found"))
    write(world, person)
    async with polling(database, server, clock):
        await keeps(database, 1)
    assert server.calls["getMe"] >= 3  # the application's own, and one to confirm each refusal


async def test_a_token_refused_for_a_while_is_not_given_up(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    async with polling(database, server, clock) as (running, _):
        await until(lambda: server.calls["getUpdates"] >= 1)
        server.token = "42:another"
        write(world, person)
        await until(lambda: server.calls["getMe"] >= 5)
        clock.now += CONFIRM_REFUSAL - 1
        await asyncio.sleep(0.1)
        assert not running.done()
        server.token = TOKEN
        await keeps(database, 1)


async def test_a_token_refused_for_good_ends_polling_and_keeps_everything(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    write(world, person)
    async with polling(database, server, clock) as (running, _):
        await keeps(database, 1)
        server.token = "42:another"
        write(world, person)
        await until(lambda: server.calls["getMe"] >= 4)
        clock.now += CONFIRM_REFUSAL
        await asyncio.wait([running], timeout=10)
        with pytest.raises(TokenRefused, match="BOT_TOKEN"):
            running.result()
    assert await kept(database) == [1, 2]  # the poll that waited when the token was taken away was still answered


async def test_a_poll_that_nobody_answers_is_thrown_away_after_a_minute(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    world.faults.add("bot_api", "getUpdates", faults.Delay(1000))
    async with polling(database, server, clock):
        await until(lambda: server.calls["getUpdates"] == 1)
        write(world, person)
        clock.now += SILENCE - 1
        await asyncio.sleep(0.2)
        assert await kept(database) == []
        clock.now += 1
        await keeps(database, 1)


async def test_control_without_the_watchdog_a_black_hole_is_never_left(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    world.faults.add("bot_api", "getUpdates", faults.Delay(1000))
    async with polling(database, server, HandClock()):  # a clock that stands: it never finds that time has passed
        await until(lambda: server.calls["getUpdates"] == 1)
        write(world, person)
        clock.now += 10 * SILENCE
        await asyncio.sleep(1)
        assert await kept(database) == []


async def test_a_black_hole_that_new_connections_do_not_leave_ends_the_process(
    world: World, server: BotApiServer, database: Database, clock: HandClock
) -> None:
    world.faults.add("bot_api", "getUpdates", faults.Delay(1000), faults.Delay(1000))
    async with polling(database, server, clock) as (running, _):
        await until(lambda: server.calls["getUpdates"] == 1)
        clock.now += SILENCE
        await until(lambda: server.calls["getUpdates"] == 2)
        clock.now += SILENCE
        await asyncio.wait([running], timeout=10)
        with pytest.raises(PollingStalled, match="120 s"):
            running.result()


async def test_a_server_that_refuses_connections_for_hours_is_waited_for(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    port = int(server.base_url.rpartition(":")[2])
    async with polling(database, server, clock) as (running, _):
        await until(lambda: server.calls["getUpdates"] >= 1)
        await server.stop()
        for _ in range(5):
            clock.now += SILENCE * 0.9
            await asyncio.sleep(0.3)
        assert not running.done()
        write(world, person)
        await server.start(port)
        await keeps(database, 1)


async def test_another_poller_is_told_of_once_and_outlived(
    world: World,
    server: BotApiServer,
    database: Database,
    clock: HandClock,
    person: User,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def poll() -> None:
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{server.base_url}/bot{TOKEN}/getUpdates?timeout=1", timeout=10).close()

    async with polling(database, server, clock):
        await until(lambda: server.calls["getUpdates"])
        for _ in range(3):
            await asyncio.to_thread(poll)
            await asyncio.sleep(0.3)
        write(world, person)
        await keeps(database, 1)
    assert await rows(database, "SELECT kind FROM notices") == [("conflict",)]
    said = capsys.readouterr()
    assert (said.out + said.err).count("another program polls") > 1


async def test_garbage_and_a_proxys_page_are_polled_through_without_haste(
    world: World, server: BotApiServer, database: Database, clock: HandClock, person: User
) -> None:
    world.faults.add(
        "bot_api", "getUpdates",
        faults.Garbage(), faults.BadGateway(), faults.Garbage(body='{"ok": true, "result": true}'),
        faults.Garbage(body='{"ok": true}'), faults.Garbage(body="[" * 5000), faults.DropAfter(), faults.Flood(1, True),
    )  # fmt: skip
    write(world, person)
    async with polling(database, server, clock):
        await keeps(database, 1)
    assert server.calls["getUpdates"] <= 9


@pytest.mark.parametrize(
    ("raw", "chat_id"),
    [
        ('{"message": {"chat": {"id": -5}, "from": {"id": 7}}}', -5),
        ('{"callback_query": {"message": {"chat": {"id": -5}}, "from": {"id": 7}}}', -5),
        ('{"inline_query": {"from": {"id": 7}}}', 7),
        ('{"my_chat_member": {"chat": {"id": 9}}}', 9),
        ('{"message": {"chat": {"id": "9"}}}', 0),
        ('{"message": {"chat": [{"id": 9}]}}', 0),
        ('{"message": {"chat": {"id": 1e400}}}', 0),
        ("{}", 0),
    ],
)
def test_whose_update_it_is_stands_in_different_places(raw: str, chat_id: int) -> None:
    assert chat_of(json.loads(raw)) == chat_id
