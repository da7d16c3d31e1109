"""Stories as they are stored: who told first, what followed, and what an operator puts right."""

from __future__ import annotations

import datetime as dt

import pytest

from storage import stories
from storage.database import Database
from storage.ids import ChannelId, PostId
from storage.stories import Placed, place, placed_since, story_ids, tell, told_since
from storage.told_stories import join_stories, largest_stories, read_story, take_out
from tests.storage.makers import NOON, change, make_channel, make_post, rows, store_one

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
async def told(database: Database) -> list[PostId]:
    """Four posts of three channels, a minute apart; the first three are one story."""
    names = ("plain_ledger", "kharv_dispatch", "limansk_live", "plain_ledger")
    posts = []
    for number, name in enumerate(names):
        channel_id = await make_channel(database, name)
        at = NOON + number * MINUTE
        posts.append(await store_one(database, make_post(channel_id, number + 1, f"report {number}", posted_at=at)))
    async with database.begin() as connection:
        await place(connection, [Placed(each, posts[0], "copy", posts[0], 0.9) for each in posts[1:3]])
    return posts


async def test_story_is_told_in_the_order_of_publishing_with_delays(database: Database, told: list[PostId]) -> None:
    async with database.begin() as connection:
        story = await read_story(connection, told[1])
    assert story is not None
    assert [each.post.id for each in story.tellings] == told[:3]
    assert [each.delay for each in story.tellings] == [0 * MINUTE, MINUTE, 2 * MINUTE]
    assert [each.place.kind for each in story.tellings] == ["first", "copy", "copy"]
    assert story.first.channel.username == "plain_ledger"


async def test_post_that_nobody_else_told_is_its_own_story(database: Database, told: list[PostId]) -> None:
    async with database.begin() as connection:
        story = await read_story(connection, told[3])
        assert await story_ids(connection, told) == {**dict.fromkeys(told[:3], told[0]), told[3]: told[3]}
        assert await read_story(connection, PostId(999_999)) is None
    assert story is not None
    assert [each.post.id for each in story.tellings] == [told[3]]


async def test_list_counts_channels_and_leaves_out_what_is_old_or_alone(database: Database, told: list[PostId]) -> None:
    async with database.begin() as connection:
        [size] = await largest_stories(connection, NOON)
        assert await largest_stories(connection, NOON + MINUTE * 3) == []
    assert (size.id, size.posts, size.channels, size.first.id) == (told[0], 3, 3, told[0])
    assert size.latest_at == NOON + 2 * MINUTE


async def test_undone_join_leaves_the_others_together(database: Database, told: list[PostId]) -> None:
    async with database.begin() as connection:
        assert await take_out(connection, told[2]) == told[0]
        assert await story_ids(connection, told) == {
            told[0]: told[0], told[1]: told[0], told[2]: told[2], told[3]: told[3]
        }  # fmt: skip
        assert await take_out(connection, told[3]) is None
    assert await rows(database, "SELECT apart_from FROM story_posts WHERE post_id = :id", id=told[2]) == [([told[0]],)]


async def test_first_post_taken_out_leaves_its_story_to_the_next(database: Database, told: list[PostId]) -> None:
    async with database.begin() as connection:
        assert await take_out(connection, told[0]) == told[1]
        assert await story_ids(connection, told[:3]) == {told[0]: told[0], told[1]: told[1], told[2]: told[1]}


async def test_what_was_taken_out_of_a_story_stays_out_under_its_next_names(
    database: Database, told: list[PostId]
) -> None:
    async with database.begin() as connection:
        await take_out(connection, told[2])
        _, before = await placed_since(connection, 0)
        await take_out(connection, told[0])
        await join_stories(connection, told[1], told[3])
        placed, _ = await placed_since(connection, before)
    [post] = [each for each in placed if each.post_id == told[2]]  # every process is told
    assert post.apart_from == (told[0], told[1], told[3])


async def test_stories_that_are_one_are_joined(database: Database, told: list[PostId]) -> None:
    async with database.begin() as connection:
        await join_stories(connection, told[0], told[3])
        assert set((await story_ids(connection, told)).values()) == {told[3]}


async def test_stories_are_joined_by_any_of_their_posts_and_once(database: Database, told: list[PostId]) -> None:
    async with database.begin() as connection:
        assert await join_stories(connection, told[3], told[2]) == told[0]
        assert await join_stories(connection, told[3], told[1]) is None
        assert set((await story_ids(connection, told)).values()) == {told[0]}


async def test_story_whose_first_post_was_forgotten_goes_on_without_it(database: Database, told: list[PostId]) -> None:
    await change(database, "DELETE FROM posts WHERE id = :id", id=told[0])
    async with database.begin() as connection:
        await place(connection, [Placed(told[3], told[0], "copy", told[1], 0.9)])
        story = await read_story(connection, told[3])
    assert story is not None
    assert [each.post.id for each in story.tellings] == told[1:]
    assert await rows(database, "SELECT post_id FROM story_posts ORDER BY 1") == [(each,) for each in told[1:]]


async def test_everything_told_and_placed_is_read_once_in_the_order_of_commits(database: Database) -> None:
    channel_id = await make_channel(database)
    posts = [await store_one(database, make_post(channel_id, number, "words")) for number in (1, 2, 3)]
    seen: list[PostId] = []
    version = 0
    for post_id in reversed(posts):
        async with database.begin() as connection:
            await stories.lock_stories(connection)
            await tell(connection, [(post_id, NOON, b"said")])
        async with database.begin() as connection:
            told, version = await told_since(connection, version, limit=1)
        seen += [each.post_id for each in told]
    assert seen == posts[::-1]
    async with database.begin() as connection:
        assert await told_since(connection, version) == ([], version)
        again = await tell(connection, [(posts[0], NOON, b"said otherwise")])
        assert again > version
        await place(connection, [Placed(posts[1], posts[0], "rewrite", posts[0], 0.7)])
        placed, _ = await placed_since(connection, again)
    assert [(each.post_id, each.kind) for each in placed] == [(posts[0], "first"), (posts[1], "rewrite")]


async def test_forgotten_post_leaves_no_trace_in_stories(database: Database, told: list[PostId]) -> None:
    async with database.begin() as connection:
        await tell(connection, [(told[1], NOON, b"said")])
    await change(database, "DELETE FROM posts WHERE id = :id", id=told[1])
    assert await rows(database, "SELECT count(*) FROM story_signatures") == [(0,)]
    assert await rows(database, "SELECT post_id FROM story_posts ORDER BY 1") == [(told[0],), (told[2],)]


async def test_signatures_are_forgotten_by_the_newest_posts_time(database: Database) -> None:
    channel_id: ChannelId = await make_channel(database)
    posts = [await store_one(database, make_post(channel_id, number, "words")) for number in (1, 2, 3)]
    async with database.begin() as connection:
        days = (0, 3, 5)
        await tell(
            connection, [(post, NOON + dt.timedelta(days=each), b"") for post, each in zip(posts, days, strict=True)]
        )
        assert await stories.forget_signatures(connection, dt.timedelta(hours=73)) == 1
    assert await rows(database, "SELECT post_id FROM story_signatures ORDER BY 1") == [(posts[1],), (posts[2],)]
