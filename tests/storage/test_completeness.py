"""Every id accounted for: watermarks, holes, and the second look that makes a missing message gone."""

from __future__ import annotations

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from storage import completeness
from storage.completeness import Hole, Look
from storage.database import Database
from storage.ids import ChannelId, MessageId
from tests.storage.makers import make_channel, make_post, store

AT_ONCE = dt.timedelta(0)


def ids(*numbers: int) -> list[MessageId]:
    return [MessageId(number) for number in numbers]


async def begin(database: Database, watermark: int = 0, name: str = "news") -> ChannelId:
    channel_id = await make_channel(database, name)
    async with database.begin() as connection:
        await completeness.begin_at(connection, channel_id, watermark)
    return channel_id


async def account_for(database: Database, channel_id: ChannelId, *numbers: int) -> None:
    async with database.begin() as connection:
        await completeness.note_service(connection, channel_id, ids(*numbers))
        await completeness.advance_watermarks(connection, {channel_id})


async def watermark(database: Database, channel_id: ChannelId) -> int | None:
    async with database.begin() as connection:
        return (await completeness.readings(connection, [channel_id]))[channel_id].watermark


async def holes(database: Database, channel_id: ChannelId, upto: int, wait: dt.timedelta = AT_ONCE) -> list[Hole]:
    async with database.begin() as connection:
        return await completeness.holes(connection, channel_id, upto, wait=wait)


async def test_watermark_stands_at_the_first_hole(database: Database) -> None:
    channel_id = await begin(database, 10)
    await account_for(database, channel_id, 11, 12, 14, 15)
    assert await watermark(database, channel_id) == 12
    await account_for(database, channel_id, 13)
    assert await watermark(database, channel_id) == 15


async def test_channel_that_is_not_monitored_has_no_watermark(database: Database) -> None:
    channel_id = await make_channel(database)
    await account_for(database, channel_id, 1, 2)
    assert await watermark(database, channel_id) is None


async def test_monitoring_begins_once(database: Database) -> None:
    channel_id = await begin(database, 10)
    async with database.begin() as connection:
        await completeness.begin_at(connection, channel_id, 500)
    assert await watermark(database, channel_id) == 10


async def test_holes_are_runs_between_watermark_and_top(database: Database) -> None:
    channel_id = await begin(database, 2)
    await account_for(database, channel_id, 3, 6, 7, 9)
    assert await holes(database, channel_id, 12) == [Hole(4, 5), Hole(8, 8), Hole(10, 12)]
    assert await holes(database, channel_id, 3) == []


async def test_missing_message_is_gone_only_after_a_second_look(database: Database) -> None:
    channel_id = await begin(database)
    minute = dt.timedelta(minutes=1)
    for wait, kind, mark in ((minute, "missing", 0), (minute, "missing", 0), (AT_ONCE, "gone", 1)):
        async with database.begin() as connection:
            await completeness.note_missing(connection, channel_id, ids(1), wait=wait)
            await completeness.advance_watermarks(connection, {channel_id})
            assert await completeness.stored_ids(connection, channel_id, ids(1, 2)) == {1: kind}
        assert await watermark(database, channel_id) == mark


async def test_missing_message_is_no_hole_until_its_second_look_is_due(database: Database) -> None:
    channel_id = await begin(database)
    async with database.begin() as connection:
        await completeness.note_missing(connection, channel_id, ids(1, 2))
    assert await holes(database, channel_id, 3, dt.timedelta(minutes=1)) == [Hole(3, 3)]
    assert await holes(database, channel_id, 3, AT_ONCE) == [Hole(1, 3)]


async def test_thirty_thousand_messages_are_deleted_at_once(database: Database) -> None:
    channel_id = await begin(database)
    async with database.begin() as connection:
        await completeness.note_gone(connection, channel_id, [MessageId(number) for number in range(1, 30_001)])
        await completeness.note_gone(connection, channel_id, [])
        await completeness.advance_watermarks(connection, {channel_id})
    assert await watermark(database, channel_id) == 30_000


async def test_first_look_begins_behind_the_newest_message(database: Database) -> None:
    channel_id = await make_channel(database)
    async with database.begin() as connection:
        await completeness.note_looks(connection, [Look(channel_id, MessageId(70), 5)])
        await completeness.note_looks(connection, [Look(channel_id, MessageId(60), 6)])
        reading = (await completeness.readings(connection, [channel_id]))[channel_id]
    assert (reading.watermark, reading.top_message_id, reading.pts) == (70, 70, 6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(known=st.sets(st.integers(1, 30)), begun=st.integers(0, 10), top=st.integers(0, 30))
async def test_holes_and_accounted_ids_are_all_ids(database: Database, known: set[int], begun: int, top: int) -> None:
    async with database.begin() as connection:
        await connection.execute(text("DELETE FROM channels"))
    channel_id = await begin(database, begun)
    await account_for(database, channel_id, *known)
    mark = await watermark(database, channel_id)
    missing = {number for hole in await holes(database, channel_id, top) for number in range(hole.first, hole.last + 1)}
    assert missing == set(range(begun + 1, top + 1)) - known
    assert mark == max(n for n in range(begun, 31) if set(range(begun + 1, n + 1)) <= known)


async def test_monitoring_begins_behind_what_public_pages_have_shown(database: Database) -> None:
    channel_id = await make_channel(database)
    await store(database, make_post(channel_id, 100, "мир", found_by="preview"))
    async with database.begin() as connection:
        await completeness.begin_at(connection, channel_id, 120, 7)
    assert await holes(database, channel_id, 120) == [Hole(101, 120)]


async def test_what_only_a_page_left_out_is_never_gone(database: Database) -> None:
    channel_id = await begin(database)
    for _ in range(3):
        async with database.begin() as connection:
            await completeness.note_missing(connection, channel_id, ids(1), wait=AT_ONCE, may_be_gone=False)
            assert await completeness.stored_ids(connection, channel_id, ids(1)) == {1: "missing"}
