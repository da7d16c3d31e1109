"""Each method at its own pace: one that Telegram closes rests, the others go on, and the rate comes back."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from telethon import errors
from telethon.tl import functions, types

from ingest.asking import Allowance, Asking, Lanes, MethodClosed, ServerTrouble
from ingest.pace import Pace
from sandbox.mtproto import MtprotoServer
from sandbox.world import User
from tests.sandbox.mtproto_fixtures import new_client, sign_in

STATE = functions.updates.GetStateRequest
USERS = functions.users.GetUsersRequest
MYSELF = USERS([types.InputUserSelf()])


@pytest.fixture
async def asking(server: MtprotoServer, reader: User) -> AsyncIterator[Asking]:
    async with new_client(server) as client:
        await sign_in(client, reader)
        client._raise_last_call_error = True  # as `build_client` has it
        yield Asking(client, Lanes({}))


async def test_flooded_method_is_not_asked_again_and_others_are(asking: Asking, server: MtprotoServer) -> None:
    server.troubles.flood(3600, "updates.getState")
    with pytest.raises(MethodClosed) as closed:
        await asking.ask(STATE())
    assert 3500 < closed.value.seconds <= 3600
    calls = server.calls["updates.getState"]
    with pytest.raises(MethodClosed):
        await asking.ask(STATE())
    assert server.calls["updates.getState"] == calls
    assert await asking.ask(MYSELF)
    assert asking.lanes.closed_for(STATE) > 3500


@pytest.mark.parametrize("code", [500, -503, -505])
async def test_trouble_of_the_server_may_pass(asking: Asking, server: MtprotoServer, code: int) -> None:
    with server.troubles.refuse(code, "RPC_CALL_FAIL", "users.getUsers"), pytest.raises(ServerTrouble):
        await asking.ask(MYSELF)
    assert await asking.ask(MYSELF)


async def test_what_stands_against_the_account_is_told_as_it_is(
    asking: Asking, server: MtprotoServer, reader: User
) -> None:
    with server.accounts.freeze(reader.id), pytest.raises(errors.FrozenMethodInvalidError):
        await asking.ask(functions.messages.GetDialogsRequest(None, 0, types.InputPeerEmpty(), 10, 0))


async def test_flood_halves_the_rate_and_answers_bring_it_back() -> None:
    now, slept = 0.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    pace = Pace(1, dt.timedelta(seconds=1), clock=lambda: now, sleep=sleep)
    pace.slow_down()
    pace.slow_down()
    for _ in range(3):
        await pace.wait()
    assert slept == [4.0, 4.0]
    for _ in range(200):
        pace.speed_up()
    slept.clear()
    for _ in range(3):
        await pace.wait()
    assert slept[1:] == [1.0, 1.0]


async def test_pace_of_one_method_is_not_that_of_another() -> None:
    lanes = Lanes({STATE: Allowance(1, dt.timedelta(hours=1))})
    await lanes.wait(STATE)
    lanes.flooded(STATE, 100)
    assert lanes.closed_for(STATE) > 99
    assert lanes.closed_for(USERS) == 0
    await lanes.wait(USERS)
    assert lanes.calls == {"GetState": 1, "GetUsers": 1}


async def test_a_flood_is_told_once_and_one_that_is_told_to_us_closes_the_method() -> None:
    told: list[tuple[str, dt.timedelta]] = []
    lanes = Lanes({}, on_flood=lambda method, wait: told.append((method, wait)))
    lanes.flooded(STATE, 100)
    lanes.flooded(STATE, 90)  # another request that was under way
    assert told == [("GetState", dt.timedelta(seconds=101))]
    lanes.close("GetUsers", dt.timedelta(seconds=50))
    with pytest.raises(MethodClosed):
        await lanes.wait(USERS)
    assert len(told) == 1


async def test_who_waits_for_a_turn_while_the_method_is_flooded_sends_nothing() -> None:
    lanes = Lanes({STATE: Allowance(1, dt.timedelta(seconds=0.1))})
    await lanes.wait(STATE)
    waiting = asyncio.create_task(lanes.wait(STATE))
    await asyncio.sleep(0)
    lanes.flooded(STATE, 100)
    with pytest.raises(MethodClosed):
        await waiting
    assert lanes.calls["GetState"] == 1
