"""Own topics: what may be made, what may go, and what queries may ask for."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from matching.query import parse
from storage import subscriptions
from storage.channel_sets import set_channels
from storage.database import Connection, Database
from storage.definitions import read_counter, read_counters, read_names
from storage.own_topics import (
    OwnTopic,
    TopicRefused,
    add_topic,
    code_of,
    lineage,
    list_topics,
    posts_by_topic,
    remove_topic,
)
from tests.storage.makers import NOON, make_channel, make_post, make_subscriber, store, subscribe

FERRIES = OwnTopic("ferries", "Ferries", "Паромы", "", "economy", "")


async def make_topic(connection: Connection, topic: OwnTopic = FERRIES, query: str = "ferry OR паром") -> None:
    await add_topic(connection, topic, parse(query))


async def test_a_topic_is_listed_and_can_be_asked_for_by_every_name(database: Database) -> None:
    async with database.begin() as connection:
        await make_topic(connection)
        (own,) = await list_topics(connection)
        names = await read_names(connection)
    assert own == replace(FERRIES, query="ferry OR паром")
    assert (own.name_in("ru"), own.name_in("uk")) == ("Паромы", "Ferries")
    assert {str(parse(f"topic:{name}", names=names)) for name in ("ferries", "ПАРОМЫ")} == {"topic:ferries"}


async def subscribe_to(database: Database, asked: str) -> None:
    """A subscription to what the operator has named."""
    subscriber = await make_subscriber(database)
    async with database.begin() as connection:
        query = parse(asked, names=await read_names(connection))
        drafted = await subscriptions.draft(connection, subscriber.id, name=asked, query=query)
        await subscriptions.confirm(connection, subscriber.id, drafted)


@pytest.mark.parametrize(
    ("topic", "query", "why"),
    [
        (replace(FERRIES, code="Ferries"), "ferry", "begins with a letter"),
        (replace(FERRIES, code="conflict"), "ferry", "already means the topic conflict"),
        (replace(FERRIES, name_ru="Экономика"), "ferry", "already means the topic economy"),
        (replace(FERRIES, name_en="123"), "ferry", "cannot be a number"),
        (replace(FERRIES, name_en=" "), "ferry", "from 1 to 60"),
        (replace(FERRIES, parent="ferries"), "ferry", "under itself"),
        (replace(FERRIES, parent="nowhere"), "ferry", "no topic nowhere"),
        (FERRIES, "ferry topic:economy", "may not ask for topics"),
        (FERRIES, "ferry in:nowhere", "no channel set nowhere"),
        (FERRIES, "ferry channel:@nowhere", "no channel @nowhere"),
    ],
)
async def test_a_topic_that_cannot_be_is_refused(database: Database, topic: OwnTopic, query: str, why: str) -> None:
    with pytest.raises(TopicRefused, match=why):
        async with database.begin() as connection:
            await make_topic(connection, topic, query)


async def test_no_two_topics_have_one_name(database: Database) -> None:
    async with database.begin() as connection:
        await make_topic(connection)
        with pytest.raises(TopicRefused, match="паромы already means the topic ferries"):
            await make_topic(connection, replace(FERRIES, code="boats", name_en="паромы"))


async def test_a_topic_goes_only_after_those_below_it(database: Database) -> None:
    async with database.begin() as connection:
        await make_topic(connection)
        await make_topic(connection, OwnTopic("night_ferries", "Night", "", "", "ferries", ""), "night ferry")
        with pytest.raises(TopicRefused, match="night_ferries stand under ferries"):
            await remove_topic(connection, "ferries")
        await remove_topic(connection, "night_ferries")
        await remove_topic(connection, "ferries")
        assert await list_topics(connection) == []


async def test_a_topic_that_subscriptions_ask_for_goes_only_by_force(database: Database) -> None:
    await subscribe(database, await make_subscriber(database), "topic:economy")
    async with database.begin() as connection:
        await make_topic(connection)
    await subscribe_to(database, "(мир OR topic:ferries) -дом")
    async with database.begin() as connection:
        with pytest.raises(TopicRefused, match="1 subscription asks for ferries"):
            await remove_topic(connection, "ferries")
        assert await remove_topic(connection, "ferries", force=True) == 1


async def test_a_topic_that_everybody_has_cannot_be_removed(database: Database) -> None:
    async with database.begin() as connection:
        with pytest.raises(TopicRefused, match="everybody has"):
            await remove_topic(connection, "conflict")


async def test_every_change_moves_the_counter_that_batches_read(database: Database) -> None:
    await make_channel(database, "limansk_live")
    async with database.begin() as connection:
        seen = [await read_counter(connection)]
        await make_topic(connection)
        seen.append(await read_counter(connection))
        await set_channels(connection, "desk", ["limansk_live"])
        seen.append(await read_counter(connection))
        await remove_topic(connection, "ferries")
        seen.append((await read_counters(connection)).definitions)
    assert seen == [0, 1, 2, 3]


async def test_posts_are_counted_by_topic_and_those_above(database: Database) -> None:
    news = await make_channel(database)
    await store(
        database, make_post(news, 1, "Inflation and the central bank's interest rate"), make_post(news, 2, "Hi")
    )
    async with database.begin() as connection:
        counts = await posts_by_topic(connection, NOON)
        assert counts["economy"] == 1
        assert await posts_by_topic(connection, NOON + dt.timedelta(seconds=1)) == {}


def test_a_code_is_made_of_a_name_where_it_can_be() -> None:
    assert code_of("Limansk port (news)") == "limansk_port_news"
    with pytest.raises(TopicRefused, match="--code"):
        code_of("Паромы")


def test_an_own_topic_stands_under_all_above_its_parent() -> None:
    parents = {"a": "b", "b": "conflict", "x": "y", "y": "x"}
    assert set(lineage("a", parents)) >= {"a", "b", "conflict"}
    assert list(lineage("x", parents)) == ["x", "y"]
    assert list(lineage("b", {"b": "retired"})) == ["b", "retired"]
