"""Operators are told of channels that nobody can look at, once, and once when it is over."""

from __future__ import annotations

import pytest

from storage.blindness import note_blindness
from storage.database import Database
from storage.ids import ChannelId
from tests.storage.makers import change, rows

TOLD = "SELECT kind, channel_id, detail ->> 'minutes' FROM notices ORDER BY id"


@pytest.fixture(autouse=True)
async def channel(database: Database) -> None:
    """A channel that was looked at six minutes ago."""
    await change(
        database,
        "INSERT INTO channels (username, title, state, watermark, reconciled_at)"
        " VALUES ('news_box', 'News', 'active', 5, now() - interval '6 minutes')",
    )


async def blind(database: Database) -> list[ChannelId]:
    async with database.begin() as connection:
        return await note_blindness(connection)


async def test_channel_that_is_not_looked_at_for_minutes_is_told_once(database: Database) -> None:
    assert [await blind(database) for _ in range(2)] == [[1], []]
    assert await rows(database, TOLD) == [("blind", 1, "6")]


async def test_end_of_it_is_told_once_too(database: Database) -> None:
    await blind(database)
    await change(database, "UPDATE channels SET reconciled_at = now()")
    assert [await blind(database) for _ in range(2)] == [[], []]
    assert await rows(database, TOLD) == [("blind", 1, "6"), ("sees_again", 1, None)]


async def test_channel_that_was_joined_and_never_looked_at_is_told(database: Database) -> None:
    await change(database, "UPDATE channels SET reconciled_at = NULL, changed_at = now() - interval '7 minutes'")
    assert await blind(database) == [1]


async def test_channel_that_is_followed_by_its_pages_is_not_blind(database: Database) -> None:
    await change(
        database,
        "UPDATE channels SET watermark = NULL, reconciled_at = NULL, changed_at = now() - interval '7 minutes'",
    )
    assert await blind(database) == []


@pytest.mark.parametrize("state", ["requested", "removed", "archived", "private", "lost"])
async def test_channel_that_is_not_to_be_read_is_not_blind(database: Database, state: str) -> None:
    await change(database, f"UPDATE channels SET state = '{state}'")
    assert await blind(database) == []
