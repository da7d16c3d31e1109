"""What Telegram pushes, by hand and by the box with the real Telethon."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import structlog
from telethon import TelegramClient
from telethon.tl import types

from config.settings import IngestSettings
from ingest.client import build_client, connect, disconnect
from ingest.listener import Listener
from ingest.session_key import SessionKey
from ingest.sessions import ACCOUNT, StoredSession, read_session
from sandbox.channels import Channel, Entity, ForwardOrigin, Media, ServiceAction
from sandbox.world import User, World
from storage.accounts import load_account
from storage.database import Database
from storage.ids import ChannelId
from tests.ingest.values import NEWS, TELEGRAM_NEWS, Collector, HandTimers, until, wire_message


class Hearing:
    """A listener with a pipeline that collects."""

    def __init__(self) -> None:
        self.pipeline = Collector()
        self.timers = HandTimers()
        self.listener = Listener(self.pipeline, timers=self.timers)
        self.listener.watch({TELEGRAM_NEWS: NEWS})


def new(*args: object, **fields: object) -> types.UpdateNewChannelMessage:
    return types.UpdateNewChannelMessage(wire_message(*args, **fields), 1, 1)  # type: ignore[arg-type]


def test_posts_of_unknown_channels_are_ignored() -> None:
    hearing = Hearing()
    hearing.listener.watch({})
    hearing.listener.handle(new(1, "elsewhere"))
    hearing.listener.handle(types.UpdateDeleteChannelMessages(TELEGRAM_NEWS, [1], 1, 1))
    assert hearing.pipeline.posts == []
    assert hearing.listener.counts.elsewhere == 2


def test_what_a_full_pipeline_turns_away_is_counted() -> None:
    hearing = Hearing()
    hearing.pipeline.is_full = True
    hearing.listener.handle(new(1))
    hearing.listener.handle(new(2, grouped_id=5))
    hearing.listener.handle(new(3, grouped_id=5))
    hearing.listener.handle(types.UpdateDeleteChannelMessages(TELEGRAM_NEWS, [1], 1, 1))
    hearing.timers.advance(0.3)
    assert hearing.listener.counts.dropped == 4


def test_a_deletion_comes_after_the_album_it_is_about() -> None:
    hearing = Hearing()
    hearing.listener.handle(new(1, grouped_id=5))
    hearing.listener.handle(new(2, grouped_id=5))
    hearing.listener.handle(types.UpdateDeleteChannelMessages(TELEGRAM_NEWS, [2], 1, 1))
    assert [[part.message_id for part in post.parts] for post in hearing.pipeline.posts] == [[1, 2]]
    assert hearing.pipeline.deleted == [(NEWS, (2,))]


def test_updates_about_other_things_are_none_of_ours() -> None:
    hearing = Hearing()
    hearing.listener.handle(types.UpdateChannelMessageViews(TELEGRAM_NEWS, 1, 5))
    assert hearing.pipeline.posts == []


async def test_an_edit_that_cannot_be_read_does_not_count_as_heard() -> None:
    hearing = Hearing()
    hearing.listener.pts.settle(NEWS, 9)
    broken = types.UpdateEditChannelMessage(wire_message(1), 10, 1)
    broken.message.entities = 5  # as no constructor would be
    await hearing.listener._on_update(broken)
    assert hearing.listener.pts.is_behind(NEWS, 10)


def test_of_channels_elsewhere_only_lost_ones_are_a_reason_to_look() -> None:
    hearing = Hearing()
    hearing.listener.lost = {555: ChannelId(9)}
    hearing.listener.doubt(556, "told of a change")
    assert not hearing.listener.doubts.elsewhere.is_set()
    hearing.listener.doubt(555, "told of a change")
    assert hearing.listener.doubts.elsewhere.is_set()
    assert hearing.listener.heard_of == {ChannelId(9)}


async def test_an_update_that_cannot_be_read_is_logged_and_the_next_one_is_heard() -> None:
    hearing = Hearing()
    broken = new(1, entities=[types.MessageEntityBold(0, 1)])
    broken.message.entities = 5  # as no constructor would be
    with structlog.testing.capture_logs() as logged:
        await hearing.listener._on_update(broken)
    assert [line["event"] for line in logged] == ["update not understood"]
    assert hearing.listener.doubts.take() == {NEWS}
    await hearing.listener._on_update(new(2))
    assert [post.message_id for post in hearing.pipeline.posts] == [2]
    assert hearing.listener.counts.failed == 1


class Heard:
    """A connected reader of the channel."""

    def __init__(
        self, world: World, channel: Channel, pipeline: Collector, listener: Listener, client: TelegramClient
    ) -> None:
        self.world, self.channel, self.pipeline, self.listener = world, channel, pipeline, listener
        self.client = client


@pytest.fixture
async def heard(
    database: Database, signed_in: IngestSettings, world: World, news: Channel, reader: User
) -> AsyncIterator[Heard]:
    """The reader's client, connected, with a listener whose pipeline collects."""
    news.members.add(reader.id)
    async with database.begin() as connection:
        account = await load_account(connection, ACCOUNT)
    assert account is not None
    client = build_client(signed_in, read_session(account, SessionKey.read(signed_in.session_key_path)))
    pipeline = Collector()
    listener = Listener(pipeline)
    listener.watch({news.id: NEWS})
    listener.attach(client)
    await connect(client)
    await client.get_me()
    yield Heard(world, news, pipeline, listener, client)
    await disconnect(client)


async def test_a_published_post_arrives_whole(heard: Heard) -> None:
    published = heard.world.channels.publish(
        heard.channel, "Важливо: міст відкрито", entities=[Entity("bold", 0, 7)], media=[Media("video", b"film")]
    )
    await until(lambda: heard.pipeline.posts)
    [post] = heard.pipeline.posts
    assert (post.channel_id, post.message_id, post.text) == (NEWS, published.message_id, published.text)
    assert post.parts[0].entities[0].type == "bold"
    assert post.has == {"video"}
    assert post.posted_at == published.posted_at.replace(microsecond=0)


async def test_a_forward_arrives_with_the_name_of_its_channel(heard: Heard) -> None:
    origin = heard.world.channels.add("Source", "Source_box")
    heard.world.channels.publish(heard.channel, "repost", forwarded_from=ForwardOrigin(origin.id, message_id=8))
    await until(lambda: heard.pipeline.posts)
    [post] = heard.pipeline.posts
    assert post.forward is not None
    assert (post.forward.username, post.forward.message_id) == ("Source_box", 8)
    assert post.forwarded_from == {"@source_box", str(origin.id)}


async def test_an_album_arrives_as_one_post(heard: Heard) -> None:
    parts = heard.world.channels.publish_album(heard.channel, "three photos", [b"a", b"b", b"c"])
    await until(lambda: heard.pipeline.posts)
    [post] = heard.pipeline.posts
    assert [part.message_id for part in post.parts] == [part.message_id for part in parts]
    assert (post.text, post.grouped_id) == ("three photos", parts[0].grouped_id)
    assert post.has == {"photo"}


async def test_edits_and_deletions_arrive(heard: Heard) -> None:
    published = heard.world.channels.publish(heard.channel, "first words")
    heard.world.channels.edit(heard.channel, published.message_id, "second words")
    heard.world.channels.delete(heard.channel, [published.message_id])
    await until(lambda: heard.pipeline.deleted)
    assert heard.pipeline.posts[-1].text == "second words"
    assert heard.pipeline.posts[-1].edited_at is not None
    assert heard.pipeline.deleted == [(NEWS, (published.message_id,))]


async def test_service_messages_and_polls_are_told_apart(heard: Heard) -> None:
    heard.world.channels.announce(heard.channel, ServiceAction("renamed", "Other news"))
    heard.world.channels.publish_poll(heard.channel, "Tea?", ["yes", "no"])
    await until(lambda: heard.pipeline.posts)
    [post] = heard.pipeline.posts
    assert post.has == {"poll"}
    assert heard.listener.counts.service == 1


async def test_a_burst_arrives_complete_and_in_order(heard: Heard) -> None:
    published = [heard.world.channels.publish(heard.channel, f"post {n}").message_id for n in range(200)]
    await until(lambda: len(heard.pipeline.posts) >= len(published))
    assert [post.message_id for post in heard.pipeline.posts] == published
    assert heard.listener.counts.failed == 0


@pytest.mark.parametrize("heard_at_least", [1, 60, 120])
async def test_disconnecting_in_a_burst_loses_nothing_of_it(
    database: Database, signed_in: IngestSettings, heard: Heard, heard_at_least: int
) -> None:
    # Telethon alone loses one: see ingest.client.disconnect
    published = [heard.world.channels.publish(heard.channel, f"post {n}").message_id for n in range(300)]
    await until(lambda: len(heard.pipeline.posts) >= heard_at_least)
    await disconnect(heard.client)
    session = StoredSession.loads(heard.client.session.dumps())
    again = build_client(signed_in, session)
    heard.listener.attach(again)
    await connect(again)
    await until(lambda: len({post.message_id for post in heard.pipeline.posts}) >= len(published))
    await disconnect(again)
