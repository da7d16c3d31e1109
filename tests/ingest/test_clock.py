"""A wrong clock is told once, and again only after it was right."""

from __future__ import annotations

import pytest

from ingest.clock import ServerClock
from storage.database import Database
from tests.storage.makers import rows


def message_at(seconds: float) -> int:
    return int(seconds * 2**32) + 1


@pytest.mark.parametrize("seconds", [60.0, -400.0, 3600.0, -86_400.0])
async def test_wrong_clock_is_told_once(database: Database, seconds: float) -> None:
    clock = ServerClock(wall=lambda: 1_000_000.0)
    clock.heard(message_at(1_000_000.0 + seconds))
    assert await clock.check(database)
    assert await clock.check(database)
    assert await rows(database, "SELECT kind, detail FROM notices") == [("clock", {"seconds": seconds})]


async def test_clock_that_was_mended_may_be_wrong_again(database: Database) -> None:
    clock = ServerClock(wall=lambda: 1_000_000.0)
    for seconds in (60, 0.5, 60):
        clock.heard(message_at(1_000_000.0 + seconds))
        await clock.check(database)
    assert len(await rows(database, "SELECT 1 FROM notices")) == 2


async def test_delay_of_the_network_is_no_alarm(database: Database) -> None:
    clock = ServerClock(wall=lambda: 1_000_000.0)
    clock.heard(message_at(1_000_000.0 - 8))
    assert not await clock.check(database)
    assert await rows(database, "SELECT 1 FROM notices") == []
