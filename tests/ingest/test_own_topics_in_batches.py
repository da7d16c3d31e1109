"""Own topics and channel sets in the batches that store posts: what is committed before one begins, it knows."""

from __future__ import annotations

import datetime as dt

import pytest

from ingest.own_topics import OwnTopics
from ingest.pipeline import Pipeline
from matching.query import parse
from storage.channel_sets import set_channels
from storage.database import Database
from storage.ids import ChannelId
from storage.own_topics import OwnTopic, add_topic
from storage.search import count
from tests.ingest.test_pipeline import database, is_true, news, owed, pipeline, settle, until
from tests.storage.makers import NOON, make_channel, make_post, rows
from tests.storage.test_own_topics import subscribe_to

__all__ = ["database", "news", "pipeline"]

FERRIES = OwnTopic("ferries", "Ferries", "", "", "conflict", "")


async def add_ferries(database: Database) -> None:
    async with database.begin() as connection:
        await add_topic(connection, FERRIES, parse("quillon"))


async def has_analysed_more(pipeline: Pipeline, seconds: float) -> bool:
    return pipeline.stages.analysis > seconds


async def test_a_topic_committed_before_a_batch_labels_it(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    await pipeline.offer(make_post(news, 1, "A quillon is here"))
    await settle(pipeline)
    await add_ferries(database)
    await pipeline.offer(make_post(news, 2, "Another quillon is here"))
    await settle(pipeline)
    assert await rows(database, "SELECT message_id, topic_codes FROM posts ORDER BY 1") == [
        (1, []),
        (2, ["conflict", "ferries"]),
    ]


async def test_a_subscription_to_an_own_topic_or_to_its_parent_is_owed(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    await add_ferries(database)
    for asked in ("topic:ferries", "topic:conflict", "topic:economy"):
        await subscribe_to(database, asked)
    await pipeline.offer(make_post(news, 1, "A quillon is here"))
    await settle(pipeline)
    assert await owed(database) == [(1, 2)]


@pytest.mark.parametrize("is_labelled_again", [True, False])
async def test_posts_that_wait_for_their_batch_are_labelled_again(
    database: Database,
    pipeline: Pipeline,
    news: ChannelId,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_labelled_again: bool,
) -> None:
    if not is_labelled_again:  # the control
        monkeypatch.setattr("ingest.committing.up_to_date", lambda item, own: item)
    async with database.begin() as connection:  # the first batch waits for this, the second is labelled meanwhile
        await connection.exec_driver_sql("LOCK TABLE posts IN SHARE MODE")
        await add_topic(connection, FERRIES, parse("quillon"))
        await pipeline.offer(make_post(news, 1, "A quillon is here"))
        await until(lambda: is_true(database, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))
        analysed = pipeline.stages.analysis
        await pipeline.offer(make_post(news, 2, "A quillon is here"))
        await until(lambda: has_analysed_more(pipeline, analysed))
    await settle(pipeline)
    await pipeline.offer(make_post(news, 3, "A quillon is here"))
    await settle(pipeline)
    found = await rows(database, "SELECT message_id, 'ferries' = ANY(topic_codes) FROM posts ORDER BY 1")
    assert found == [(1, False), (2, is_labelled_again), (3, True)]


async def test_an_edit_owes_no_second_time_what_its_first_version_was_owed_for(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    await add_ferries(database)
    await subscribe_to(database, "topic:ferries")
    await pipeline.offer(make_post(news, 1, "A quillon is here"), owe=False)
    await settle(pipeline)
    await pipeline.offer(make_post(news, 1, "A quillon is here at noon", edited_at=NOON + dt.timedelta(minutes=1)))
    assert (await settle(pipeline)).owed == 0
    await pipeline.offer(make_post(news, 2, "Hello"))
    await pipeline.offer(make_post(news, 2, "Hello, quillon", edited_at=NOON + dt.timedelta(minutes=1)))
    await settle(pipeline)
    assert await owed(database) == [(2, 1)]


async def test_alerts_and_search_ask_for_who_is_in_a_set_now(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    other = await make_channel(database, "harbour")
    async with database.begin() as connection:
        await set_channels(connection, "desk", ["news"])
    await subscribe_to(database, "in:desk мир")
    await pipeline.offer(make_post(news, 1, "мир"))
    await pipeline.offer(make_post(other, 2, "мир"))
    await settle(pipeline)
    async with database.begin() as connection:
        await set_channels(connection, "desk", ["harbour"])
    await pipeline.offer(make_post(news, 3, "мир"))
    await pipeline.offer(make_post(other, 4, "мир"))
    await settle(pipeline)
    assert await owed(database) == [(1, 1), (4, 1)]
    async with database.begin() as connection:
        assert await count(connection, parse("in:#1")) == 2


async def test_a_batch_reads_both_counters_in_one_statement(
    database: Database, pipeline: Pipeline, news: ChannelId, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    refresh = OwnTopics.refresh

    async def noted(own: OwnTopics, connection: object, latest: int | None = None) -> bool:
        asked.append(latest)
        return await refresh(own, connection, latest)  # type: ignore[arg-type]

    monkeypatch.setattr(OwnTopics, "refresh", noted)
    await add_ferries(database)
    await pipeline.offer(make_post(news, 1, "A quillon is here"))
    await settle(pipeline)
    assert asked == [1]
