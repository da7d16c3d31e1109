"""What was asked for, once; and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

from storage import media_files
from storage.database import Database
from storage.ids import ChannelId, MessageId
from storage.media_files import MediaFile
from tests.storage.makers import make_channel


async def want(database: Database, channel_id: ChannelId, *ids: int, lost: Sequence[int] = ()) -> list[MediaFile]:
    async with database.begin() as connection:
        await media_files.want(connection, channel_id, list(map(MessageId, ids)), lost=list(map(MessageId, lost)))
        return await media_files.files_of(connection, channel_id, list(map(MessageId, ids)))


async def store(database: Database, file: MediaFile) -> bool:
    async with database.begin() as connection:
        return await media_files.mark_stored(connection, file, f"media/1/{file.message_id}.jpg", 5)


async def test_what_is_wanted_is_wanted_once_and_in_the_order_of_asking(database: Database) -> None:
    channel_id = await make_channel(database)
    await want(database, channel_id, 9)
    await want(database, channel_id, 3, 9)
    async with database.begin() as connection:
        assert [file.message_id for file in await media_files.wanted(connection)] == [9, 3]


async def test_what_is_stored_stays_so_unless_the_file_is_lost(database: Database) -> None:
    channel_id = await make_channel(database)
    (file,) = await want(database, channel_id, 1)
    assert await store(database, file)
    (stored,) = await want(database, channel_id, 1)
    assert (stored.state, stored.path, stored.bytes) == ("stored", "media/1/1.jpg", 5)
    assert (await want(database, channel_id, 1, lost=[1]))[0].state == "wanted"


async def test_what_was_refused_is_wanted_again_when_it_is_asked_for_again(database: Database) -> None:
    channel_id = await make_channel(database)
    (file,) = await want(database, channel_id, 1)
    async with database.begin() as connection:
        await media_files.mark_refused(connection, file, "too large")
        assert [each.state_detail for each in await media_files.all_files(connection)] == ["too large"]
    (again,) = await want(database, channel_id, 1)
    assert (again.state, again.state_detail) == ("wanted", None)


async def test_what_was_removed_meanwhile_is_not_marked_as_stored(database: Database) -> None:
    channel_id = await make_channel(database)
    one, two = await want(database, channel_id, 1, 2)
    assert await store(database, one)
    async with database.begin() as connection:
        assert await media_files.forget(connection, channel_id, [MessageId(1), MessageId(2)]) == ["media/1/1.jpg"]
    assert not await store(database, two)
    async with database.begin() as connection:
        assert await media_files.all_files(connection) == []
