"""Posts on their way out: one snapshot, however much changes meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from storage import exports
from storage.database import Database
from storage.exports import BEFORE_FIRST, Selection, newest_id, read_posts
from storage.ids import PostId
from tests.storage.makers import NOON, make_channel, make_post, store

ALL = Selection(query=None)


async def test_what_is_edited_meanwhile_leaves_as_it_was_at_the_beginning(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    news = await make_channel(database)
    await store(database, *(make_post(news, number, "before") for number in (1, 2, 3)))
    said: list[Any] = []
    async with database.begin() as connection:
        upto = await newest_id(connection)
        async for page in read_posts(connection, ALL, after=BEFORE_FIRST, upto=upto):
            said += [post["text"] for post in page]
            if len(said) == 1:
                await store(database, make_post(news, 3, "after", edited_at=NOON), make_post(news, 4, "new"))
    assert said == ["before"] * 3


async def test_posts_come_in_the_order_of_their_numbers_from_where_the_last_run_ended(database: Database) -> None:
    news = await make_channel(database)
    numbers = [number for number, _ in await store(database, *(make_post(news, n, "x") for n in (5, 3, 9)))]
    async with database.begin() as connection:
        pages = read_posts(connection, ALL, after=min(numbers), upto=PostId(max(numbers)))
        assert [post["post_id"] async for page in pages for post in page] == sorted(numbers)[1:]
