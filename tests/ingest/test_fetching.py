"""One message that cannot be read spoils no other, and is never taken for a deleted one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from telethon.tl import functions, types

from config.settings import IngestSettings
from ingest.asking import Asking, UnreadableAnswer
from ingest.fetching import Fetched, Fetching, read_all
from ingest.filling import Filling
from ingest.listener import utc_now
from ingest.pipeline import Pipeline
from ingest.watched import Watched
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage.completeness import Hole
from storage.database import Database
from tests.ingest.connected import connected, monitored
from tests.ingest.unreadable import make_unreadable
from tests.ingest.values import NEWS, NOW, wire_message

Fetch = Callable[[Fetching, Watched], Awaitable[Fetched]]


@pytest.fixture
async def asking(database: Database, signed_in: IngestSettings) -> AsyncIterator[Asking]:
    async with connected(database, signed_in) as made:
        yield made


@pytest.fixture
async def watched(database: Database, signed_in: IngestSettings, world: World, news: Channel, reader: User) -> Watched:
    """A channel of twenty posts."""
    world.channels.publish_many(news, [f"post {n}" for n in range(20)])
    return await monitored(database, news, reader.id, watermark=0)


async def test_an_answer_that_cannot_be_read_is_no_end(
    asking: Asking, watched: Watched, news: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unreadable(monkeypatch, news, 7)
    wanted = [types.InputMessageID(number) for number in (6, 7)]
    with pytest.raises(UnreadableAnswer) as raised:
        await asking.ask(functions.channels.GetMessagesRequest(watched.to_input(), wanted))
    assert raised.value.__suppress_context__  # what Telethon says of it quotes posts


async def test_message_that_cannot_be_read_is_left_out_and_not_asked_for_again(
    asking: Asking, watched: Watched, news: Channel, server: MtprotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unreadable(monkeypatch, news, 7)
    fetching = Fetching(asking, utc_now)
    fetched = await fetching.by_ids(watched, range(1, 25))
    assert fetched.found == set(range(1, 21)) - {7}
    assert fetched.missing == [21, 22, 23, 24]
    asked = server.calls["GetMessages"]
    again = await fetching.by_ids(watched, range(1, 21))
    assert (again.found, again.missing) == (set(range(1, 21)) - {7}, [])
    assert server.calls["GetMessages"] == asked + 1
    assert (await fetching.by_ids(watched, [7])).missing == []
    assert server.calls["GetMessages"] == asked + 1


@pytest.mark.parametrize(
    "fetch",
    [
        lambda fetching, watched: fetching.upwards(watched, 1, 20),
        lambda fetching, watched: fetching.newest(watched, 20),
        lambda fetching, watched: fetching.downwards(watched, 21),
    ],
)
async def test_page_that_cannot_be_read_is_asked_for_by_numbers(
    asking: Asking, watched: Watched, news: Channel, monkeypatch: pytest.MonkeyPatch, fetch: Fetch
) -> None:
    make_unreadable(monkeypatch, news, 7)
    fetched = await fetch(Fetching(asking, utc_now), watched)
    assert fetched.found == set(range(1, 21)) - {7}
    assert fetched.missing == []


def test_message_that_we_fail_on_spoils_no_other() -> None:
    broken = wire_message(2)
    broken.entities = 5  # as no constructor would be
    read = read_all([wire_message(1), broken, wire_message(3)], NEWS, seen_at=NOW, peers={})
    assert [post.message_id for post in read.posts] == [1, 3]
    assert read.unreadable == [2]


async def test_a_hole_may_be_as_long_as_it_likes(
    asking: Asking, watched: Watched, news: Channel, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unreadable(monkeypatch, news, 7)
    fetching = Fetching(asking, utc_now)
    await fetching.by_ids(watched, [7])
    filling = Filling(database, fetching, Pipeline(database), lambda _: None)
    holes = [Hole(7, 7), Hole(9, 10**12)]
    assert filling._batch(watched, holes) == [(number, holes[1]) for number in range(9, 109)]
