"""Pushes that are lost, repeated, late, stale, spoilt or thin, as the real client meets them."""

from __future__ import annotations

import random
from contextlib import nullcontext
from typing import Any

import pytest
from telethon.tl import types

from sandbox.mtproto.garbage import Garbage
from tests.sandbox.mtproto_fixtures import Reader, until


def _message_ids(arrived: list[Any]) -> list[int]:
    """Ids of the messages that the updates announce, in the order of arrival."""
    each_update = (update for updates in arrived for update in getattr(updates, "updates", ()))
    return [update.message.id for update in each_update if isinstance(update, types.UpdateNewChannelMessage)]


async def test_hidden_post_is_pushed_to_nobody_but_found_with_the_next(reader: Reader) -> None:
    await reader.settled()
    arrived = reader.spy()
    [hidden] = reader.world.channels.publish_many(reader.channel, ["hidden"])
    [seen] = reader.publish("seen")
    await until(lambda: len(reader.new) == 3)
    assert reader.new_ids[1:] == [hidden, seen]
    assert _message_ids(arrived) == [seen]


async def test_dropped_pushes_never_arrive_until_lifted(reader: Reader) -> None:
    await reader.settled()
    arrived = reader.spy()
    with reader.server.pushes.drop() as dropping:
        reader.publish("lost", "lost too")
    [seen] = reader.publish("seen")
    await until(lambda: len(reader.new) == 4)
    assert (dropping.hits, dropping.is_lifted) == (2, True)
    assert _message_ids(arrived) == [seen]
    assert reader.server.calls["updates.getChannelDifference"] == 1


async def test_only_the_pushes_of_the_named_channel_are_dropped(reader: Reader) -> None:
    other = reader.world.channels.add("Other", "other")
    other.members.add(reader.user.id)
    reader.server.pushes.drop(channels=[other])
    reader.world.channels.publish(other, "lost")
    [seen] = reader.publish("seen")
    await until(lambda: reader.new)
    assert reader.new_ids == [seen]
    assert {message.peer_id.channel_id for message in reader.new} == {reader.channel.id}


def _pattern(reader: Reader, seed: int) -> list[bool]:
    reader.server.rng = random.Random(seed)
    hits = []
    with reader.server.pushes.drop(share=0.5) as dropping:
        for _ in range(20):
            before = dropping.hits
            reader.publish("perhaps")
            hits.append(dropping.hits > before)
    return hits


async def test_share_of_dropped_pushes_is_drawn_from_the_seed(reader: Reader) -> None:
    pattern = _pattern(reader, seed=1)
    assert pattern == _pattern(reader, seed=1) != _pattern(reader, seed=2)
    assert True in pattern
    assert False in pattern


async def test_repeated_push_arrives_twice_and_is_delivered_once(reader: Reader) -> None:
    await reader.settled()
    arrived = reader.spy()
    with reader.server.pushes.repeat():
        [twice] = reader.publish("twice")
    [once] = reader.publish("once")
    await until(lambda: once in reader.new_ids)
    assert _message_ids(arrived) == [twice, twice, once]
    assert reader.new_ids[1:] == [twice, once]


async def test_reordered_pushes_arrive_out_of_order_and_are_delivered_in_order(reader: Reader) -> None:
    await reader.settled()
    arrived = reader.spy()
    reader.server.rng = random.Random(3)
    with reader.server.pushes.reorder(share=0.5):
        ids = reader.publish(*"abcdefgh")
    await until(lambda: len(reader.new) == 9)
    assert reader.new_ids[1:] == ids
    assert _message_ids(arrived) != ids


async def test_held_push_goes_out_by_itself(reader: Reader) -> None:
    reader.server.pushes.reorder(share=1.0)
    [late] = reader.publish("late")
    await until(lambda: reader.new_ids == [late])


async def test_push_with_a_stale_pts_is_taken_for_an_old_one(reader: Reader) -> None:
    await reader.settled()
    arrived = reader.spy()
    with reader.server.pushes.stale(by=2):
        [ignored] = reader.publish("ignored")
    [seen] = reader.publish("seen")
    await until(lambda: seen in reader.new_ids)
    assert arrived[0].updates[0].pts == reader.channel.events[-2].pts - 2
    assert reader.new_ids[1:] == [ignored, seen]
    assert reader.server.calls["updates.getChannelDifference"] == 1  # which gave the ignored one


@pytest.mark.parametrize("kind", ["unknown_constructor", "wrong_msg_key", "broken_gzip"])
async def test_spoilt_push_is_lost_and_the_client_lives_on(reader: Reader, kind: Garbage) -> None:
    await reader.settled()
    arrived = reader.spy()
    async with reader.reconnecting() if kind == "broken_gzip" else nullcontext():
        with reader.server.pushes.spoil(kind):
            [lost] = reader.publish("lost")
    [seen] = reader.publish("seen")
    await until(lambda: {lost, seen} <= set(reader.new_ids))
    assert _message_ids(arrived) == [seen]


@pytest.mark.parametrize(("entities", "seen"), [("min", [True]), ("none", []), ("full", [False])])
async def test_push_brings_thin_entities_or_none(reader: Reader, entities: Any, seen: list[bool]) -> None:
    await reader.settled()
    arrived = reader.spy()
    with reader.server.pushes.thin(entities):
        reader.publish("whose?")
    await until(lambda: arrived)
    assert [chat.min for chat in arrived[0].chats] == seen
    assert [chat.access_hash is None for chat in arrived[0].chats] == seen
