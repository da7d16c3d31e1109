"""Old posts are read on purpose: all that is asked for, once, and nobody is alerted about them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import IngestSettings
from ingest.asking import Asking
from ingest.backfilling import Backfilling, choose
from ingest.fetching import Fetched, joined
from ingest.listener import utc_now
from ingest.pipeline import Pipeline
from ingest.watched import Watched
from sandbox.channels import Channel, ServiceAction
from sandbox.mtproto import MtprotoServer
from sandbox.mtproto.faults import Delay, RpcFault
from sandbox.world import User, World
from storage import backfills
from storage.backfills import Backfill, Reach
from storage.database import Database
from storage.ids import ChannelId, MessageId
from storage.post_values import Part, Post
from tests.ingest.connected import connected, monitored
from tests.ingest.values import until
from tests.storage import makers

HISTORY = "messages.getHistory"
AT_ONCE = dt.timedelta(milliseconds=1)


class Setting:
    """A channel with old posts, and a program that reads them through whatever client it is given."""

    def __init__(
        self, database: Database, settings: IngestSettings, channel: Channel, watched: Watched, server: MtprotoServer
    ) -> None:
        self.database, self.settings, self.channel, self.watched = database, settings, channel, watched
        self.server = server
        self.asking: Asking | None = None

    async def request(self, since_at: dt.datetime | None = None, most: int | None = None) -> Backfill:
        async with self.database.begin() as connection:
            return await backfills.request(connection, self.watched.id, Reach(since_at, most))

    async def now(self) -> Backfill:
        async with self.database.begin() as connection:
            found = await backfills.find(connection, self.watched.id)
        assert found is not None
        return found

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Backfilling]:
        """The program, without the politeness that the box needs not."""
        pipeline = Pipeline(self.database)
        worker = Backfilling(
            self.database, pipeline, lambda _: (self.asking, self.watched) if self.asking else None, clock=utc_now,
            page_every=AT_ONCE, look_every=dt.timedelta(seconds=0.2),
        )  # fmt: skip
        tasks = [asyncio.create_task(pipeline.run()), asyncio.create_task(worker.run())]
        try:
            yield worker
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends

    async def done(self) -> Backfill:
        """Read until nothing is left to be read."""
        async with self.reading():
            return await self.until_closed()

    async def until_closed(self) -> Backfill:
        async with asyncio.timeout(20):
            while (backfill := await self.now()).is_open:  # noqa: ASYNC110 - the database sets no event
                await asyncio.sleep(0.02)
        return backfill

    async def stored(self) -> list[int]:
        """The numbers of all stored messages, parts of albums included."""
        statement = "SELECT message_id FROM channel_messages WHERE kind IN ('post', 'part') ORDER BY message_id"
        return [number for (number,) in await makers.rows(self.database, statement)]


@pytest.fixture
async def setting(
    database: Database, signed_in: IngestSettings, server: MtprotoServer, world: World, news: Channel, reader: User
) -> AsyncIterator[Setting]:
    """250 old posts, each a day after the one before, and one that was published since monitoring began."""
    for number in range(1, 251):
        world.channels.publish(news, f"Old news of the harbour {number}", at=_day(number), push=False)
    watched = await monitored(database, news, reader.id)
    world.channels.publish(news, "Something new", push=False)
    async with connected(database, signed_in) as asking:
        made = Setting(database, signed_in, news, watched, server)
        made.asking = asking
        yield made


def _day(number: int) -> dt.datetime:
    return makers.NOON + dt.timedelta(days=number - 250)


async def test_every_old_post_is_stored_once_and_nobody_is_owed_anything(setting: Setting) -> None:
    await makers.subscribe(setting.database, await makers.make_subscriber(setting.database), "harbour")
    await setting.request()
    done = await setting.done()
    assert await setting.stored() == list(range(1, 251))
    assert (done.state, done.posts, done.next_id, done.share) == ("done", 250, 1, 1.0)
    assert await makers.rows(setting.database, "SELECT DISTINCT found_by FROM posts") == [("backfill",)]
    assert await makers.rows(setting.database, "SELECT count(*) FROM deliveries") == [(0,)]


async def test_a_larger_request_goes_on_where_the_last_one_ended_and_the_same_one_does_nothing(
    setting: Setting,
) -> None:
    await setting.request(most=120)
    await setting.done()
    assert await setting.stored() == list(range(131, 251))
    pages = setting.server.calls[HISTORY]
    assert not (await setting.request(most=120)).is_open
    assert not (await setting.request(most=50, since_at=_day(240))).is_open
    await setting.request(most=130)
    assert (await setting.done()).posts == 130
    assert await setting.stored() == list(range(121, 251))
    assert setting.server.calls[HISTORY] == pages + 1


async def test_a_date_is_where_it_ends_and_an_earlier_one_goes_on(setting: Setting) -> None:
    await setting.request(since_at=_day(120))
    assert (await setting.done()).oldest_at == _day(120)
    assert await setting.stored() == list(range(120, 251))
    await setting.request(since_at=_day(40))
    await setting.done()
    assert await setting.stored() == list(range(40, 251))


async def test_an_album_that_the_end_of_a_page_cuts_is_one_post_with_all_its_parts(
    setting: Setting, world: World, reader: User
) -> None:
    other = world.channels.add("Pictures", "pictures_box")
    world.channels.publish(other, "Before the pictures", push=False)
    parts = world.channels.publish_album(other, "The pictures", [b"a", b"b", b"c", b"d"], push=False)
    world.channels.publish_many(other, [f"after {number}" for number in range(98)])
    setting.watched = await monitored(setting.database, other, reader.id)
    await setting.request()
    done = await setting.done()
    albums = await makers.rows(
        setting.database, "SELECT text, jsonb_array_length(parts), edited_at FROM posts WHERE grouped_id > 0"
    )
    assert albums == [("The pictures", len(parts), None)]
    assert (done.posts, len(await setting.stored())) == (100, 103)


async def test_what_is_stored_already_stays_as_it_is(setting: Setting) -> None:
    kept = makers.make_post(setting.watched.id, 7, "As an archive had it", found_by="replay")
    await makers.store(setting.database, kept)
    setting.channel.posts[7].edited_at = utc_now()
    await setting.request()
    await setting.done()
    rows = await makers.rows(setting.database, "SELECT text, found_by FROM posts WHERE message_id = 7")
    assert rows == [("As an archive had it", "replay")]
    assert await setting.stored() == list(range(1, 251))


async def test_service_messages_are_noted_and_deleted_ones_end_nothing_early(setting: Setting, world: World) -> None:
    world.channels.delete(setting.channel, range(3, 230), push=False)
    other = await makers.rows(setting.database, "SELECT watermark FROM channels")
    world.channels.announce(setting.channel, ServiceAction("pinned", message_id=1), push=False)
    await makers.change(setting.database, "UPDATE channels SET watermark = watermark + 2")
    await setting.request()
    done = await setting.done()
    assert other == [(250,)]
    assert (done.state, done.next_id, done.share) == ("done", 1, 1.0)
    kinds = await makers.rows(
        setting.database, "SELECT kind, count(*) FROM channel_messages GROUP BY kind ORDER BY kind"
    )
    assert kinds == [("post", 24), ("service", 1)]  # nothing is said of what has gone: no watermark waits for it


async def test_a_flood_wait_is_waited_for_and_said(setting: Setting, world: World) -> None:
    world.faults.add("mtproto", HISTORY, RpcFault(420, "FLOOD_WAIT_1"))
    await setting.request()
    async with setting.reading():
        async with asyncio.timeout(20):
            while (await setting.now()).state_detail is None:  # noqa: ASYNC110 - the database sets no event
                await asyncio.sleep(0.02)
        assert "Telegram asks to wait until" in str((await setting.now()).state_detail)
        done = await setting.until_closed()
    assert (done.posts, done.state_detail) == (250, None)
    assert setting.server.calls[HISTORY] == 1 + 3  # refused once, then three pages


async def test_a_client_that_goes_away_in_the_middle_of_a_page_is_replaced_by_the_next_one(
    setting: Setting, world: World
) -> None:
    world.faults.add("mtproto", HISTORY, Delay(30))
    await setting.request()
    async with setting.reading():
        await until(lambda: setting.server.calls[HISTORY] == 1)
        assert setting.asking is not None
        await setting.asking.client.disconnect()  # its requests are cancelled, which must not end the program
        setting.asking = None
        async with connected(setting.database, setting.settings) as setting.asking:
            done = await setting.until_closed()
    assert done.posts == 250
    assert await setting.stored() == list(range(1, 251))


async def test_a_channel_that_refuses_says_so_and_can_be_asked_for_again(setting: Setting) -> None:
    refusing = setting.server.troubles.refuse(400, "CHANNEL_PRIVATE", HISTORY)
    await setting.request()
    refused = await setting.done()
    assert (refused.state, "ChannelPrivate" in str(refused.state_detail)) == ("failed", True)
    refusing.lift()
    await setting.request()
    assert (await setting.done()).posts == 250


async def test_nothing_is_read_before_it_is_known_where_the_old_posts_begin(setting: Setting) -> None:
    await makers.change(setting.database, "UPDATE channels SET watermark = NULL")
    await setting.request()
    async with setting.reading():
        await asyncio.sleep(0.3)
        assert (setting.server.calls[HISTORY], (await setting.now()).state) == (0, "waiting")
        await makers.change(setting.database, "UPDATE channels SET watermark = 250")
        await setting.until_closed()
    assert await setting.stored() == list(range(1, 251))


async def test_no_progress_is_remembered_before_it_is_committed(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_offered = asyncio.Event()

    async def never(_: Pipeline) -> None:
        is_offered.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Pipeline, "caught_up", never)
    await setting.request()
    async with setting.reading():
        async with asyncio.timeout(20):
            await is_offered.wait()
        assert ((await setting.now()).next_id, (await setting.now()).posts) == (251, 0)
    monkeypatch.undo()
    assert (await setting.done()).posts == 250


@given(
    days=st.lists(st.integers(0, 30), min_size=1, max_size=40).map(sorted),
    page=st.integers(1, 12),
    since=st.none() | st.integers(0, 31),
    most=st.none() | st.integers(1, 45),
)
def test_whatever_the_pages_all_that_is_asked_for_is_taken_once(
    days: list[int], page: int, since: int | None, most: int | None
) -> None:
    posts = [_post(number, day) for number, day in enumerate(days, start=1)]
    since_at = None if since is None else makers.NOON + dt.timedelta(days=since)
    next_id, taken, is_last = len(posts) + 1, list[int](), False
    while not is_last and next_id > 1:
        below = [post for post in posts if post.message_id < next_id][-page:]
        end = int(below[0].message_id) if below else 1
        fetched = Fetched(posts=joined(below), oldest=end, oldest_at=below[0].posted_at if below else None)
        backfill = Backfill(
            ChannelId(1), Reach(since_at, most), 41, next_id, None, len(taken), "running", None, makers.NOON
        )
        chosen = choose(backfill, fetched)
        assert chosen.is_last or chosen.next_id < next_id
        taken += [post.message_id for post in chosen.posts]
        next_id, is_last = chosen.next_id, chosen.is_last
    wanted = [int(post.message_id) for post in reversed(posts) if since_at is None or post.posted_at >= since_at]
    assert taken == wanted[:most]
    assert all(number >= next_id for number in taken)


def _post(number: int, day: int) -> Post:
    at = makers.NOON + dt.timedelta(days=day)
    return Post(ChannelId(1), (Part(MessageId(number), "news"),), at, at)
