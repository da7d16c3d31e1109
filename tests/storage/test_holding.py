"""Locks that are held for hours, and the end of the connection that holds one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from storage import holding
from storage.database import AlreadyRunning, Database
from storage.holding import Hold, held_jobs, only_one
from tests.storage.makers import rows

JOB = "account main"

HOLDER = (
    "SELECT a.pid FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' AND l.granted"
    f" WHERE a.application_name = 'channelwatch {JOB}'"
)

TERMINATE = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'channelwatch {JOB}'"


@pytest.fixture
async def hold(database: Database) -> AsyncIterator[Hold]:
    made = Hold(database, JOB)
    await made.take()
    yield made
    await made.give_back()


async def test_lock_is_the_one_of_only_one(database: Database, hold: Hold) -> None:
    with pytest.raises(AlreadyRunning):
        async with only_one(database, JOB):
            pass
    with pytest.raises(AlreadyRunning):
        await Hold(database, JOB).take()
    await hold.give_back()
    async with only_one(database, JOB):
        pass


async def test_held_locks_are_seen_without_touching_them(database: Database, hold: Hold) -> None:
    async with database.begin() as connection:
        assert await held_jobs(connection, [JOB, "account second"]) == {JOB}
    await hold.give_back()
    async with database.begin() as connection:
        assert await held_jobs(connection, [JOB]) == set()


async def test_connection_that_was_terminated_is_replaced_at_once(database: Database, hold: Hold) -> None:
    losing = asyncio.create_task(hold.until_lost())
    before = await rows(database, HOLDER)
    await rows(database, TERMINATE)
    async with asyncio.timeout(20):
        while await rows(database, HOLDER) in (before, []):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.01)
    assert not losing.done()
    losing.cancel()
    await asyncio.gather(losing, return_exceptions=True)


async def test_lock_that_another_took_meanwhile_is_lost(
    database: Database, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "DOUBT_SECONDS", 0.1)
    await rows(database, TERMINATE)
    other = Hold(database, JOB)
    async with asyncio.timeout(20):
        while await is_held(database):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.01)
    await other.take()
    await asyncio.wait_for(hold.until_lost(), 20)
    assert hold.is_lost
    await hold.give_back()
    assert await is_held(database)
    await other.give_back()


async def is_held(database: Database) -> bool:
    async with database.begin() as connection:
        return bool(await held_jobs(connection, [JOB]))
