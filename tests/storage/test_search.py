"""Searching page by page, while posts arrive and are deleted."""

from __future__ import annotations

import datetime as dt

import pytest

from matching.query import parse
from storage import search as searching
from storage.database import Database
from storage.ids import MessageId
from storage.posts import StoredPost, mark_deleted
from storage.search import Cursor, count, search
from tests.storage.makers import NOON, make_channel, make_post, rows_of, store

HOUR = dt.timedelta(hours=1)
PEACE = parse("мир")


async def page(database: Database, before: Cursor | None, limit: int = 4) -> list[StoredPost]:
    async with database.begin() as connection:
        return await search(connection, PEACE, limit=limit, before=before)


def end_of(posts: list[StoredPost]) -> Cursor:
    return Cursor(posts[-1].posted_at, posts[-1].id)


async def test_newest_posts_come_first(database: Database) -> None:
    news = await make_channel(database)
    moments = {1: NOON, 2: NOON + 2 * HOUR, 3: NOON + HOUR, 4: NOON + HOUR}
    await store(database, *(make_post(news, number, "мир", posted_at=at) for number, at in moments.items()))
    assert [post.message_id for post in await page(database, None)] == [2, 4, 3, 1]


@pytest.mark.parametrize("many", [-1, 20_000])
async def test_pages_neither_skip_nor_repeat_while_posts_arrive(
    database: Database, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(searching, "MANY", many)
    news = await make_channel(database)
    # several of one moment: only the number tells them apart
    await store(
        database, *(make_post(news, number, "мир", posted_at=NOON + number // 3 * HOUR) for number in range(12))
    )
    first = await page(database, None)
    await store(database, make_post(news, 100, "мир", posted_at=NOON + 9 * HOUR))
    second = await page(database, end_of(first))
    third = await page(database, end_of(second))
    assert [post.message_id for post in first + second + third] == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert await page(database, end_of(third)) == []


async def test_deleted_posts_are_left_out(database: Database) -> None:
    news = await make_channel(database)
    await store(database, make_post(news, 1, "мир"), make_post(news, 2, "мир"))
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(1)], NOON)
        assert [post.message_id for post in await search(connection, PEACE)] == [2]
        assert await count(connection, PEACE) == 1


async def test_search_is_bounded_in_time(database: Database) -> None:
    async with database.begin() as connection:
        await count(connection, PEACE)
        assert await rows_of(connection, "SHOW statement_timeout") == [("10s",)]
    async with database.begin() as connection:
        assert await rows_of(connection, "SHOW statement_timeout") == [("30s",)]


async def test_found_post_tells_where_it_stands(database: Database) -> None:
    await store(database, make_post(await make_channel(database, "Kyiv_News"), 7, "мир"))
    (found,) = await page(database, None)
    assert (found.url, found.channel.name) == ("https://t.me/Kyiv_News/7", "@Kyiv_News")
