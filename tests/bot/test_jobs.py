"""Ingest's silence is told once, survives the bot's restarts, and is not mistaken for a morning's start."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.jobs import OperatorNotices
from storage import heartbeats
from storage.database import Database
from storage.heartbeats import SILENT_AFTER
from storage.notices import Kind, notify_operators
from tests.bot.conftest import Newsroom
from tests.storage.makers import change, rows

OPERATOR = 100


@dataclass
class Clock:
    """Seconds that pass when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def beat(database: Database, *, minutes_ago: int = 0) -> None:
    async with database.begin() as connection:
        await heartbeats.beat(connection, "ingest")
    await change(database, f"UPDATE heartbeats SET beat_at = beat_at - interval '{minutes_ago} minutes'")


async def kinds(database: Database) -> list[str]:
    return [kind for (kind,) in await rows(database, "SELECT kind FROM notices ORDER BY id")]


async def after_listening(database: Database) -> OperatorNotices:
    """A bot that has listened in vain for as long as silence needs."""
    clock = Clock()
    listening = OperatorNotices(database, [OPERATOR], clock=clock)
    clock.now += SILENT_AFTER.total_seconds() + 1
    await listening.look()
    return listening


async def test_ingest_that_never_ran_is_not_missed(database: Database) -> None:
    await after_listening(database)
    assert await kinds(database) == []


async def test_ingest_that_beats_is_not_missed(database: Database) -> None:
    await beat(database, minutes_ago=1)
    await after_listening(database)
    assert await kinds(database) == []


async def test_silence_is_told_once_across_restarts_and_then_the_return(database: Database) -> None:
    await beat(database, minutes_ago=5)
    for _ in range(2):
        listening = await after_listening(database)
        await listening.look()
    assert await kinds(database) == ["silent"]
    await beat(database)
    for _ in range(2):
        await listening.look()
    assert await kinds(database) == ["silent", "back"]


async def test_a_bot_that_has_just_started_gives_ingest_time_to_start_too(database: Database) -> None:
    await beat(database, minutes_ago=8 * 60)
    await OperatorNotices(database, [OPERATOR]).look()
    assert await kinds(database) == []


async def test_a_machine_that_slept_gives_ingest_time_to_wake_too(database: Database) -> None:
    clock = Clock()
    listening = OperatorNotices(database, [OPERATOR], clock=clock)
    clock.now += 3600
    await beat(database)
    await listening.look()
    await beat(database, minutes_ago=8 * 60)  # the database's clock went on, ours stood still
    clock.now += 30
    await listening.look()
    assert await kinds(database) == []


async def test_nobody_to_tell_is_said_in_the_log_once(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    async with database.begin() as connection:
        await notify_operators(connection, Kind.CLOCK, seconds=9)
    listening = OperatorNotices(database, [OPERATOR])
    for _ in range(2):
        await listening.look()
    assert capsys.readouterr().out.count("nobody is told") == 1


async def test_without_operators_the_log_is_told(
    database: Database, newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.begin() as connection:
        await notify_operators(connection, Kind.CLOCK, seconds=9)
    await OperatorNotices(database, []).look()
    shown = capsys.readouterr().out
    assert "notice for operators" in shown
    assert "clock" in shown
    assert await newsroom.states() == {}
