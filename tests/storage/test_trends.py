"""Counts for charts."""

from __future__ import annotations

import datetime as dt

import pytest

from matching.query import parse
from storage.database import Database
from storage.ids import MessageId
from storage.posts import mark_deleted
from storage.search import counting
from storage.trends import Trend, trend
from tests.storage.makers import NOON, make_channel, make_post, store

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)


async def test_a_post_belongs_to_the_span_that_begins_with_it(database: Database) -> None:
    news = await make_channel(database)
    moments = (NOON - SECOND, NOON, NOON + HOUR - SECOND, NOON + HOUR, NOON + 2 * HOUR)
    await store(database, *(make_post(news, number, "ferry", posted_at=at) for number, at in enumerate(moments)))
    async with database.begin() as connection:
        bounds = [NOON, NOON + HOUR, NOON + 2 * HOUR]
        assert await trend(connection, parse("ferry"), bounds) == Trend((2, 1))


async def test_deleted_posts_are_not_counted(database: Database) -> None:
    news = await make_channel(database)
    await store(database, make_post(news, 1, "ferry"), make_post(news, 2, "ferry"))
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(1)], NOON)
        assert await trend(connection, parse("ferry"), [NOON, NOON + HOUR]) == Trend((1,))


async def test_counts_of_a_sample_are_estimates_of_all(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SAMPLE", 50)
    news = await make_channel(database)
    await store(database, *(make_post(news, number, f"ferry {number}") for number in range(100)))
    async with database.begin() as connection:
        found = await trend(connection, parse("ferry"), [NOON, NOON + HOUR], budget=dt.timedelta(0))
    assert found == Trend((100,), one_in=2)
