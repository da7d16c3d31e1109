"""Links that carry a query."""

from __future__ import annotations

from sqlalchemy import text

from storage import share_links
from storage.database import Database


async def test_a_link_carries_its_query_as_often_as_it_is_opened(database: Database) -> None:
    async with database.begin() as connection:
        token = await share_links.make(connection, "ferry channel:3")
        assert [await share_links.opened(connection, token) for _ in range(2)] == ["ferry channel:3"] * 2


async def test_a_word_that_nobody_was_given_opens_nothing(database: Database) -> None:
    async with database.begin() as connection:
        token = await share_links.make(connection, "ferry")
        for word in ("", token[:-1], token + "A", "A" * 22, token.swapcase()):
            assert await share_links.opened(connection, word) is None


async def test_the_word_itself_is_not_stored(database: Database) -> None:
    async with database.begin() as connection:
        token = await share_links.make(connection, "ferry")
        row = (await connection.execute(text("SELECT * FROM share_links"))).one()
    assert token.encode() not in bytes(row.token_hash)
    assert set(row._fields) == {"token_hash", "query", "expires_at"}


async def test_a_link_expires_and_goes(database: Database) -> None:
    async with database.begin() as connection:
        token = await share_links.make(connection, "ferry")
        await connection.execute(text("UPDATE share_links SET expires_at = now()"))
        assert await share_links.opened(connection, token) is None
        await share_links.make(connection, "harbour")
        assert await connection.scalar(text("SELECT count(*) FROM share_links")) == 1
