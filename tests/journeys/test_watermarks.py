"""Every id of a channel is accounted for: posts, parts of albums, service messages, what is deleted or never was."""

from __future__ import annotations

import random

import pytest

from sandbox.channels import Channel, ServiceAction
from tests.journeys.losses import SEEDS, SWEEPING, publish
from tests.journeys.people import until
from tests.journeys.stage import Stage


def something_happens(stage: Stage, channel: Channel, chance: random.Random) -> None:
    """One thing that takes ids of the channel, told to its readers or not."""
    channels, is_pushed = stage.world.channels, chance.random() < 0.3
    match chance.randrange(6):
        case 0:
            channels.publish(channel, "a post", push=is_pushed)
        case 1:
            channels.publish_album(channel, "an album", [b"one", b"two", b"three"], push=is_pushed)
        case 2:
            channels.announce(channel, ServiceAction("renamed", "Another title"), push=is_pushed)
        case 3:
            channels.skip_ids(channel, chance.randint(1, 8))
        case 4:
            channels.publish_many(channel, ["one of many"] * chance.randint(1, 120), push=False)
        case 5 if channel.posts:
            channels.delete(channel, chance.sample(sorted(channel.posts), min(3, len(channel.posts))))


async def watermark(stage: Stage) -> int:
    """Where it stands, once what is missing has been asked for a second time."""
    async with stage.database.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE channel_messages SET seen_at = seen_at - interval '5 minutes' WHERE message_id IN"
            " (SELECT message_id FROM channel_messages WHERE kind = 'missing' FOR UPDATE SKIP LOCKED)"
        )
    return int(await stage.value("SELECT watermark FROM channels"))


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_id_is_accounted_for(stage: Stage, seed: int) -> None:
    channel, chance = await stage.channel("kharv_dispatch"), random.Random(seed)
    async with stage.reading(SWEEPING):
        await publish(stage, channel, 2)
        for _ in range(40):
            something_happens(stage, channel, chance)
        await publish(stage, channel, 1, "the last")
        newest = sorted(channel.posts)[-50:-1]
        stage.world.channels.delete(channel, chance.sample(newest, 5), push=False)
        await until(lambda: _is_complete(stage, channel), "the watermark to reach the newest id")
    kinds = dict(await stage.rows("SELECT message_id, kind FROM channel_messages"))
    expected = {number: _kind(channel, number) for number in range(1, channel.next_id)}
    assert {number: "post" if kind == "part" else kind for number, kind in kinds.items()} == expected
    assert await stage.value("SELECT count(*) FROM posts WHERE deleted_at IS NULL") == _living_posts(channel)


async def _is_complete(stage: Stage, channel: Channel) -> bool:
    unmarked = "SELECT count(*) FROM channel_messages m JOIN posts p ON p.id = m.post_id WHERE p.deleted_at IS NULL"
    living = await stage.value(f"{unmarked} AND m.kind IN ('post', 'part')")
    is_marked = living == sum(post.service_action is None for post in channel.posts.values())
    return is_marked and await watermark(stage) == channel.top_message_id


def _kind(channel: Channel, number: int) -> str:
    post = channel.posts.get(number)
    if post is None:
        return "gone"
    return "service" if post.service_action else "post"


def _living_posts(channel: Channel) -> int:
    posts = [post for post in channel.posts.values() if post.service_action is None]
    return len({post.grouped_id or -post.message_id for post in posts})
