"""The rates, on a clock moved by hand."""

from __future__ import annotations

import pytest

from sandbox.bot_api.errors import TooManyRequests
from sandbox.bot_api.limits import Limiter, Limits
from sandbox.chat_records import Chat
from sandbox.world import ManualClock

PRIVATE = Chat(1, "private")
GROUP = Chat(-1, "group")


@pytest.fixture
def limiter(clock: ManualClock) -> Limiter:
    return Limiter(Limits(), clock)


def retry_after(limiter: Limiter, chat: Chat, messages: int = 1) -> int:
    with pytest.raises(TooManyRequests) as refusal:
        limiter.admit(chat, messages)
    seconds: int = refusal.value.parameters["retry_after"]
    return seconds


def test_a_chat_takes_a_short_burst_then_one_a_second(limiter: Limiter, clock: ManualClock) -> None:
    for _ in range(3):
        limiter.admit(PRIVATE)
    assert retry_after(limiter, PRIVATE) == 1
    clock.advance(1)
    limiter.admit(PRIVATE)
    assert retry_after(limiter, PRIVATE) == 1


def test_one_message_a_second_is_never_refused(limiter: Limiter, clock: ManualClock) -> None:
    for _ in range(300):
        limiter.admit(PRIVATE)
        clock.advance(1)
    assert limiter.inside_bans == 0


def test_31_messages_to_as_many_chats_are_one_too_many(limiter: Limiter, clock: ManualClock) -> None:
    for number in range(30):
        limiter.admit(Chat(100 + number, "private"))
    assert retry_after(limiter, Chat(99, "private")) == 1
    clock.advance(1)
    limiter.admit(Chat(99, "private"))


def test_a_group_takes_20_messages_a_minute(limiter: Limiter, clock: ManualClock) -> None:
    for _ in range(20):
        limiter.admit(GROUP)
        clock.advance(1)
    assert retry_after(limiter, GROUP) == 40
    clock.advance(40)
    limiter.admit(GROUP)


def test_an_album_counts_as_its_parts(limiter: Limiter, clock: ManualClock) -> None:
    limiter.admit(PRIVATE, 10)
    assert retry_after(limiter, PRIVATE) == 8
    clock.advance(8)
    limiter.admit(PRIVATE)


def test_a_chat_at_its_limit_does_not_stop_another(limiter: Limiter) -> None:
    limiter.admit(PRIVATE, 3)
    retry_after(limiter, PRIVATE)
    limiter.admit(Chat(2, "private"))


def test_requests_inside_a_ban_make_it_longer(limiter: Limiter, clock: ManualClock) -> None:
    limiter.ban(PRIVATE.id, 4)
    waits = []
    for _ in range(3):
        clock.advance(1)
        waits.append(retry_after(limiter, PRIVATE))
    assert waits == [8, 16, 32]
    assert limiter.inside_bans == 3


def test_requests_that_were_under_way_are_not_held_against_the_bot(limiter: Limiter, clock: ManualClock) -> None:
    limiter.admit(PRIVATE, 3)
    assert [retry_after(limiter, PRIVATE) for _ in range(20)] == [1] * 20
    assert limiter.inside_bans == 0
    clock.advance(1)
    limiter.admit(PRIVATE)


def test_a_ban_of_the_whole_bot_stops_every_chat_until_it_ends(limiter: Limiter, clock: ManualClock) -> None:
    limiter.ban(None, 5)
    assert retry_after(limiter, GROUP) == 5
    clock.advance(5)
    limiter.admit(GROUP)


def test_a_ban_never_grows_beyond_the_longest(limiter: Limiter, clock: ManualClock) -> None:
    limiter.ban(None, 200)
    clock.advance(1)
    assert retry_after(limiter, PRIVATE) == 300
