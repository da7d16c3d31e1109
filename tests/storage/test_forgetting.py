"""What is not to be kept goes with all that belongs to it, waits for nobody, and does not come back."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from matching.query import parse
from storage.database import Connection, Database, DatabaseAway
from storage.disk_usage import measure
from storage.forgetting import (
    Batch,
    Place,
    forget_expired,
    forget_finished_replays,
    forget_older,
    forget_texts,
    next_deleted,
    reuse_space,
)
from storage.history import read_history
from storage.ids import ChannelId, MessageId, PostId
from storage.keeping import FORGOTTEN_CONTENT, Keeping
from storage.post_address import PostAddress
from storage.post_values import Entity, Medium, Part
from storage.posts import mark_deleted
from storage.replays import advance, finish, position
from storage.search import search
from tests.storage.kept import is_kept
from tests.storage.makers import NOON, change, make_channel, make_owed, make_post, rows, store, store_one

DAY = dt.timedelta(days=1)
MIB = 2**20


@pytest.fixture
async def news(database: Database) -> ChannelId:
    return await make_channel(database)


async def store_days(database: Database, news: ChannelId, count: int) -> None:
    """A post a day; the first is of noon, the next of the day before, and so on."""
    await store(
        database,
        *(make_post(news, number, "мир", **_of(NOON - (number - 1) * DAY)) for number in range(1, count + 1)),
    )


def _of(moment: dt.datetime) -> dict[str, dt.datetime]:
    """Published and seen at one moment."""
    return {"posted_at": moment, "seen_at": moment}


async def older(database: Database, before: dt.datetime | None, place: Place | None = None, limit: int = 200) -> Batch:
    async with database.begin() as connection:
        return await forget_older(connection, before, place or Place(), limit)


async def left(database: Database) -> list[int]:
    return [number for (number,) in await rows(database, "SELECT message_id FROM posts ORDER BY 1")]


@asynccontextmanager
async def holding(database: Database, statement: str) -> AsyncIterator[Connection]:
    """Somebody in the middle of a transaction."""
    async with database.begin() as connection:
        await connection.exec_driver_sql(statement)
        yield connection


@dataclass(frozen=True)
class Sample:
    posted_at: dt.datetime
    expires_at: dt.datetime | None = None
    came_at: dt.datetime | None = None

    @property
    def seen_at(self) -> dt.datetime:
        return self.came_at or self.posted_at


@pytest.mark.parametrize(
    ("post", "keeping", "is_expected"),
    [
        (Sample(NOON - 365 * DAY), Keeping(), True),
        (Sample(NOON - 365 * DAY - dt.timedelta(seconds=1)), Keeping(), False),
        (Sample(NOON - 9999 * DAY), Keeping(posts=None), True),
        (Sample(NOON - 9999 * DAY, came_at=NOON - 365 * DAY), Keeping(), True),
        (Sample(NOON, expires_at=NOON), Keeping(posts=None), False),
        (Sample(NOON, expires_at=NOON + DAY), Keeping(), True),
    ],
)
def test_a_post_is_kept_for_its_time(post: Sample, keeping: Keeping, is_expected: bool) -> None:
    assert is_kept(post, keeping, NOON) is is_expected


async def test_oldest_posts_go_first_and_each_step_begins_behind_the_last(database: Database, news: ChannelId) -> None:
    await store_days(database, news, 5)
    first = await older(database, NOON - DAY, limit=2)
    assert (first.forgotten, await left(database)) == (2, [1, 2, 3])
    last = await older(database, NOON - DAY, first.reached, limit=2)
    assert (last.forgotten, last.reached, await left(database)) == (1, None, [1, 2])


async def test_versions_and_deliveries_go_and_numbers_stay(database: Database) -> None:
    await make_owed(database, posts=2)
    await store(database, make_post(ChannelId(1), 1, "война", edited_at=NOON))
    await change(
        database,
        "UPDATE posts SET posted_at = now() - interval '9 years', seen_at = now() - interval '9 years'"
        " WHERE message_id = 1",
    )
    await older(database, NOON - DAY)
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]
    assert await rows(database, "SELECT p.message_id FROM deliveries d JOIN posts p ON p.id = d.post_id") == [(2,)]
    accounted = "SELECT message_id, kind, post_id IS NULL FROM channel_messages ORDER BY 1"
    assert await rows(database, accounted) == [(1, "post", True), (2, "post", False)]


async def test_posts_whose_time_has_ended_go_and_their_numbers_say_so(database: Database, news: ChannelId) -> None:
    await store_days(database, news, 3)
    await change(database, "UPDATE posts SET expires_at = posted_at + interval '1 day' WHERE message_id < 3")
    async with database.begin() as connection:
        assert (await forget_expired(connection, NOON, Place())).forgotten == 1
    assert await left(database) == [1, 3]
    assert await rows(database, "SELECT kind FROM channel_messages ORDER BY message_id") == [
        ("post",),
        ("gone",),
        ("post",),
    ]


@pytest.mark.parametrize(
    "held",
    [
        "SELECT FROM posts WHERE message_id = 2 FOR UPDATE",  # ingest, storing an edit
        "UPDATE channel_messages SET kind = 'gone' WHERE message_id = 2",  # ingest, in the middle of a deletion
        "UPDATE deliveries SET state = 'leased' WHERE post_id = 2",  # the bot
    ],
)
async def test_what_somebody_holds_is_stepped_over_and_goes_the_next_time(database: Database, held: str) -> None:
    await make_owed(database, posts=3)
    async with holding(database, held), database.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL lock_timeout = '1ms'")  # whoever waits is thrown out
        assert (await forget_older(connection, None, Place())).forgotten == 2
    assert await left(database) == [2]
    assert (await older(database, None)).forgotten == 1


async def test_without_stepping_over_a_deletion_and_forgetting_wait_for_each_other(database: Database) -> None:
    await make_owed(database, posts=3)
    held = "UPDATE channel_messages SET kind = 'gone' WHERE message_id = 2"
    async with holding(database, held):
        with pytest.raises(DatabaseAway, match="LockNotAvailable"):
            await change(database, "SET LOCAL lock_timeout = '1ms'; DELETE FROM posts")


async def test_forgotten_post_is_stored_again_when_posts_are_kept_longer(database: Database, news: ChannelId) -> None:
    await store_days(database, news, 1)
    await older(database, None)
    await store_days(database, news, 1)
    assert await rows(database, "SELECT p.message_id FROM channel_messages m JOIN posts p ON p.id = post_id") == [(1,)]


async def forget_deleted(database: Database) -> int:
    async with database.begin() as connection:
        found, after = await next_deleted(connection, 0)
        assert after is None
        return await forget_texts(connection, found)


async def make_deleted(database: Database, news: ChannelId) -> PostId:
    """A post with everything, edited and then deleted; and one that stands."""
    part = Part(MessageId(1), "порт t.me/a", (Entity("bold", 0, 4),), Medium("photo", telegram_id=5))
    post_id = await store_one(database, replace(make_post(news), parts=(part,)))
    await store(database, replace(make_post(news, edited_at=NOON, views=7), parts=(replace(part, text="порт закрыт"),)))
    await store(database, make_post(news, 2, "порт"))
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(1)], NOON + DAY)
    return post_id


async def test_deleted_post_can_be_made_to_say_nothing(database: Database, news: ChannelId) -> None:
    post_id = await make_deleted(database, news)
    assert await forget_deleted(database) == 1
    said = "SELECT text, parts, content_hash, has, links, deleted_at FROM posts WHERE id = :id"
    (row,) = await rows(database, said, id=post_id)
    assert row == ("", [{"message_id": 1, "text": ""}], FORGOTTEN_CONTENT, [], [], NOON + DAY)
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]
    async with database.begin() as connection:
        assert [post.message_id for post in await search(connection, parse("порт"))] == [2]


async def test_history_says_that_a_text_was_forgotten(database: Database, news: ChannelId) -> None:
    await make_deleted(database, news)
    async with database.begin() as connection:
        before = await read_history(connection, PostAddress("news", MessageId(1)))
    await forget_deleted(database)
    async with database.begin() as connection:
        after = await read_history(connection, PostAddress("news", MessageId(1)))
    assert [(each.is_text_forgotten, len(each.versions)) for each in (before, after)] == [(False, 2), (True, 1)]


async def test_deleted_texts_are_forgotten_once(database: Database, news: ChannelId) -> None:
    await make_deleted(database, news)
    assert [await forget_deleted(database), await forget_deleted(database)] == [1, 0]


async def test_deleted_posts_are_found_in_steps(database: Database, news: ChannelId) -> None:
    await store_days(database, news, 5)
    await change(database, "UPDATE posts SET deleted_at = now() WHERE message_id IN (1, 3, 5)")
    after: int | None = 0
    found: list[PostId] = []
    while after is not None:
        async with database.begin() as connection:
            step, after = await next_deleted(connection, after, 2)
        found += step
    assert found == [1, 3, 5]


async def test_only_replays_that_ended_long_ago_are_forgotten(database: Database) -> None:
    async with database.begin() as connection:
        for name in ("old", "new", "going on"):
            await advance(connection, name, 7)
        await finish(connection, "old")
        await finish(connection, "new")
        await connection.exec_driver_sql("UPDATE replays SET finished_at = '2025-01-01Z' WHERE fingerprint = 'old'")
        assert await forget_finished_replays(connection, NOON - DAY) == 1
        assert [await position(connection, name) for name in ("old", "new", "going on")] == [0, 0, 7]


async def fill(database: Database, news: ChannelId, first: int, last: int) -> None:
    """Posts of some 3 kB each that do not compress, an hour apart, from old to new."""
    chance = random.Random(first)
    for begin in range(first, last + 1, 100):
        await store(
            database,
            *(
                make_post(news, number, chance.randbytes(1400).hex(), posted_at=NOON + number * DAY / 24)
                for number in range(begin, min(begin + 100, last + 1))
            ),
        )


async def sizes(database: Database) -> tuple[int, int]:
    """What is used by our measure, and the files."""
    async with database.begin() as connection:
        usage = await measure(connection)
    ((files,),) = await rows(database, "SELECT pg_database_size(current_database())")
    return usage.used, int(files)


@pytest.fixture
async def own_database(database_url: str) -> AsyncIterator[Database]:
    """One whose files begin small."""
    opened = Database(database_url)
    yield opened
    await opened.close()


async def test_usage_falls_when_posts_go_though_the_files_stay(own_database: Database) -> None:
    database, news = own_database, await make_channel(own_database)
    empty, _ = await sizes(database)
    await fill(database, news, 1, 1000)
    full, files = await sizes(database)
    assert abs(full - files) < 0.1 * (files - empty)
    await older(database, NOON + 12.5 * DAY, limit=300)  # the first 299
    used, files_then = await sizes(database)
    assert files_then >= files
    assert abs((full - used) / (full - empty) - 0.299) < 0.05


async def test_space_of_forgotten_posts_is_filled_again_after_vacuum(own_database: Database) -> None:
    database, news = own_database, await make_channel(own_database)
    size = "SELECT pg_table_size('posts')"
    await fill(database, news, 1, 500)
    ((before,),) = await rows(database, size)
    for first in (501, 1001):
        await older(database, None, limit=500)
        if first == 501:
            await reuse_space(database)
        await fill(database, news, first, first + 499)
        ((after,),) = await rows(database, size)
        assert (after < 1.3 * before) is (first == 501)  # without it, the files grow
