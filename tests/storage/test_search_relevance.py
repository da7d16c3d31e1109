"""Posts by relevance: the best of the newest matches first, on pages that stay as they were."""

from __future__ import annotations

import datetime as dt

import pytest

from matching.query import Query, parse
from storage.database import Database
from storage.search import Cursor, Found, Sort, find, finding, relevance
from tests.storage.makers import NOON, make_channel, make_post, store

HOUR = dt.timedelta(hours=1)
STORM = parse("шторм")


async def best(database: Database, query: Query = STORM, cursor: Cursor | None = None, limit: int = 2) -> Found:
    async with database.begin() as connection:
        return await find(connection, query, limit=limit, cursor=cursor, sort=Sort.RELEVANCE)


def told(times: int) -> str:
    """A text that says the word so many times, always as long."""
    return "шторм " * times + "ветер " * (10 - times)


def numbers(found: Found) -> list[int]:
    return [post.message_id for post in found.posts]


async def test_posts_with_more_of_the_words_come_first(database: Database) -> None:
    news = await make_channel(database)
    said = {1: "шторм, снова шторм", 2: "шторм у порта", 3: "о шторме " + "и о многом другом " * 30, 4: "ветер"}
    await store(database, *(make_post(news, number, text) for number, text in said.items()))
    found = await best(database, limit=5)
    assert numbers(found) == [1, 2, 3]
    scores = [hit.score or 0 for hit in found.hits]
    assert scores == sorted(scores, reverse=True) != [0, 0, 0]


async def test_of_equal_posts_the_newer_comes_first(database: Database) -> None:
    news = await make_channel(database)
    await store(database, *(make_post(news, number, "шторм", posted_at=NOON + number * HOUR) for number in range(4)))
    assert numbers(await best(database, limit=5)) == [3, 2, 1, 0]
    assert numbers(await best(database, parse("channel:1"), limit=5)) == [3, 2, 1, 0]  # nothing to rank by


async def test_pages_stay_as_they_were_while_better_posts_arrive(database: Database) -> None:
    news = await make_channel(database)
    await store(database, *(make_post(news, number, told(number)) for number in range(1, 6)))
    first = await best(database)
    # newer and older ones: neither may move what has been ranked
    await store(
        database,
        make_post(news, 100, told(9), posted_at=NOON + HOUR),
        make_post(news, 101, told(9), posted_at=NOON - HOUR),
    )
    second = await best(database, cursor=first.next_cursor)
    third = await best(database, cursor=second.next_cursor)
    assert numbers(first) + numbers(second) + numbers(third) == [5, 4, 3, 2, 1]
    assert third.next_cursor is None
    assert numbers(await best(database))[0] in (100, 101)


async def test_only_the_newest_matches_are_ranked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "RANKED", 2)
    news = await make_channel(database)
    posts = [make_post(news, number, told(9 - number), posted_at=NOON + number * HOUR) for number in range(5)]
    await store(database, *posts)
    found = await best(database, limit=5)
    assert (numbers(found), found.next_cursor) == ([3, 4], None)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("=шторм -ветер", "('=шторм')"),
        ("channel:1 -ветер", None),
        ("=шторм topic:conflict OR порт*", "(('=шторм') | '=порт':*)"),
        ('"=сильный =шторм"', "('=сильный' <-> '=шторм')"),
    ],
)
def test_rank_is_by_the_words_that_are_wanted(asked: str, words: str | None) -> None:
    assert relevance.words_wanted(parse(asked).root) == words
