"""The limiter: its laws on any schedule, and tasks that wait for their turn."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import Limits
from bot.rates import (
    CATCHING_UP,
    CHAT_SPACING,
    EVERYBODY,
    GROUP_MINUTE,
    SECOND_MESSAGES,
    SECOND_SPACING,
    SECOND_WITH_MARGIN,
    Rates,
)
from sandbox.sped_clock import SpedClock

EPSILON = 1e-6
CHATS = st.sampled_from([1, 2, 3, -1, -2])
REQUESTS = st.lists(st.tuples(CHATS, st.floats(0, 20)), max_size=80)
BANS = st.lists(st.tuples(st.sampled_from([EVERYBODY, 1, -1]), st.floats(0, 100), st.floats(0.1, 30)), max_size=4)


def simulate(
    requests: list[tuple[int, float]], bans: list[tuple[int, float, float]] | None = None, *, lateness: float = 0.0
) -> list[tuple[float, int]]:
    """Send every request as soon as it may go; when each went, and to whom. Time runs in the simulation only.

    `lateness`: seconds by which every timer is late.
    """
    rates, now, sent = Rates(0.0), 0.0, []
    waiting_bans = sorted(bans or [], key=lambda ban: ban[1])
    for chat, pause in requests:
        now += pause
        while True:
            while waiting_bans and waiting_bans[0][1] <= now:
                scope, begin, length = waiting_bans.pop(0)
                rates.ban(scope, begin + length)
            if (free := rates.free_at(chat)) <= now:
                break
            now = min([free, *(ban[1] for ban in waiting_bans if ban[1] > now)])
        now += lateness
        rates.take(chat, now)
        sent.append((now, chat))
    return sent


def most_within(times: list[float], seconds: float) -> int:
    return max((sum(start <= other < start + seconds - EPSILON for other in times) for start in times), default=0)


@given(REQUESTS)
def test_never_more_than_30_in_any_second_and_28_a_second_in_the_long_run(requests: list[tuple[int, float]]) -> None:
    times = [at for at, _ in simulate(requests)]
    assert most_within(times, SECOND_WITH_MARGIN) <= SECOND_MESSAGES
    assert most_within(times, 10.0) <= (10 + CATCHING_UP) * 28 + 1


@given(st.lists(st.integers(1, 500), min_size=60, max_size=120, unique=True))
def test_many_chats_at_once_get_28_a_second(chats: list[int]) -> None:
    times = [at for at, _ in simulate([(chat, 0.0) for chat in chats])]
    assert most_within(times, 1.0) == 28


@given(REQUESTS, st.floats(0, 0.05))
def test_never_more_than_30_in_any_second_with_timers_that_are_late(
    requests: list[tuple[int, float]], lateness: float
) -> None:
    assert most_within([at for at, _ in simulate(requests, lateness=lateness)], SECOND_WITH_MARGIN) <= SECOND_MESSAGES


def test_timers_that_are_late_cost_nothing() -> None:
    assert len(late_minute()) >= 0.995 * 28 * 60


def test_control_without_catching_up_they_cost_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.rates.CATCHING_UP", 0.0)
    assert len(late_minute()) < 0.9 * 28 * 60


def late_minute() -> list[float]:
    """What many chats get in a minute when every timer is 5 ms late."""
    sent = simulate([(chat, 0.0) for chat in range(1, 1800)], lateness=0.005)
    return [at for at, _ in sent if at < 60]


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 0.3)), max_size=120))
def test_requests_that_are_made_long_after_their_turn_count_from_then(delays: list[tuple[int, float]]) -> None:
    rates, now, made = Rates(0.0), 0.0, []
    for chat, delay in delays:
        now = max(now, rates.free_at(chat))
        rates.take(chat, now)
        made.append(now + delay)
        rates.went(chat, now, now + delay)
        now += delay
    assert most_within(made, SECOND_WITH_MARGIN) <= SECOND_MESSAGES


@given(REQUESTS)
def test_a_chat_hears_one_message_a_second_at_most(requests: list[tuple[int, float]]) -> None:
    sent = simulate(requests)
    for chat in {chat for _, chat in sent}:
        assert most_within([at for at, to in sent if to == chat], 1.0) <= 1


@given(st.lists(st.tuples(st.sampled_from([-1, -2]), st.floats(0, 4)), max_size=90))
def test_a_group_hears_18_messages_in_any_minute_at_most(requests: list[tuple[int, float]]) -> None:
    sent = simulate(requests)
    for chat in {chat for _, chat in sent}:
        assert most_within([at for at, to in sent if to == chat], 60.0) <= GROUP_MINUTE


def test_a_busy_group_gets_its_18_messages_every_minute() -> None:
    times = [at for at, _ in simulate([(-1, 0.0)] * 90)]
    assert sum(120 <= at < 180 for at in times) == GROUP_MINUTE


def test_two_replies_find_room_in_a_group_that_has_had_its_18_alerts() -> None:
    rates, now = Rates(0.0), 120.0
    for _ in range(GROUP_MINUTE):
        now = max(now, rates.free_at(-1))
        rates.take(-1, now)
    for _ in range(2):
        assert rates.free_at(-1, is_reply=True) <= now + CHAT_SPACING
        now = rates.free_at(-1, is_reply=True)
        rates.take(-1, now)
    assert rates.free_at(-1) > now + CHAT_SPACING


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 8)), max_size=120))
def test_a_group_hears_20_messages_in_any_minute_at_most_replies_counted(said: list[tuple[bool, float]]) -> None:
    rates, now, times = Rates(0.0), 0.0, []
    for is_reply, pause in said:
        now = max(now + pause, rates.free_at(-1, is_reply=is_reply))
        rates.take(-1, now)
        times.append(now)
    assert most_within(times, 60.0) <= 20


def test_a_group_is_not_flooded_by_a_restart() -> None:
    # What the process before us sent is unknown: its whole minute may be spent.
    times = [at for at, _ in simulate([(-1, 0.0)] * 6)]
    assert all(later - earlier >= 3.3 for earlier, later in itertools.pairwise(times))


@given(REQUESTS, BANS)
def test_nothing_goes_inside_a_ban(requests: list[tuple[int, float]], bans: list[tuple[int, float, float]]) -> None:
    for at, chat in simulate(requests, bans):
        assert not any(
            begin <= at < begin + length - EPSILON for scope, begin, length in bans if scope in (EVERYBODY, chat)
        )


@given(REQUESTS, st.integers(100, 200))
def test_an_idle_chat_is_served_at_once(requests: list[tuple[int, float]], idle: int) -> None:
    rates, now = Rates(0.0), 0.0
    for chat, pause in requests:
        now = max(now + pause, rates.free_at(chat))
        rates.take(chat, now)
    assert rates.free_at(idle) <= now + SECOND_SPACING + CATCHING_UP + EPSILON
    assert idle not in rates.cooling(now)


@given(REQUESTS)
def test_cooling_chats_are_exactly_those_that_may_not_be_spoken_to(requests: list[tuple[int, float]]) -> None:
    rates, now = Rates(0.0), 0.0
    for chat, pause in requests:
        now = max(now + pause, rates.free_at(chat))
        rates.take(chat, now)
        assert set(rates.cooling(now)) == {other for other in (1, 2, 3, -1, -2) if rates.chat_free_at(other) > now}


def test_a_refused_chat_that_was_silent_means_the_whole_bot() -> None:
    limits = Limits(clock := Hand())
    clock.now += 100
    limits.rates.take(7, clock.now)
    assert limits.obey(7, 5) == EVERYBODY


def test_a_refused_chat_that_was_spoken_to_is_banned_alone() -> None:
    limits = Limits(clock := Hand())
    limits.rates.take(7, clock.now)
    clock.now += 2
    limits.rates.take(7, clock.now)
    assert limits.obey(7, 5) == 7
    assert limits.banned_for(7) == 5
    assert limits.banned_for(8) == 0


def test_a_second_chat_refused_at_the_same_time_means_the_whole_bot() -> None:
    limits = Limits(clock := Hand())
    for _ in range(2):
        clock.now += 2
        limits.rates.take(7, clock.now)
        limits.rates.take(8, clock.now)
    assert limits.obey(7, 5) == 7
    assert limits.obey(8, 5) == EVERYBODY


async def test_a_reply_goes_before_alerts_that_wait_longer() -> None:
    limits, order = Limits(), []

    async def say(name: str, chat: int, *, is_reply: bool = False) -> None:
        await limits.turn(chat, is_reply=is_reply)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        for chat in (1, 2, 3):
            tasks.create_task(say(f"alert {chat}", chat))
        await asyncio.sleep(0)
        tasks.create_task(say("reply", 4, is_reply=True))
    assert order == ["reply", "alert 1", "alert 2", "alert 3"]


async def test_an_amendment_yields_to_an_alert_that_comes_later() -> None:
    limits, order = Limits(), []

    async def say(name: str, chat: int, *, yields: bool = False) -> None:
        await limits.turn(chat, yields=yields)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(say("amendment", 1, yields=True))
        await asyncio.sleep(0)
        tasks.create_task(say("alert", 2))
    assert order == ["alert", "amendment"]


async def test_a_clock_that_runs_faster_is_waited_for_less() -> None:
    clock = SpedClock(5)
    limits = Limits(clock.monotonic, speed=5)
    began = time.monotonic()
    for _ in range(3):
        await limits.turn(1)
    assert time.monotonic() - began < 1.5  # two seconds of that clock, 0.4 of this one


async def test_a_chat_that_waits_keeps_nobody_else_waiting() -> None:
    limits, order = Limits(), []
    await limits.turn(1)

    async def say(chat: int) -> None:
        await limits.turn(chat)
        order.append(chat)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(say(1))
        tasks.create_task(say(2))
    assert order == [2, 1]


async def test_who_gives_up_waiting_takes_no_place() -> None:
    limits = Limits()
    await limits.turn(1)
    waiting = asyncio.create_task(limits.turn(1))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert set(limits.busy_chats()) == {1}
    await asyncio.wait_for(limits.turn(2), 5)


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
