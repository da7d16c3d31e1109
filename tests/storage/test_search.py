"""Searching page by page, newest first, while posts arrive and are deleted; and what bounds a search."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from sqlalchemy import event

from matching.query import Query, parse
from storage.database import Database
from storage.ids import MessageId
from storage.posts import StoredPost, mark_deleted
from storage.search import (
    Cursor,
    CursorRefused,
    Found,
    Scope,
    SearchHeldUp,
    SearchTooSlow,
    Sort,
    count,
    find,
    newest,
    search,
)
from tests.storage.makers import NOON, make_channel, make_post, rows_of, store

HOUR = dt.timedelta(hours=1)
PEACE = parse("мир")


async def page(database: Database, before: Cursor | None, limit: int = 4) -> list[StoredPost]:
    async with database.begin() as connection:
        return await search(connection, PEACE, limit=limit, before=before)


async def found(database: Database, query: Query = PEACE, cursor: Cursor | None = None, limit: int = 4) -> Found:
    async with database.begin() as connection:
        return await find(connection, query, limit=limit, cursor=cursor)


def end_of(posts: list[StoredPost]) -> Cursor:
    return Cursor(posts[-1].posted_at, posts[-1].id)


async def test_newest_posts_come_first(database: Database) -> None:
    news = await make_channel(database)
    moments = {1: NOON, 2: NOON + 2 * HOUR, 3: NOON + HOUR, 4: NOON + HOUR}
    await store(database, *(make_post(news, number, "мир", posted_at=at) for number, at in moments.items()))
    assert [post.message_id for post in await page(database, None)] == [2, 4, 3, 1]


@pytest.mark.parametrize(("probe", "few"), [(1_000, 10_000), (2, 10_000), (2, -1)])
async def test_pages_neither_skip_nor_repeat_while_posts_arrive(
    database: Database, monkeypatch: pytest.MonkeyPatch, probe: int, few: int
) -> None:
    monkeypatch.setattr(newest, "PROBE", probe)
    monkeypatch.setattr(newest, "FEW", few)
    news = await make_channel(database)
    # several of one moment: only the number tells them apart
    await store(
        database, *(make_post(news, number, "мир", posted_at=NOON + number // 3 * HOUR) for number in range(12))
    )
    first = await found(database)
    await store(database, make_post(news, 100, "мир", posted_at=NOON + 9 * HOUR))
    second = await found(database, cursor=first.next_cursor)
    third = await found(database, cursor=second.next_cursor)
    assert [post.message_id for page in (first, second, third) for post in page.posts] == list(range(11, -1, -1))
    assert third.next_cursor is None


async def test_page_can_follow_a_cursor_made_by_hand(database: Database) -> None:
    news = await make_channel(database)
    await store(database, *(make_post(news, number, "мир", posted_at=NOON + number * HOUR) for number in range(6)))
    first = await page(database, None)
    assert [post.message_id for post in await page(database, end_of(first))] == [1, 0]


async def test_post_that_arrives_while_a_page_is_looked_for_repeats_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "PROBE", 2)
    news = await make_channel(database)
    await store(database, *(make_post(news, number, "мир", posted_at=NOON + number * HOUR) for number in range(6)))
    arrive = f"UPDATE posts SET posted_at = '{NOON + 9 * HOUR}', text = 'тихо', terms = '' WHERE message_id = 0"

    def after_the_first_look(_: object, __: object, statement: str, *rest: object) -> None:
        if "WITH posts AS" in statement:
            with psycopg.connect(database.url.replace("+psycopg", "")) as other:
                other.execute(arrive.encode())

    event.listen(database.engine.sync_engine, "after_cursor_execute", after_the_first_look)
    assert [post.message_id for post in await page(database, None, limit=5)] == [5, 4, 3, 2, 1]


async def test_deleted_posts_are_found_on_request_only(database: Database) -> None:
    news = await make_channel(database)
    await store(database, make_post(news, 1, "мир"), make_post(news, 2, "мир"))
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(1)], NOON)
        assert [post.message_id for post in await search(connection, PEACE)] == [2]
        assert await count(connection, PEACE) == 1
        with_deleted = await find(connection, PEACE, scope=Scope(deleted=True))
        assert [post.message_id for post in with_deleted.posts] == [2, 1]


async def test_search_is_bounded_in_time_and_in_waiting(database: Database) -> None:
    async with database.begin() as connection:
        await count(connection, PEACE)
        assert await rows_of(connection, "SHOW statement_timeout") == [("10s",)]
        assert await rows_of(connection, "SHOW lock_timeout") == [("2s",)]
    async with database.begin() as connection:
        assert await rows_of(connection, "SHOW statement_timeout") == [("30s",)]


async def test_search_that_takes_too_long_says_what_to_add(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "PROBE", 1)
    news = await make_channel(database)
    await store(database, make_post(news, 1, "мир"), make_post(news, 2, "мир"))
    with pytest.raises(SearchTooSlow, match="rarer word"):
        async with database.begin() as connection:
            await find(connection, PEACE, budget=dt.timedelta(0))


async def test_search_that_the_server_stops_says_what_to_add(database: Database) -> None:
    async with database.begin() as other:
        await other.exec_driver_sql("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(SearchTooSlow, match="rarer word"):
            async with database.begin() as connection:
                await find(connection, PEACE, budget=dt.timedelta(milliseconds=50))


async def test_search_does_not_wait_long_for_a_lock(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.search.bounds.LOCK_TIMEOUT", "50ms")
    async with database.begin() as other:
        await other.exec_driver_sql("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(SearchHeldUp, match="in a moment"):
            await found(database)


async def test_found_post_tells_where_it_stands(database: Database) -> None:
    await store(database, make_post(await make_channel(database, "Kyiv_News"), 7, "мир"))
    (post,) = await page(database, None)
    assert (post.url, post.channel.name) == ("https://t.me/Kyiv_News/7", "@Kyiv_News")


async def test_cursor_of_another_search_is_refused(database: Database) -> None:
    news = await make_channel(database)
    await store(database, *(make_post(news, number, "мир война") for number in range(3)))
    cursor = (await found(database, limit=1)).next_cursor
    assert cursor is not None
    with pytest.raises(CursorRefused, match="another search"):
        await found(database, parse("война"), cursor)
    async with database.begin() as connection:
        with pytest.raises(CursorRefused):
            await find(connection, PEACE, cursor=cursor, sort=Sort.RELEVANCE)
    assert (await found(database, parse("МИР"), cursor)).hits
