"""Two bots on one database: the second stands by, and takes over when the first is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.application import run_bot
from bot.standby import AS_SHIPPED, Standby, alone
from sandbox.bot_api import BotApiServer
from sandbox.world import World
from storage.database import Database
from storage.holding import RETAKE_SECONDS
from tests.bot.conftest import TOKEN, Chatting, until
from tests.storage.makers import rows

FAST = Standby(look_every=0.05, handover=0.2)


@asynccontextmanager
async def bot_running(database: Database, server: BotApiServer) -> AsyncIterator[asyncio.Event]:
    """A bot, first or second; set the event to end it."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_bot(database, TOKEN, server.base_url, stop=stop, standby=FAST))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(running, 15)


async def test_a_second_bot_stands_by_and_takes_over(
    anna_alone: Chatting, server: BotApiServer, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async with bot_running(database, server) as end_first:
        await until(lambda: server.calls["getUpdates"])
        async with bot_running(database, server):
            await asyncio.sleep(0.5)
            assert (await anna_alone.say("/start")).text.startswith("Hello")
            assert server.calls["getMe"] == 1
            end_first.set()
            await until(lambda: server.calls["getMe"] == 2)
            await anna_alone.say("/help")
    said = capsys.readouterr()
    assert (said.out + said.err).count("standing by") == 1
    assert len(anna_alone.history()) == 2


async def test_a_bot_that_stands_by_ends_when_told(database: Database, server: BotApiServer) -> None:
    async with alone(database, asyncio.Event(), FAST) as hold, bot_running(database, server):
        assert hold is not None
        await asyncio.sleep(0.2)
    assert server.calls["getMe"] == 0


async def test_a_bot_that_lost_its_lock_ends_and_asks_for_it_again(
    anna_alone: Chatting, database: Database, server: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.holding.RETAKE_SECONDS", 0)
    async with bot_running(database, server):
        await until(lambda: server.calls["getUpdates"])
        await rows(database, TERMINATE)
        await until(lambda: server.calls["getMe"] == 2)
        assert (await anna_alone.say("/start")).text.startswith("Hello")


TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'channelwatch bot'"


def test_a_takeover_is_later_than_the_other_can_have_its_lock_back_and_within_30_seconds() -> None:
    assert RETAKE_SECONDS < AS_SHIPPED.handover < 30 - AS_SHIPPED.look_every - 5


@pytest.fixture
def anna_alone(world: World) -> Chatting:
    """Anna in her private chat; no bot runs yet."""
    user = world.add_user("Anna")
    return Chatting(world, user, world.chats.add_private(user).id)
