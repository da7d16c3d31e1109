"""Troubles that last, share of calls that fail, answers that never come, poison, and a clock that runs fast."""

from __future__ import annotations

import asyncio
import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, NetworkError, TimedOut

from sandbox.bot_api import CONFLICT, UNAUTHORIZED, BadGateway, BlackHole, DropAfter, Limits
from sandbox.bot_api.errors import TooManyRequests
from sandbox.bot_api.limits import Limiter
from sandbox.chat_records import Chat
from sandbox.poison import POISONS, mutated
from sandbox.sped_clock import SpedClock
from sandbox.world import ManualClock
from tests.sandbox.bot_api_fixtures import Box


async def test_a_token_can_be_refused_until_it_is_good_again(box: Box, bot: Bot) -> None:
    with box.server.failing("*", UNAUTHORIZED):
        for _ in range(2):
            with pytest.raises(InvalidToken):
                await bot.send_message(box.chat.id, "x")
        with pytest.raises(InvalidToken):
            await bot.get_me()
    await bot.send_message(box.chat.id, "x")


async def test_another_poller_may_stay(box: Box, bot: Bot) -> None:
    with box.server.failing("getUpdates", CONFLICT):
        for _ in range(2):
            with pytest.raises(Conflict):
                await bot.get_updates()
        await bot.send_message(box.chat.id, "x")


async def test_a_share_of_the_calls_can_fail_after_they_were_accepted(box: Box, bot: Bot) -> None:
    failed = 0
    with box.server.failing("sendMessage", DropAfter(), share=0.3, seed=7):
        for number in range(40):
            try:
                await bot.send_message(box.chat.id, str(number))
            except NetworkError:
                failed += 1
    assert len(box.world.chats.accepted) == 40
    assert 5 <= failed <= 20


async def test_a_scripted_fault_comes_before_a_lasting_one(box: Box, bot: Bot) -> None:
    box.world.faults.add("bot_api", "sendMessage", BadGateway(accepted=True))
    with box.server.failing("sendMessage", UNAUTHORIZED), pytest.raises(NetworkError):
        await bot.send_message(box.chat.id, "x")
    assert len(box.world.chats.accepted) == 1


async def test_a_black_hole_answers_nothing_but_lets_the_server_stop(box: Box, bot: Bot) -> None:
    with box.server.failing("getUpdates", BlackHole()):
        with pytest.raises(TimedOut):
            await bot.get_updates(read_timeout=0.2)
        hanging = asyncio.create_task(bot.get_updates(read_timeout=60))
        await asyncio.sleep(0.05)
        assert not hanging.done()
        await box.server.stop()
    with pytest.raises(NetworkError):
        await hanging


@pytest.mark.parametrize("name", list(POISONS))
def test_a_poison_breaks_the_library_or_the_database(name: str) -> None:
    raw = {"update_id": 1, **POISONS[name]}
    try:
        Update.de_json(raw)
    except Exception:  # noqa: BLE001 (whatever it is, it breaks)
        return
    written = json.dumps(raw)
    assert "\\u0000" in written or "\\ud800" in written


@given(st.randoms(use_true_random=False))
def test_a_mutation_changes_the_update_and_leaves_the_original(draw: random.Random) -> None:
    update = {"message": {"message_id": 1, "chat": {"id": 1, "type": "private"}, "entities": [{"offset": 0}]}}
    before = json.dumps(update)
    assert json.dumps(mutated(update, draw)) != before
    assert json.dumps(update) == before


def test_limits_may_run_on_a_clock_of_their_own(clock: ManualClock) -> None:
    limiter = Limiter(Limits(chat_burst=1, clock=clock), ManualClock())
    limiter.admit(Chat(1, "private"))
    with pytest.raises(TooManyRequests):
        limiter.admit(Chat(1, "private"))
    clock.advance(1)
    limiter.admit(Chat(1, "private"))


def test_a_sped_clock_runs_at_its_speed_and_no_faster_than_five() -> None:
    clock, began = SpedClock(5), time.monotonic()
    first, first_at = clock.monotonic(), clock.now()
    time.sleep(0.02)
    box_seconds, real_seconds = clock.monotonic() - first, time.monotonic() - began
    assert 0.1 <= box_seconds <= 5 * real_seconds
    assert (clock.now() - first_at).total_seconds() >= box_seconds
    for speed in (0, 5.1):
        with pytest.raises(ValueError, match="speed"):
            SpedClock(speed)
