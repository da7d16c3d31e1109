"""What Telegram wants left alone is known by the database's clock, and the longer of two waits counts."""

from __future__ import annotations

import datetime as dt

from storage.accounts import remove_account, save_account
from storage.database import Database
from storage.flood_waits import flood_waits_of, note_flood_wait
from storage.ids import AccountId
from tests.storage.makers import change

MINUTE = dt.timedelta(minutes=1)


async def make_account(database: Database) -> AccountId:
    async with database.begin() as connection:
        return await save_account(connection, "main", b"sealed", 7)


async def test_the_longer_of_two_waits_counts(database: Database) -> None:
    account_id = await make_account(database)
    async with database.begin() as connection:
        for minutes in (2, 9, 5):
            await note_flood_wait(connection, account_id, "GetHistory", minutes * MINUTE)
        [wait] = await flood_waits_of(connection, account_id)
    assert wait.method == "GetHistory"
    assert 8 * MINUTE < wait.left <= 9 * MINUTE


async def test_a_wait_ends_by_itself_and_a_new_one_counts(database: Database) -> None:
    account_id = await make_account(database)
    async with database.begin() as connection:
        await note_flood_wait(connection, account_id, "GetHistory", MINUTE)
    await change(database, "UPDATE flood_waits SET until_at = now() - interval '1 second'")
    async with database.begin() as connection:
        assert await flood_waits_of(connection, account_id) == []
        await note_flood_wait(connection, account_id, "GetHistory", MINUTE)
        assert len(await flood_waits_of(connection, account_id)) == 1


async def test_an_account_that_is_removed_meanwhile_waits_for_nothing(database: Database) -> None:
    account_id = await make_account(database)
    async with database.begin() as connection:
        await remove_account(connection, "main")
        await note_flood_wait(connection, account_id, "GetHistory", MINUTE)
        assert await flood_waits_of(connection, account_id) == []
