"""How far back was asked for, how far it has been read, and what a second request changes."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import backfills, completeness
from storage.backfills import Backfill, BackfillUnderWay, Reach
from storage.database import Database
from storage.ids import ChannelId, MessageId
from tests.storage.makers import NOON, change, make_channel, make_post, store

DAY = dt.timedelta(days=1)
ALL = Reach()

reaches = st.builds(
    Reach, st.none() | st.integers(0, 5).map(lambda days: NOON - days * DAY), st.none() | st.integers(1, 5)
)


async def asked(database: Database, channel_id: ChannelId, reach: Reach = ALL) -> Backfill:
    async with database.begin() as connection:
        return await backfills.request(connection, channel_id, reach)


async def begun(database: Database, channel_id: ChannelId) -> Backfill | None:
    async with database.begin() as connection:
        return await backfills.begin(connection, channel_id)


async def advanced(database: Database, backfill: Backfill, next_id: int, *, is_done: bool = False) -> Backfill:
    async with database.begin() as connection:
        await backfills.advance(connection, backfill, next_id=next_id, posts=10, oldest_at=NOON - DAY, is_done=is_done)
        found = await backfills.find(connection, backfill.channel_id)
    assert found is not None
    return found


async def monitored(database: Database, watermark: int = 100) -> ChannelId:
    """A channel that is accounted for up to a watermark, from the id behind it on."""
    channel_id = await make_channel(database)
    async with database.begin() as connection:
        await completeness.begin_at(connection, channel_id, watermark)
    return channel_id


async def opened(database: Database, watermark: int = 100) -> Backfill:
    channel_id = await monitored(database, watermark)
    await asked(database, channel_id)
    backfill = await begun(database, channel_id)
    assert backfill is not None
    return backfill


@given(one=reaches, other=reaches, posts=st.lists(st.integers(0, 5), max_size=8).map(sorted))
def test_a_reach_covers_another_exactly_when_it_never_takes_less(one: Reach, other: Reach, posts: list[int]) -> None:
    def taken(reach: Reach) -> list[int]:
        young = [age for age in posts if reach.since_at is None or NOON - age * DAY >= reach.since_at]
        return young[: reach.most]

    if one.covers(other):
        assert len(taken(one)) >= len(taken(other))
    assert one.covers(one)
    assert Reach().covers(one)


async def test_it_begins_below_what_is_accounted_for_without_a_gap(database: Database) -> None:
    channel_id = await monitored(database, 100)
    await store(database, *(make_post(channel_id, number) for number in (40, 101, 102)))
    async with database.begin() as connection:
        await completeness.advance_watermarks(connection, [channel_id])
    await asked(database, channel_id)
    backfill = await begun(database, channel_id)
    assert backfill is not None
    assert (backfill.first_id, backfill.next_id, backfill.state) == (101, 101, "running")


async def test_it_begins_below_an_archive_that_reaches_up_to_the_monitoring(database: Database) -> None:
    channel_id = await monitored(database, 100)
    await store(database, *(make_post(channel_id, number) for number in range(90, 101)))
    await asked(database, channel_id)
    backfill = await begun(database, channel_id)
    assert backfill is not None
    assert backfill.first_id == 90


async def test_nothing_begins_while_the_monitoring_has_not_begun(database: Database) -> None:
    channel_id = await make_channel(database)
    await asked(database, channel_id)
    assert await begun(database, channel_id) is None


async def test_asking_for_the_same_or_for_less_changes_nothing(database: Database) -> None:
    done = await advanced(database, await opened(database), 50, is_done=True)
    for reach in (Reach(), Reach(NOON), Reach(None, 5)):
        assert await asked(database, done.channel_id, reach) == done
    assert await begun(database, done.channel_id) is None


async def test_asking_for_more_goes_on_where_it_ended(database: Database) -> None:
    channel_id = await monitored(database)
    await asked(database, channel_id, Reach(None, 10))
    backfill = await begun(database, channel_id)
    assert backfill is not None
    await advanced(database, backfill, 50, is_done=True)
    assert (await asked(database, channel_id, Reach(None, 20))).state == "waiting"
    again = await begun(database, channel_id)
    assert again is not None
    assert (again.first_id, again.next_id, again.posts) == (101, 50, 10)


async def test_one_that_is_widened_while_it_is_read_is_not_done(database: Database) -> None:
    channel_id = await monitored(database)
    await asked(database, channel_id, Reach(None, 10))
    backfill = await begun(database, channel_id)
    assert backfill is not None
    await asked(database, channel_id, Reach())
    assert (await advanced(database, backfill, 50, is_done=True)).is_open


async def test_one_under_way_is_not_replaced_by_one_that_reaches_less_far_in_any_way(database: Database) -> None:
    channel_id = await monitored(database)
    await asked(database, channel_id, Reach(NOON, None))
    with pytest.raises(BackfillUnderWay):
        await asked(database, channel_id, Reach(None, 5))


async def test_a_page_that_was_read_twice_counts_once(database: Database) -> None:
    backfill = await opened(database)
    await advanced(database, backfill, 50)
    assert (await advanced(database, backfill, 40)).next_id == 50
    assert (await advanced(database, backfill, 40)).posts == 10


async def test_one_that_failed_begins_again_when_it_is_asked_for_again(database: Database) -> None:
    backfill = await opened(database)
    async with database.begin() as connection:
        await backfills.fail(connection, backfill.channel_id, "refused")
    assert await begun(database, backfill.channel_id) is None
    assert (await asked(database, backfill.channel_id)).state == "waiting"


async def test_the_share_is_that_of_whatever_will_end_it_first(database: Database) -> None:
    backfill = await opened(database, 100)
    await store(database, make_post(backfill.channel_id, 101, posted_at=NOON))
    by_ids = await advanced(database, backfill, 76)
    assert (by_ids.share, by_ids.began_at) == (0.25, NOON)
    await change(database, "UPDATE backfills SET since_at = :since", since=NOON - 2 * DAY)
    assert (await advanced(database, by_ids, 75)).share == 0.5  # by dates
    await change(database, "UPDATE backfills SET most = 25")
    assert (await advanced(database, await asked(database, backfill.channel_id, Reach(NOON, 5)), 74)).share == 1.0


async def test_service_messages_count_as_accounted_for(database: Database) -> None:
    channel_id = await monitored(database, 100)
    async with database.begin() as connection:
        await completeness.note_service(connection, channel_id, [MessageId(100), MessageId(99)])
    await asked(database, channel_id)
    backfill = await begun(database, channel_id)
    assert backfill is not None
    assert backfill.next_id == 99
