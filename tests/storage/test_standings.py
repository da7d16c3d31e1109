"""Who reports first most often, and who edits and deletes most."""

from __future__ import annotations

import datetime as dt

import pytest

from storage.database import Database
from storage.standings import Standing, most_deleted, most_edited, standings
from storage.stories import Placed, place
from tests.storage.makers import NOON, change, make_channel, make_post, store

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)

NAMES = ("demo_first", "demo_second", "demo_third")


@pytest.fixture
async def told(database: Database) -> Database:
    """Two stories of three channels, told first by the first and by the second; one of two channels; one old one."""
    channels = [await make_channel(database, name) for name in NAMES]
    stories = (
        (NOON, [(0, 0), (1, 2), (2, 10)]),
        (NOON + 60 * MINUTE, [(1, 0), (0, 4), (2, 30), (1, 1)]),
        (NOON + 120 * MINUTE, [(2, 0), (0, 1)]),
        (NOON - 30 * DAY, [(2, 0), (0, 1), (1, 2)]),
    )
    number = 0
    for began, tellings in stories:
        posts = []
        for channel, minutes in tellings:
            number += 1
            posts.append(make_post(channels[channel], number, f"report {number}", posted_at=began + minutes * MINUTE))
        ids = [post_id for post_id, _ in await store(database, *posts)]
        async with database.begin() as connection:
            await place(connection, [Placed(each, ids[0], "rewrite", ids[0], 0.8) for each in ids[1:]])
    return database


async def read(database: Database) -> dict[str, Standing]:
    async with database.begin() as connection:
        found = await standings(connection, NOON - DAY, NOON + DAY)
    return {each.username or "": each for each in found}


async def test_stories_of_three_channels_say_who_was_first_and_how_much_later_others_were(told: Database) -> None:
    found = await read(told)
    assert list(found) == ["demo_first", "demo_second", "demo_third"]
    assert [(each.firsts, each.stories) for each in found.values()] == [(1, 2), (1, 2), (0, 2)]
    assert [each.delay for each in found.values()] == [4 * MINUTE, 2 * MINUTE, 20 * MINUTE]


async def test_edits_and_deletions_are_counted_by_channel(told: Database) -> None:
    await change(told, "UPDATE posts SET edited_at = now() WHERE message_id IN (1, 2, 4)")
    await change(told, "UPDATE posts SET deleted_at = now() WHERE message_id = 3")
    found = list((await read(told)).values())
    assert [(each.username, each.edited) for each in most_edited(found, 1)] == [("demo_second", 2)]
    assert [(each.username, each.deleted, each.posts) for each in most_deleted(found, 9)] == [("demo_third", 1, 3)]
