"""Sets of channels: made, changed, asked for."""

from __future__ import annotations

import pytest

from matching.query import parse
from storage import search
from storage.channel_sets import (
    ChannelSet,
    ChannelSetRefused,
    add_to_set,
    find_set,
    list_sets,
    remove_from_set,
    remove_set,
    set_channels,
)
from storage.database import Database
from storage.definitions import read_names, sets_by_channel
from storage.own_topics import OwnTopic, add_topic
from tests.storage.makers import make_channel, make_post, make_subscriber, store, subscribe


@pytest.fixture
async def channels(database: Database) -> list[str]:
    names = ["limansk_live", "opal_wire", "harbour"]
    for number, name in enumerate(names, start=1):
        channel_id = await make_channel(database, name)
        await store(database, make_post(channel_id, number, "мир"))
    return names


def names_of(found: ChannelSet) -> list[str | None]:
    return [channel.username for channel in found.channels]


async def test_a_set_holds_what_it_was_given_last(database: Database, channels: list[str]) -> None:
    async with database.begin() as connection:
        await set_channels(connection, "War-Desk", channels[:2])
        assert names_of(await set_channels(connection, "war-desk", channels[1:])) == ["harbour", "opal_wire"]
        assert names_of(await add_to_set(connection, "war-desk", channels[:2])) == sorted(channels)
        assert names_of(await remove_from_set(connection, "war-desk", channels[:1])) == ["harbour", "opal_wire"]
        assert [each.name for each in await list_sets(connection)] == ["war-desk"]


async def test_search_asks_for_the_members_of_the_moment(database: Database, channels: list[str]) -> None:
    async with database.begin() as connection:
        await set_channels(connection, "desk", channels[:1])
        query = parse("мир in:desk", names=await read_names(connection))
        assert str(query) == "мир in:#1"
        assert [post.channel.username for post in await search.search(connection, query)] == ["limansk_live"]
        await set_channels(connection, "desk", channels[1:])
        assert {post.channel.username for post in await search.search(connection, query)} == set(channels[1:])
        assert set(await sets_by_channel(connection)) == {2, 3}


@pytest.mark.parametrize(("name", "why"), [("-desk", "begins with a letter"), ("de sk", "begins"), ("#5", "begins")])
async def test_a_name_that_queries_could_not_ask_for_is_refused(
    database: Database, channels: list[str], name: str, why: str
) -> None:
    async with database.begin() as connection:
        with pytest.raises(ChannelSetRefused, match=why):
            await set_channels(connection, name, channels)


async def test_what_is_not_there_is_said(database: Database, channels: list[str]) -> None:
    async with database.begin() as connection:
        with pytest.raises(ChannelSetRefused, match="no channel @nowhere"):
            await set_channels(connection, "desk", ["nowhere"])
        with pytest.raises(ChannelSetRefused, match="no channel set desk"):
            await find_set(connection, "desk")
        await set_channels(connection, "desk", channels[:1])
        with pytest.raises(ChannelSetRefused, match="@harbour is not in desk"):
            await remove_from_set(connection, "desk", ["harbour"])


async def test_a_set_that_is_asked_for_goes_only_by_force(database: Database, channels: list[str]) -> None:
    subscriber = await make_subscriber(database)
    async with database.begin() as connection:
        await set_channels(connection, "desk", channels)
    await subscribe(database, subscriber, "мир -in:#1")
    await subscribe(database, subscriber, "мир in:#12")
    async with database.begin() as connection:
        with pytest.raises(ChannelSetRefused, match="1 subscription asks for desk"):
            await remove_set(connection, "desk")
        assert await remove_set(connection, "desk", force=True) == 1
        assert (await set_channels(connection, "desk", channels)).id == 2, "a number is never given again"


async def test_a_set_that_an_own_topic_asks_for_stays(database: Database, channels: list[str]) -> None:
    async with database.begin() as connection:
        await set_channels(connection, "desk", channels)
        await add_topic(connection, OwnTopic("ours", "Ours", "", "", None, ""), parse("in:#1 мир"))
        with pytest.raises(ChannelSetRefused, match="topic ours asks for desk"):
            await remove_set(connection, "desk", force=True)


async def test_posts_are_counted_by_day_and_by_channel(database: Database, channels: list[str]) -> None:
    async with database.begin() as connection:
        await set_channels(connection, "desk", channels[:2])
        query = parse("in:#1")
        assert list((await search.count_by_day(connection, query)).values()) == [2]
        found = await search.count_by_channel(connection, query, 1)
    assert [(channel.username, count) for channel, count in found] == [("limansk_live", 1)]
