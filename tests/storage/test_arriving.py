"""Numbers up to which nothing is added any more."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from matching.query import parse
from storage import arriving
from storage.arriving import settled_number, stored_between
from storage.database import Connection, Database
from storage.ids import PostId
from tests.storage.makers import change, make_channel, make_post, store, store_one


async def test_without_posts_the_number_is_zero(database: Database) -> None:
    assert await settled_number(database) == 0


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when somebody has looked who writes."""
    event = asyncio.Event()
    look = arriving._writers

    async def noted(connection: Connection) -> set[str]:
        found = await look(connection)
        event.set()
        return found

    monkeypatch.setattr(arriving, "_writers", noted)
    return event


async def test_a_number_settles_when_every_writer_that_may_have_drawn_it_has_ended(
    database: Database, looked: asyncio.Event
) -> None:
    channel = await make_channel(database)
    async with database.begin() as slow:
        await slow.execute(text("UPDATE posts SET views = 1 WHERE id = 0"))  # any writer of the table
        await store_one(database, make_post(channel, 1, "x"))
        waiting = asyncio.create_task(settled_number(database))
        for _ in range(2):
            looked.clear()
            await looked.wait()
        assert not waiting.done()
    assert await waiting == 1


async def test_writers_that_come_later_are_not_waited_for(database: Database, looked: asyncio.Event) -> None:
    channel = await make_channel(database)
    async with database.begin() as slow:
        await slow.execute(text("UPDATE posts SET views = 1 WHERE id = 0"))
        waiting = asyncio.create_task(settled_number(database))
        await looked.wait()
        later = await database.engine.connect()
        await later.execute(text("UPDATE posts SET views = 1 WHERE id = 0"))
    assert await asyncio.wait_for(waiting, 10) == 0
    await later.close()
    assert await store_one(database, make_post(channel, 1, "x")) == 1


async def test_readers_are_not_waited_for(database: Database) -> None:
    async with database.begin() as reading:
        await reading.execute(text("SELECT count(*) FROM posts"))
        assert await asyncio.wait_for(settled_number(database), 10) == 0


async def test_posts_between_two_numbers_are_those_that_search_finds_in_their_order(database: Database) -> None:
    channel = await make_channel(database)
    await store(database, *(make_post(channel, n, "ferry" if n % 2 else "bridge") for n in range(1, 8)))
    await change(database, "UPDATE posts SET deleted_at = now() WHERE id = 5")
    async with database.begin() as connection:
        found = await stored_between(connection, parse("ferry"), PostId(1), PostId(7), 10)
        all_of_them = await stored_between(connection, None, PostId(1), PostId(7), 3)
    assert [post.id for post in found] == [3, 7]
    assert [post.id for post in all_of_them] == [2, 3, 4]
