"""How much one may ask in a minute; time runs in the tests only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.allowance import Allowance


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 30), max_size=120), st.integers(1, 20))
def test_no_minute_holds_more_than_twice_the_allowance_and_no_hour_more_than_its_rate(
    pauses: list[float], a_minute: int
) -> None:
    clock = Clock()
    allowance, taken = Allowance(a_minute, clock), []
    for pause in pauses:
        clock.now += pause
        if allowance.take(5):
            taken.append(clock.now)
    for moment in taken:
        assert sum(moment <= other < moment + 60 for other in taken) <= 2 * a_minute
    assert len(taken) <= a_minute + clock.now * a_minute / 60 + 1e-6


def test_who_asks_slowly_is_never_refused() -> None:
    clock = Clock()
    allowance = Allowance(20, clock)
    for _ in range(200):
        assert allowance.take(5)
        clock.now += 3


def test_one_who_asks_too_much_takes_nothing_from_others() -> None:
    allowance = Allowance(2, Clock())
    assert [allowance.take(5) for _ in range(3)] == [True, True, False]
    assert allowance.take(6)


def test_what_is_asked_for_again_at_once_is_counted_once() -> None:
    allowance = Allowance(2, Clock())
    assert [allowance.take(5, what) for what in (7, 7, 7, 8, 8, 9, 8)] == [True, True, True, True, True, False, True]


def test_a_refusal_is_said_once_a_minute() -> None:
    clock = Clock()
    allowance = Allowance(1, clock)
    assert allowance.may_tell(5)
    assert not allowance.may_tell(5)
    clock.now = 61
    assert allowance.may_tell(5)


def test_who_was_quiet_for_a_minute_is_forgotten() -> None:
    clock = Clock()
    allowance = Allowance(5, clock)
    for person in range(100):
        allowance.take(person)
    clock.now = 61
    allowance.take(1000)
    assert set(allowance._buckets) == {1000}
