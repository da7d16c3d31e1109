"""How fast we may ask."""

from __future__ import annotations

import datetime as dt

from ingest.pace import Pace


class Clock:
    """Sleeping moves it."""

    def __init__(self) -> None:
        self.seconds = 100.0

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def pace(clock: Clock, burst: int) -> Pace:
    return Pace(burst, dt.timedelta(seconds=30), clock=lambda: clock.seconds, sleep=clock.sleep)


async def turns(pace: Pace, clock: Clock, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        await pace.wait()
        taken.append(clock.seconds - 100)
    return taken


async def test_the_first_few_go_at_once_and_then_one_each_time() -> None:
    clock = Clock()
    assert await turns(pace(clock, 3), clock, 6) == [0, 0, 0, 30, 60, 90]


async def test_a_ban_closes_the_way_until_it_ends() -> None:
    clock = Clock()
    slow = pace(clock, 3)
    slow.close_for(dt.timedelta(seconds=400))
    assert await turns(slow, clock, 2) == [400, 400]


async def test_a_long_rest_gives_back_the_burst_and_no_more() -> None:
    clock = Clock()
    slow = pace(clock, 2)
    await turns(slow, clock, 3)
    clock.seconds = 10_100
    assert await turns(slow, clock, 3) == [10_000, 10_000, 10_030]
