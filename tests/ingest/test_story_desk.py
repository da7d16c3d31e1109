"""Posts are joined to stories as they are stored: in one commit, once, and by two processes as by one."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingest.pipeline import Pipeline
from ingest.story_desk import StoryDesk
from storage import stories
from storage.database import Database, DatabaseAway
from storage.embedded import EmbeddedServer
from storage.forgetting import forget_texts
from storage.ids import ChannelId, PostId
from storage.post_values import Forward
from storage.told_stories import join_stories, take_out
from tests.emptied import emptied_database
from tests.storage.makers import NOON, change, make_channel, make_post, rows

MINUTE = dt.timedelta(minutes=1)

BRIDGE = (
    "The bridge over the Lisna in Kharvel collapsed this morning under a freight train; the mayor said that 14 wagons "
    "fell into the river and that nobody was hurt."
)
COPY = f"BREAKING: {BRIDGE}"
REWRITE = (
    "14 wagons of a freight train fell into the river Lisna when the Kharvel bridge collapsed this morning, "
    "the mayor said; nobody was hurt."
)
LATER = f"{BRIDGE} Witnesses heard it from afar."
OTHER = "The harbour orchestra of Limansk plays two concerts for children on Saturday; entrance is free."


@pytest.fixture
async def database(postgres: EmbeddedServer) -> AsyncIterator[Database]:
    opened = Database(emptied_database(postgres))
    yield opened
    await opened.close()


@contextlib.asynccontextmanager
async def running(database: Database) -> AsyncIterator[Pipeline]:
    pipeline = Pipeline(database)
    work = asyncio.create_task(pipeline.run())
    try:
        yield pipeline
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def tell(pipeline: Pipeline, channel_id: ChannelId, message_id: int, said: str, **fields: object) -> None:
    """A post, some minutes after noon by its number."""
    at = NOON + message_id * MINUTE
    await pipeline.offer(make_post(channel_id, message_id, said, **{"posted_at": at, "seen_at": at, **fields}))


async def stories_of(database: Database) -> list[set[str]]:
    """The texts of each story that has more than one post."""
    found: dict[int, set[str]] = {}
    for story_id, said in await rows(
        database, "SELECT s.story_id, p.text FROM story_posts s JOIN posts p ON p.id = s.post_id"
    ):
        found.setdefault(story_id, set()).add(said)
    return [texts for texts in found.values() if len(texts) > 1]


async def test_copies_and_rewrites_join_what_was_told_first_and_others_stay_alone(database: Database) -> None:
    channels = [await make_channel(database, name) for name in ("plain_ledger", "kharv_dispatch", "limansk_live")]
    async with running(database) as pipeline:
        for number, (channel_id, said) in enumerate(zip(channels * 2, (BRIDGE, COPY, REWRITE, OTHER), strict=False)):
            await tell(pipeline, channel_id, number + 1, said)
        await pipeline.settle()
    assert await stories_of(database) == [{BRIDGE, COPY, REWRITE}]
    kinds = await rows(database, "SELECT kind FROM story_posts ORDER BY post_id")
    assert kinds == [("first",), ("copy",), ("rewrite",)]


async def test_forward_joins_the_post_that_it_forwards_whatever_it_says(database: Database) -> None:
    first, second = await make_channel(database, "plain_ledger"), await make_channel(database, "kharv_dispatch")
    await change(database, "UPDATE channels SET telegram_id = 777 WHERE id = :id", id=first)
    async with running(database) as pipeline:
        await tell(pipeline, first, 1, "Look")
        await tell(pipeline, second, 2, "Look", forward=Forward(channel_telegram_id=777, message_id=1))
        await pipeline.settle()
    assert await rows(database, "SELECT kind FROM story_posts ORDER BY post_id") == [("first",), ("forward",)]


async def test_two_processes_that_get_two_rewrites_at_one_moment_open_one_story(database: Database) -> None:
    first, second = await make_channel(database, "plain_ledger"), await make_channel(database, "kharv_dispatch")
    other = Database(database.url)
    async with running(database) as here, running(other) as there:
        for pipeline, channel_id in ((here, first), (there, second)):  # both have read the window
            await tell(pipeline, channel_id, 1, f"{OTHER} {channel_id}")
            await pipeline.settle()
        for number in range(2, 12):
            said = f"{BRIDGE} It is accident number {number * 1111} of the year on line {chr(64 + number) * 4}."
            await asyncio.gather(tell(here, first, number, said), tell(there, second, number, f"Just in. {said}"))
        await asyncio.gather(here.settle(), there.settle())
    await other.close()
    pairs = await rows(
        database,
        "SELECT count(DISTINCT coalesce(s.story_id, p.id)) FROM posts p LEFT JOIN story_posts s"
        " ON s.post_id = p.id WHERE p.message_id > 1 GROUP BY p.message_id",
    )
    assert pairs == [(1,)] * 10


async def test_window_is_read_again_by_the_next_process(database: Database) -> None:
    first, second = await make_channel(database, "plain_ledger"), await make_channel(database, "kharv_dispatch")
    async with running(database) as pipeline:
        await tell(pipeline, first, 1, BRIDGE)
        await pipeline.settle()
    async with running(database) as pipeline:
        await tell(pipeline, second, 2, REWRITE)
        await pipeline.settle()
    assert await stories_of(database) == [{BRIDGE, REWRITE}]


async def test_next_process_reads_where_posts_stand_now_and_no_older_changes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel_id = await make_channel(database, "plain_ledger")
    async with running(database) as pipeline:
        await tell(pipeline, channel_id, 1, BRIDGE)
        await tell(pipeline, channel_id, 2, OTHER)
        await pipeline.settle()
    await change(
        database,
        "INSERT INTO story_posts (post_id, story_id, kind) SELECT n, 900, 'copy' FROM generate_series(900, 999) n",
    )
    async with database.begin() as connection:
        await join_stories(connection, PostId(1), PostId(2))
    read: list[int] = []
    placed_since = stories.placed_since

    async def counted(*arguments: Any) -> Any:
        placed, version = await placed_since(*arguments)
        read.append(len(placed))
        return placed, version

    monkeypatch.setattr(stories, "placed_since", counted)
    async with running(database) as pipeline:
        await tell(pipeline, await make_channel(database, "kharv_dispatch"), 3, COPY)
        await pipeline.settle()
    assert sum(read) == 0
    assert await rows(database, "SELECT story_id FROM story_posts WHERE post_id = 3") == [(2,)]


async def test_post_that_is_dated_ahead_tells_no_story_and_silences_no_other(database: Database) -> None:
    first, second = await make_channel(database, "plain_ledger"), await make_channel(database, "kharv_dispatch")
    in_years = dt.datetime.now(dt.UTC) + dt.timedelta(days=900)
    async with running(database) as pipeline:
        await tell(pipeline, first, 1, OTHER, posted_at=in_years)
        await tell(pipeline, first, 2, BRIDGE)
        await pipeline.settle()
    await change(
        database,
        "INSERT INTO story_signatures (post_id, posted_at, signature)"
        " SELECT 1, :at, signature FROM story_signatures WHERE post_id = 2",
        at=in_years,
    )
    async with running(database) as pipeline:  # what an earlier release has told of it, this one leaves out
        await tell(pipeline, second, 3, COPY)
        await pipeline.settle()
    assert await stories_of(database) == [{BRIDGE, COPY}]


async def test_window_of_a_small_machine_holds_the_newest_posts_only(database: Database) -> None:
    channel_id = await make_channel(database, "plain_ledger")
    async with running(database) as pipeline:
        for message_id, said in enumerate((BRIDGE, "Найден клад", "Горит склад"), start=1):
            await tell(pipeline, channel_id, message_id, said)
        await pipeline.settle()
    small, large = StoryDesk(most=2), StoryDesk()
    await small.read(database)
    await large.read(database)

    assert (len(small._window), len(large._window)) == (2, 3)


async def test_what_an_operator_took_out_stays_out(database: Database) -> None:
    first, second = await make_channel(database, "plain_ledger"), await make_channel(database, "kharv_dispatch")
    third = await make_channel(database, "limansk_live")
    async with running(database) as pipeline:
        await tell(pipeline, first, 1, BRIDGE)
        await tell(pipeline, second, 2, COPY)
        await pipeline.settle()
        async with database.begin() as connection:
            await take_out(connection, PostId(2))
        await tell(pipeline, second, 2, f"{COPY} (updated)", edited_at=NOON + 9 * MINUTE)
        await tell(pipeline, third, 3, REWRITE)
        await pipeline.settle()
    assert await stories_of(database) == [{BRIDGE, REWRITE}]


async def test_what_was_taken_out_is_not_tied_to_what_its_story_was_merged_into(database: Database) -> None:
    channels = [await make_channel(database, name) for name in ("plain_ledger", "kharv_dispatch", "limansk_live")]
    async with running(database) as pipeline:
        await tell(pipeline, channels[0], 1, BRIDGE)
        await tell(pipeline, channels[1], 2, COPY)
        await tell(pipeline, channels[2], 3, OTHER)
        await pipeline.settle()
        async with database.begin() as connection:
            await take_out(connection, PostId(2))
            await join_stories(connection, PostId(1), PostId(3))
        await tell(pipeline, await make_channel(database, "harbour_wire"), 4, LATER)
        await pipeline.settle()
    assert [texts & {BRIDGE, COPY, LATER} for texts in await stories_of(database)] in (
        [{BRIDGE, LATER}], [{BRIDGE}, {COPY, LATER}], [{COPY, LATER}, {BRIDGE}]
    )  # fmt: skip


async def test_what_an_operator_merged_is_one_for_posts_that_follow(database: Database) -> None:
    channels = [await make_channel(database, name) for name in ("plain_ledger", "kharv_dispatch", "limansk_live")]
    async with running(database) as pipeline:
        await tell(pipeline, channels[0], 1, BRIDGE)
        await tell(pipeline, channels[1], 2, OTHER)
        await pipeline.settle()
        async with database.begin() as connection:
            await join_stories(connection, PostId(1), PostId(2))
        await tell(pipeline, channels[2], 3, COPY)
        await pipeline.settle()
    assert await rows(database, "SELECT DISTINCT story_id FROM story_posts") == [(2,)]


async def test_edited_post_keeps_its_story(database: Database) -> None:
    first, second = await make_channel(database, "plain_ledger"), await make_channel(database, "kharv_dispatch")
    async with running(database) as pipeline:
        await tell(pipeline, first, 1, BRIDGE)
        await tell(pipeline, second, 2, COPY)
        await pipeline.settle()
        await tell(pipeline, second, 2, OTHER, edited_at=NOON + 9 * MINUTE)
        await pipeline.settle()
    assert await stories_of(database) == [{BRIDGE, OTHER}]


async def test_failed_transaction_leaves_nothing_in_the_window(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await make_channel(database, "plain_ledger"), await make_channel(database, "kharv_dispatch")
    failures = [DatabaseAway("for a moment")]
    tell_all = stories.tell

    async def fail_once(*arguments: Any) -> int:
        if failures:
            raise failures.pop()
        return await tell_all(*arguments)

    monkeypatch.setattr(stories, "tell", fail_once)
    async with running(database) as pipeline:
        await tell(pipeline, first, 1, BRIDGE)
        await pipeline.settle()
        await tell(pipeline, second, 2, COPY)
        await pipeline.settle()
    assert not failures
    assert await stories_of(database) == [{BRIDGE, COPY}]
    assert await rows(database, "SELECT kind FROM story_posts ORDER BY post_id") == [("first",), ("copy",)]


async def test_forgotten_text_leaves_no_signature_behind(database: Database) -> None:
    first = await make_channel(database, "plain_ledger")
    async with running(database) as pipeline:
        await tell(pipeline, first, 1, BRIDGE)
        await pipeline.settle()
    async with database.begin() as connection:
        await forget_texts(connection, [PostId(1)])
    assert await rows(database, "SELECT count(*) FROM story_signatures") == [(0,)]
