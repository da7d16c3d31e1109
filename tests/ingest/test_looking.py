"""What is seen of many channels is kept, whatever Telegram says of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from config.settings import IngestSettings
from ingest.asking import Asking, MethodClosed, ServerTrouble
from ingest.looking import look_at
from ingest.watched import Watched
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.world import User, World
from storage import channels
from storage.database import Database
from storage.ids import ChannelId, TelegramChannelId
from tests.ingest.connected import connected
from tests.ingest.unreadable import make_unreadable


@pytest.fixture
async def asking(database: Database, signed_in: IngestSettings) -> AsyncIterator[Asking]:
    async with connected(database, signed_in) as made:
        yield made


@pytest.fixture
def many(world: World, reader: User) -> list[Channel]:
    """So many channels that they take three requests."""
    made = [world.channels.add(f"Channel {number}", f"channel_{number}") for number in range(250)]
    for channel in made:
        channel.members.add(reader.id)
        world.channels.publish(channel, "the first")
    return made


def watched(of: list[Channel], reader: User) -> list[Watched]:
    return [
        Watched(
            channels.Channel(
                ChannelId(number), TelegramChannelId(each.id), each.username, each.title, "active", None, False
            ),
            each.hash_for(reader.id),
        )
        for number, each in enumerate(of)
    ]


async def test_channel_of_which_telegram_cannot_speak_spoils_no_other(
    asking: Asking, many: list[Channel], reader: User, server: MtprotoServer
) -> None:
    with server.troubles.refuse(-505, "ANYTHING", "GetPeerDialogs", channel=many[30]) as trouble:
        seen = await look_at(asking, watched(many, reader))
        assert {look.channel_id for look in seen.looks} == set(range(250)) - {30}
        assert [each.id for each in seen.troubled] == [30]
        assert isinstance(seen.error, ServerTrouble)
        hits, those = trouble.hits, watched(many, reader)
        seen = await look_at(asking, those[:30] + those[31:], [those[30]])
        assert (len(seen.looks), trouble.hits) == (249, hits + 1)


async def test_newest_message_that_cannot_be_read_spoils_no_other_channel(
    asking: Asking, many: list[Channel], reader: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unreadable(monkeypatch, many[7], 1)
    seen = await look_at(asking, watched(many[:20], reader))
    assert {look.channel_id for look in seen.looks} == set(range(20)) - {7}


async def test_what_is_seen_before_a_flood_wait_is_kept_and_the_rest_is_named(
    asking: Asking, many: list[Channel], reader: User, server: MtprotoServer
) -> None:
    with server.troubles.flood(60, "GetPeerDialogs", channel=many[120]):
        seen = await look_at(asking, watched(many, reader))
    assert len(seen.looks) == 100
    assert [each.id for each in seen.left] == list(range(100, 250))
    assert isinstance(seen.error, MethodClosed)


async def test_telegram_that_can_answer_nothing_is_soon_left_alone(
    asking: Asking, many: list[Channel], reader: User, server: MtprotoServer
) -> None:
    with server.troubles.refuse(-505, "ANYTHING", "GetPeerDialogs") as trouble:
        seen = await look_at(asking, watched(many, reader))
    assert trouble.hits == 6
    assert len(seen.left) == 250
