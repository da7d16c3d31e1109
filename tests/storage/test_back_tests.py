"""What a query would have brought, and what changes of it would have made of that."""

from __future__ import annotations

import datetime as dt

import pytest

from matching.query import parse
from storage.back_tests import BackTest, back_test, effects, latest_matches, words_of_matches
from storage.database import Database
from storage.search import counting
from tests.storage.makers import NOON, make_channel, make_post, rows_of, store

HOUR = dt.timedelta(hours=1)
FERRY = parse("ferry")
NO_TIME = dt.timedelta(0)


async def asked(database: Database, query: str = "ferry", **how: object) -> BackTest:
    async with database.begin() as connection:
        return await back_test(connection, parse(query), now=NOON, **how)  # type: ignore[arg-type]


async def ferries(database: Database, *hours_ago: int, channel: str = "news", word: str = "ferry") -> None:
    number = await make_channel(database, channel)
    posts = [
        make_post(number, place + 1, f"{word} number{place}", posted_at=NOON - ago * HOUR)
        for place, ago in enumerate(hours_ago)
    ]
    await store(database, *posts)


async def test_posts_are_counted_by_the_24_hours_that_they_are_old(database: Database) -> None:
    await ferries(database, 1, 23, 25, 167, 169)
    test = await asked(database)
    assert test.by_day == (1, 0, 0, 0, 0, 1, 2)
    assert (test.posts, test.one_in) == (4, 1)


async def test_channels_that_bring_most_come_first_and_examples_are_the_newest(database: Database) -> None:
    await ferries(database, 30, 31, channel="quiet")
    await ferries(database, 2, 3, 4, channel="loud")
    test = await asked(database, examples=2)
    assert [(channel.username, count) for channel, count in test.channels] == [("loud", 3), ("quiet", 2)]
    assert [post.text for post in test.examples] == ["ferry number0", "ferry number1"]


async def test_without_time_a_sample_is_counted_and_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "SAMPLE", 25)
    await ferries(database, *range(1, 101))
    test = await asked(database, budget=NO_TIME)
    assert test.one_in == 4
    assert test.posts == 100  # numbers run on, so that every fourth is a quarter


async def test_a_sample_that_holds_every_post_is_exact(database: Database) -> None:
    await ferries(database, 1, 2, 50)
    assert await asked(database, budget=NO_TIME) == await asked(database)


async def test_a_sample_is_of_the_time_asked_about(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SAMPLE", 10)
    await ferries(database, *[200 + place for place in range(300)], channel="archive")
    await ferries(database, *range(1, 21))
    test = await asked(database, budget=NO_TIME)
    assert (test.one_in, test.posts) == (2, 20)


async def test_what_is_set_for_counting_ends_with_it(database: Database) -> None:
    """What the bot does in the same transaction afterwards has all the time it needs."""
    await ferries(database, 1, 2)
    async with database.begin() as connection:
        await back_test(connection, FERRY, now=NOON, examples=0)
        await back_test(connection, FERRY, now=NOON, examples=0, budget=NO_TIME)
        await words_of_matches(connection, FERRY, NOON - 24 * HOUR)
        assert await rows_of(connection, "SHOW statement_timeout") == [("30s",)]
        assert await rows_of(connection, "SHOW enable_bitmapscan") == [("on",)]
        assert await rows_of(connection, "SHOW plan_cache_mode") == [("auto",)]


async def test_words_that_take_too_long_are_none_and_the_transaction_goes_on(database: Database) -> None:
    await ferries(database, 1)
    async with database.begin() as other, database.begin() as connection:
        await other.exec_driver_sql("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
        budget = dt.timedelta(milliseconds=50)
        assert await words_of_matches(connection, FERRY, NOON - 24 * HOUR, budget=budget) is None
        assert await rows_of(connection, "SELECT 1") == [(1,)]


async def test_words_of_matches_are_counted_there_and_elsewhere(database: Database) -> None:
    await ferries(database, 1, 2)
    await ferries(database, 3, channel="other", word="football")
    async with database.begin() as connection:
        words = await words_of_matches(connection, FERRY, NOON - 24 * HOUR)
    assert words is not None
    assert words.in_matches == {"ferry": 2, "number0": 1, "number1": 1}
    assert words.in_others == {"number0": 1}
    assert (len(words.matches), len(words.others)) == (2, 1)


async def test_the_effect_of_a_change_is_what_search_would_find(database: Database) -> None:
    await ferries(database, 1, 2, 3)
    changes = [parse("ferry -number1"), parse("ferry number2"), parse("football")]
    async with database.begin() as connection:
        latest = await latest_matches(connection, FERRY, NOON - 24 * HOUR)
        assert await effects(connection, changes, latest) == [2, 1, 0]
