"""Media are fetched on demand: whole or not at all, within limits, and under names of our own."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from telethon.tl import functions

from config.settings import IngestSettings
from ingest.asking import Allowance, Asking, Lanes
from ingest.media_fetching import MediaFetching
from ingest.media_folder import LimitReached, MediaFolder, MediaLimits
from ingest.watched import Watched
from sandbox.channels import Channel, ChannelPost, Media
from sandbox.mtproto import MtprotoServer
from sandbox.mtproto.faults import Delay, RpcFault
from sandbox.world import User, World
from storage import media_files
from storage.database import Database
from storage.ids import MessageId
from storage.media_files import MediaFile
from tests.ingest.connected import connected, monitored
from tests.ingest.values import until

GET_FILE = "upload.getFile"
PIECE = 512 * 1024
FILM = os.urandom(2 * PIECE + 1000)
UNHURRIED = Allowance(100, dt.timedelta(milliseconds=1))


class Setting:
    """A channel that is read, and a program that fetches its media through whatever client it is given."""

    def __init__(self, database: Database, home: Path, world: World, channel: Channel, watched: Watched) -> None:
        self.database, self.home, self.world, self.channel, self.watched = database, home, world, channel, watched
        self.asking: Asking | None = None

    def publish(self, medium: Media) -> ChannelPost:
        return self.world.channels.publish(self.channel, "See for yourself", media=[medium], push=False)

    def lanes(self) -> Lanes:
        return Lanes({functions.upload.GetFileRequest: UNHURRIED, functions.channels.GetMessagesRequest: UNHURRIED})

    async def want(self, *posts: ChannelPost) -> None:
        ids = [MessageId(post.message_id) for post in posts]
        async with self.database.begin() as connection:
            await media_files.want(connection, self.watched.id, ids)

    async def files(self) -> list[MediaFile]:
        async with self.database.begin() as connection:
            return sorted(await media_files.all_files(connection), key=lambda file: file.message_id)

    @asynccontextmanager
    async def fetching(self, limits: MediaLimits = MediaLimits()) -> AsyncIterator[None]:  # noqa: B008
        worker = MediaFetching(
            self.database, self.home, lambda _: (self.asking, self.watched) if self.asking else None, limits=limits,
            look_every=dt.timedelta(seconds=0.1), pause_seconds=0.05,
        )  # fmt: skip
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(end, asyncio.CancelledError), end

    async def until_settled(self) -> list[MediaFile]:
        async with asyncio.timeout(20):
            while any(file.state == "wanted" for file in await self.files()):  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.02)
        return await self.files()

    async def fetched(self, *posts: ChannelPost, limits: MediaLimits = MediaLimits()) -> list[MediaFile]:  # noqa: B008
        """Ask for these, and wait until nothing is wanted any more."""
        await self.want(*posts)
        async with self.fetching(limits):
            return await self.until_settled()

    def on_disk(self) -> dict[str, bytes]:
        folder = self.home / "media"
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*/*")}


@pytest.fixture
async def setting(
    database: Database, signed_in: IngestSettings, world: World, news: Channel, reader: User
) -> AsyncIterator[Setting]:
    """The channel is read; nothing has been asked for."""
    made = Setting(database, signed_in.home, world, news, await monitored(database, news, reader.id, watermark=0))
    async with connected(database, signed_in, made.lanes()) as asking:
        made.asking = asking
        yield made


async def test_a_file_is_stored_byte_for_byte_for_the_owner_alone(setting: Setting) -> None:
    post = setting.publish(Media("video", FILM))
    (file,) = await setting.fetched(post)
    assert (file.state, file.path, file.bytes) == ("stored", f"media/{setting.channel.id}/1.mp4", len(FILM))
    assert setting.on_disk() == {f"{setting.channel.id}/1.mp4": FILM}
    path = setting.home / str(file.path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
async def test_any_size_comes_whole(setting: Setting, size: int) -> None:
    data = os.urandom(size)
    (file,) = await setting.fetched(setting.publish(Media("document", data)))
    assert list(setting.on_disk().values()) == [data]
    assert file.bytes == size


async def test_every_part_of_an_album_is_fetched(setting: Setting) -> None:
    parts = setting.world.channels.publish_album(setting.channel, "Pictures", [b"one", b"two"], push=False)
    files = await setting.fetched(*parts)
    assert [file.state for file in files] == ["stored", "stored"]
    assert setting.on_disk() == {f"{setting.channel.id}/1.jpg": b"one", f"{setting.channel.id}/2.jpg": b"two"}


@pytest.mark.parametrize("name", ["../../../escaped.sh", "/etc/escaped", "invoice.pdf.exe", "\x00"])
async def test_what_the_publisher_calls_a_file_is_never_its_name(setting: Setting, name: str) -> None:
    await setting.fetched(setting.publish(Media("document", b"#!", file_name=name, mime_type="application/x-sh")))
    assert setting.on_disk() == {f"{setting.channel.id}/1.bin": b"#!"}


async def test_a_stale_reference_is_cured_by_reading_the_message_again(setting: Setting, server: MtprotoServer) -> None:
    setting.world.faults.add("mtproto", GET_FILE, RpcFault(400, "FILE_REFERENCE_EXPIRED"))
    (file,) = await setting.fetched(setting.publish(Media("video", FILM)))
    assert (file.state, list(setting.on_disk().values())) == ("stored", [FILM])
    assert server.calls["channels.getMessages"] == 2


async def test_a_reference_that_is_stale_each_time_is_given_up(setting: Setting, server: MtprotoServer) -> None:
    stale = server.troubles.refuse(400, "FILE_REFERENCE_EXPIRED", GET_FILE)
    (file,) = await setting.fetched(setting.publish(Media("photo", b"light")))
    stale.lift()
    assert (file.state, setting.on_disk()) == ("refused", {})
    assert "holds no longer" in str(file.state_detail)
    assert (await setting.fetched(setting.channel.posts[1]))[0].state == "stored"  # asked for again


@pytest.mark.parametrize(
    ("limits", "setting_name"),
    [
        (MediaLimits(file_mib=1), "CHANNELWATCH_MEDIA_FILE_MIB"),
        (MediaLimits(folder_mib=2), "CHANNELWATCH_MEDIA_FOLDER_MIB"),
    ],
)
async def test_beyond_a_limit_nothing_is_fetched_and_the_setting_is_named(
    setting: Setting, server: MtprotoServer, limits: MediaLimits, setting_name: str
) -> None:
    small = setting.publish(Media("document", bytes(2**20)))
    assert (await setting.fetched(small, limits=limits))[0].state == "stored"
    pieces = server.calls[GET_FILE]
    files = await setting.fetched(setting.publish(Media("video", bytes(2**20 + 1))), limits=limits)
    assert [file.state for file in files] == ["stored", "refused"]
    assert setting_name in str(files[1].state_detail)
    assert server.calls[GET_FILE] == pieces


def test_the_limits_hold_to_the_byte(tmp_path: Path) -> None:
    folder = MediaFolder(tmp_path, MediaLimits(file_mib=1, folder_mib=3))
    folder.check(2**20, used=2 * 2**20)
    for size, used in ((2**20 + 1, 0), (2**20, 2 * 2**20 + 1)):
        with pytest.raises(LimitReached):
            folder.check(size, used)


async def test_media_of_a_channel_that_protects_its_content_are_not_fetched(
    setting: Setting, server: MtprotoServer
) -> None:
    setting.channel.noforwards = True  # since the last look: the answer itself says so
    (file,) = await setting.fetched(setting.publish(Media("photo", b"light")))
    assert (file.state, "protects" in str(file.state_detail)) == ("refused", True)
    assert server.calls[GET_FILE] == 0


async def test_a_message_without_a_file_and_one_that_is_gone_are_refused(setting: Setting) -> None:
    poll = setting.world.channels.publish_poll(setting.channel, "Which?", ["this", "that"], push=False)
    gone = setting.publish(Media("photo", b"light"))
    setting.world.channels.delete(setting.channel, [gone.message_id], push=False)
    files = await setting.fetched(poll, gone)
    assert [file.state_detail for file in files] == [
        "The message carries no file (any more).", "The channel has deleted the message.",
    ]  # fmt: skip


async def test_a_flood_wait_is_waited_for_and_the_file_goes_on_where_it_was(
    setting: Setting, server: MtprotoServer
) -> None:
    post = setting.publish(Media("video", FILM))
    await setting.want(post)
    slow = server.troubles.slow(0.2, GET_FILE)
    async with setting.fetching():
        await until(lambda: server.calls[GET_FILE] == 2)
        slow.lift()
        flood = server.troubles.flood(1, GET_FILE)
        (file,) = await setting.until_settled()
    assert flood.hits == 1
    assert (file.state, list(setting.on_disk().values())) == ("stored", [FILM])
    assert server.calls[GET_FILE] == 3 + 1


async def test_a_client_that_goes_away_in_the_middle_of_a_file_is_replaced_by_the_next_one(
    setting: Setting, signed_in: IngestSettings, server: MtprotoServer
) -> None:
    setting.world.faults.add("mtproto", GET_FILE, Delay(30))
    await setting.want(setting.publish(Media("video", FILM)))
    async with setting.fetching():
        await until(lambda: server.calls[GET_FILE] == 1)
        assert setting.asking is not None
        await setting.asking.client.disconnect()
        setting.asking = None
        async with connected(setting.database, signed_in, setting.lanes()) as setting.asking:
            (file,) = await setting.until_settled()
    assert (file.state, list(setting.on_disk().values())) == ("stored", [FILM])


async def test_what_a_dead_process_left_half_done_is_removed_and_fetched_anew(
    setting: Setting, server: MtprotoServer
) -> None:
    await setting.want(setting.publish(Media("video", FILM)))
    setting.world.faults.add("mtproto", GET_FILE, Delay(30))
    async with setting.fetching():
        await until(lambda: server.calls[GET_FILE] == 1)
        assert [name.rpartition("/")[2] for name in setting.on_disk()] == [".1.part"]
    left = setting.home / "media" / str(setting.channel.id) / ".9.part"  # as after kill -9: nobody holds it
    left.write_bytes(b"half a fi")
    async with setting.fetching():
        (file,) = await setting.until_settled()
    assert (file.state, setting.on_disk()) == ("stored", {f"{setting.channel.id}/1.mp4": FILM})


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    ours, theirs = MediaFolder(tmp_path, MediaLimits()), MediaFolder(tmp_path, MediaLimits())
    with ours.begin("media/7/1.mp4") as partial:
        partial.write(b"half")
        assert theirs.remove_partials() == 0
        with pytest.raises(BlockingIOError):
            theirs.begin("media/7/1.mp4")
        ours.keep(partial, "media/7/1.mp4")
    assert (tmp_path / "media/7/1.mp4").read_bytes() == b"half"
    assert ours.used() == 4


async def test_a_file_that_nobody_wants_any_more_does_not_stay(setting: Setting, server: MtprotoServer) -> None:
    await setting.want(setting.publish(Media("photo", b"light")))
    slow = server.troubles.slow(0.5, GET_FILE)
    async with setting.fetching():
        await until(lambda: server.calls[GET_FILE] == 1)
        async with setting.database.begin() as connection:
            await media_files.forget(connection, setting.watched.id, [MessageId(1)])
        await until(lambda: setting.on_disk() == {})
    slow.lift()
    assert await setting.files() == []
    assert setting.on_disk() == {}


def test_only_what_lies_in_the_folder_is_removed(tmp_path: Path) -> None:
    folder = MediaFolder(tmp_path, MediaLimits())
    outside = tmp_path / "session.key"
    outside.write_text("secret")
    folder.remove("media/../session.key")
    assert outside.exists()
