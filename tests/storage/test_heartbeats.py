"""A program's silence is known by the database's clock, and told once."""

from __future__ import annotations

import datetime as dt

from storage.database import Database
from storage.heartbeats import beat, silence_of, tell_return, tell_silence
from tests.storage.makers import change, rows

MINUTE = dt.timedelta(minutes=1)


async def test_a_program_that_never_ran_is_not_silent(database: Database) -> None:
    async with database.begin() as connection:
        assert await silence_of(connection, "ingest") is None


async def test_silence_is_counted_from_the_last_beat(database: Database) -> None:
    async with database.begin() as connection:
        await beat(connection, "ingest")
    await change(database, "UPDATE heartbeats SET beat_at = beat_at - interval '5 minutes'")
    async with database.begin() as connection:
        silence = await silence_of(connection, "ingest")
        await beat(connection, "ingest")
        assert await silence_of(connection, "ingest") == dt.timedelta(0)
    assert silence is not None
    assert 5 * MINUTE < silence < 6 * MINUTE


async def test_silence_and_return_are_told_once_each(database: Database) -> None:
    told = []
    for _ in range(2):
        async with database.begin() as connection:
            told.append(await tell_return(connection))
    for tell in ("silence", "silence", "return", "return", "silence"):
        async with database.begin() as connection:
            told.append(await (tell_silence(connection, 3 * MINUTE) if tell == "silence" else tell_return(connection)))
    assert told == [False, False, True, False, True, False, True]
    assert await rows(database, "SELECT kind FROM notices ORDER BY id") == [("silent",), ("back",), ("silent",)]


async def test_the_return_says_how_long_ingest_was_silent(database: Database) -> None:
    async with database.begin() as connection:
        await tell_silence(connection, 2 * MINUTE)
    await change(database, "UPDATE notices SET created_at = created_at - interval '40 minutes'")
    async with database.begin() as connection:
        await tell_return(connection)
    assert await rows(database, "SELECT detail FROM notices WHERE kind = 'back'") == [({"minutes": 42},)]
