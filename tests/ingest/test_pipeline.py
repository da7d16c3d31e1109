"""The one door: what is stored, matched and owed is one commit, and nothing that came is lost."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest

from analysis.labels import Labels, label
from ingest import committing as door
from ingest import labelling, standing_queries
from ingest.labelling import labelled
from ingest.pipeline import Pipeline, Settled
from ingest.standing_queries import StandingQueries
from storage import subscriptions
from storage.completeness import begin_at
from storage.database import Database
from storage.embedded import EmbeddedServer
from storage.ids import ChannelId, MessageId
from storage.post_values import Forward
from tests.emptied import emptied_database
from tests.storage.makers import (
    NOON,
    change,
    make_album,
    make_channel,
    make_post,
    make_subscriber,
    rows,
    subscribe,
)

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
async def database(postgres: EmbeddedServer) -> AsyncIterator[Database]:
    opened = Database(emptied_database(postgres))
    yield opened
    await opened.close()


@pytest.fixture
async def news(database: Database) -> ChannelId:
    return await make_channel(database)


@contextlib.asynccontextmanager
async def running(database: Database, *, buffer: int = 2000) -> AsyncIterator[Pipeline]:
    """A pipeline at work."""
    pipeline = Pipeline(database, buffer=buffer)
    work = asyncio.create_task(pipeline.run())
    try:
        yield pipeline
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


@pytest.fixture
async def pipeline(database: Database) -> AsyncIterator[Pipeline]:
    async with running(database) as at_work:
        yield at_work


async def settle(pipeline: Pipeline) -> Settled:
    async with asyncio.timeout(30):
        return await pipeline.settle()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.02)


async def owed(database: Database) -> list[tuple[int, ...]]:
    """(message id of the post, how many reasons) of every delivery."""
    return await rows(
        database,
        "SELECT p.message_id, cardinality(d.reasons) FROM deliveries d JOIN posts p ON p.id = d.post_id ORDER BY 1",
    )


async def test_post_and_what_it_owes_are_one_commit(database_url: str) -> None:
    database = Database(database_url)
    news = await make_channel(database)
    await subscribe(database, await make_subscriber(database))
    await change(
        database,
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE lock_not_available USING MESSAGE = 'no commit today'; END $$",
    )
    await change(
        database,
        "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON deliveries DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    async with running(database) as pipeline:
        await pipeline.offer(make_post(news, 1, "мир"))
        attempts = "SELECT last_value > 1 FROM posts_id_seq"  # a sequence does not roll back: it has been tried
        await until(lambda: is_true(database, attempts))
        assert await rows(database, "SELECT FROM posts UNION ALL SELECT FROM channel_messages") == []
        await change(database, "DROP TRIGGER at_commit ON deliveries")
        assert await settle(pipeline) == Settled(stored=1, owed=1)
        assert await owed(database) == [(1, 1)]
    await database.close()


async def is_true(database: Database, statement: str) -> bool:
    return await rows(database, statement) == [(True,)]


async def test_subscription_committed_before_a_batch_is_matched_by_it(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    subscriber = await make_subscriber(database)
    for number, asked in enumerate(("мир", "дом", "лес"), start=1):
        await subscribe(database, subscriber, asked)
        await pipeline.offer(make_post(news, number, "мир, дом и лес"))
        await settle(pipeline)
    assert await owed(database) == [(1, 1), (2, 2), (3, 3)]


async def test_paused_and_deleted_subscriptions_are_not_matched(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    subscriber = await make_subscriber(database)
    paused, deleted = [await subscribe(database, subscriber, asked) for asked in ("мир", "дом")]
    await pipeline.offer(make_post(news, 1, "лес"))
    await settle(pipeline)
    async with database.begin() as connection:
        await subscriptions.pause(connection, subscriber.id, paused)
        await subscriptions.delete(connection, subscriber.id, deleted)
    await pipeline.offer(make_post(news, 2, "мир дом"))
    assert await settle(pipeline) == Settled(stored=1)
    async with database.begin() as connection:
        await subscriptions.resume(connection, subscriber.id, paused)
    await pipeline.offer(make_post(news, 3, "мир дом"))
    assert await settle(pipeline) == Settled(stored=1, owed=1)


async def test_backfill_owes_nothing(database: Database, pipeline: Pipeline, news: ChannelId) -> None:
    await subscribe(database, await make_subscriber(database))
    await pipeline.offer(make_post(news, 1, "мир"), owe=False)
    assert await settle(pipeline) == Settled(stored=1)
    assert await rows(database, "SELECT found_by FROM posts") == [("backfill",)]


async def test_edit_that_newly_matches_alerts_once(database: Database, pipeline: Pipeline, news: ChannelId) -> None:
    await subscribe(database, await make_subscriber(database))
    await pipeline.offer(make_post(news, 1, "война"))
    for minute, words in enumerate(("мир", "мир!", "война", "опять мир"), start=1):
        await pipeline.offer(make_post(news, 1, words, edited_at=NOON + minute * MINUTE))
    assert await settle(pipeline) == Settled(stored=1, updated=4, owed=1)
    assert await owed(database) == [(1, 1)]


@pytest.mark.parametrize("is_owed", [True, False])
async def test_edit_of_what_matched_already_owes_nothing_new(
    database: Database, pipeline: Pipeline, news: ChannelId, is_owed: bool
) -> None:
    await subscribe(database, await make_subscriber(database))
    await pipeline.offer(make_post(news, 1, "мир"), owe=is_owed)
    await settle(pipeline)
    await pipeline.offer(make_post(news, 1, "мир, исправлено", edited_at=NOON + MINUTE))
    assert await settle(pipeline) == Settled(updated=1)


async def test_edit_that_brings_another_subscription_names_it_too(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    subscriber = await make_subscriber(database)
    for asked in ("мир", "дом"):
        await subscribe(database, subscriber, asked)
    await pipeline.offer(make_post(news, 1, "мир"))
    await pipeline.offer(make_post(news, 1, "мир и дом", edited_at=NOON + MINUTE))
    assert await settle(pipeline) == Settled(stored=1, updated=1, owed=1)
    assert await owed(database) == [(1, 2)]


async def test_late_part_of_an_album_is_matched_with_the_whole(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    await subscribe(database, await make_subscriber(database), "мир дом")
    for number, words in ((5, "мир"), (6, "дом")):
        await pipeline.offer(make_album(news, {number: words}))
    assert await settle(pipeline) == Settled(stored=1, updated=1, owed=1)


async def test_edits_of_two_parts_that_came_as_posts_lose_neither(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    await pipeline.offer(make_album(news, {5: "раз", 6: "два"}))
    await settle(pipeline)
    for number, words in ((5, "новое раз"), (6, "новое два")):
        await pipeline.offer(make_post(news, number, words, edited_at=NOON + MINUTE))
    await settle(pipeline)
    assert await rows(database, "SELECT text FROM posts") == [("новое раз\n\nновое два",)]


def poisoned(text: str) -> Labels:
    """Analysis that cannot stand one word."""
    if "яд" in text:
        raise RecursionError("poison")
    return label(text)


async def test_post_that_analysis_cannot_stand_is_stored_and_alerts_later(
    database: Database, news: ChannelId, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribe(database, await make_subscriber(database), "мир from:@bbc")
    monkeypatch.setattr(labelling, "label", poisoned)
    for number, words in enumerate(("мир на море", "мир и яд", "лесной мир"), start=1):
        await pipeline.offer(make_post(news, number, words, forward=Forward(username="BBC")))
    assert await settle(pipeline) == Settled(stored=3, owed=2)
    assert await pipeline.retry_failed() == 1
    assert await settle(pipeline) == Settled(unchanged=1)
    monkeypatch.setattr(labelling, "label", label)
    assert await pipeline.retry_failed() == 1
    assert await settle(pipeline) == Settled(updated=1, owed=1)
    assert await pipeline.retry_failed() == 0


async def test_backfilled_post_whose_analysis_failed_still_owes_nothing(
    database: Database, news: ChannelId, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribe(database, await make_subscriber(database))
    monkeypatch.setattr(labelling, "label", poisoned)
    await pipeline.offer(make_post(news, 1, "мир и яд", found_by="replay"), owe=False)
    await settle(pipeline)
    monkeypatch.setattr(labelling, "label", label)
    await pipeline.retry_failed()
    assert await settle(pipeline) == Settled(updated=1)


async def test_post_that_the_database_refuses_does_not_hold_up_the_others(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    nowhere = ChannelId(999)
    for number in (1, 2, 3):
        await pipeline.offer(make_post(nowhere if number == 2 else news, number, "мир"))
    await pipeline.offer_deletion(news, [MessageId(3)], NOON)
    assert await settle(pipeline) == Settled(stored=2, refused=1)
    assert await rows(database, "SELECT message_id, deleted_at IS NULL FROM posts ORDER BY 1") == [
        (1, True),
        (3, False),
    ]


async def test_labels_that_the_database_refuses_do_not_lose_the_post(
    database: Database, pipeline: Pipeline, news: ChannelId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "label", lambda text: Labels(label(text).terms, "ru\x00", ()))
    await pipeline.offer(make_post(news, 1, "мир"))
    assert await settle(pipeline) == Settled(stored=1)
    assert await rows(database, "SELECT text, analysis FROM posts") == [("мир", "failed")]


async def test_database_that_is_away_loses_nothing(
    database: Database, postgres: EmbeddedServer, pipeline: Pipeline, news: ChannelId
) -> None:
    await subscribe(database, await make_subscriber(database))
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        admin.execute("ALTER DATABASE emptied ALLOW_CONNECTIONS false")
        try:
            for number in range(1, 51):
                await pipeline.offer(make_post(news, number, "мир"))
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'emptied'")
                await asyncio.sleep(0)
            await asyncio.sleep(0.2)
        finally:
            admin.execute("ALTER DATABASE emptied ALLOW_CONNECTIONS true")
    await settle(pipeline)
    assert [message_id for message_id, _ in await owed(database)] == list(range(1, 51))


async def test_killed_connections_double_nothing(
    database: Database, postgres: EmbeddedServer, pipeline: Pipeline, news: ChannelId
) -> None:
    await subscribe(database, await make_subscriber(database))
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        for number in range(1, 41):
            await pipeline.offer(make_post(news, number, "мир"))
            if number % 8 == 0:
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'emptied'")
            await asyncio.sleep(0.005)
    await settle(pipeline)
    assert await owed(database) == [(number, 1) for number in range(1, 41)]


async def test_lock_that_is_not_given_in_time_is_waited_for(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    async with database.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE posts")
        await pipeline.offer(make_post(news, 1, "мир"))
        waiting = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"
        await until(lambda: is_true(database, waiting))
    assert await settle(pipeline) == Settled(stored=1)


async def test_full_buffer_makes_one_wait_and_turns_the_other_away(database: Database, news: ChannelId) -> None:
    pipeline = Pipeline(database, buffer=2)  # not at work yet
    assert pipeline.offer_nowait(make_post(news, 1, "мир"))
    assert pipeline.offer_deletion_nowait(news, [MessageId(1)], NOON)
    assert not pipeline.offer_nowait(make_post(news, 2, "мир"))
    assert not pipeline.offer_deletion_nowait(news, [MessageId(2)], NOON)
    waiting = asyncio.create_task(pipeline.offer(make_post(news, 3, "мир")))
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    work = asyncio.create_task(pipeline.run())
    await waiting
    assert await settle(pipeline) == Settled(stored=2)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_half_of_the_buffer_is_left_to_those_who_cannot_wait(database: Database, news: ChannelId) -> None:
    pipeline = Pipeline(database, buffer=8)  # not at work yet
    for number in range(1, 5):
        await pipeline.offer(make_post(news, number, "мир"))
    waiting = asyncio.create_task(pipeline.offer(make_post(news, 5, "мир")))
    assert not (await asyncio.wait([waiting], timeout=0.05))[0]
    assert all(pipeline.offer_nowait(make_post(news, number, "мир")) for number in range(6, 10))
    assert not pipeline.offer_nowait(make_post(news, 10, "мир"))
    work = asyncio.create_task(pipeline.run())
    await waiting
    assert await settle(pipeline) == Settled(stored=9)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_buffer_is_full_by_weight_as_well(database: Database, news: ChannelId) -> None:
    pipeline = Pipeline(database, characters=10)  # not at work yet
    assert pipeline.offer_nowait(make_post(news, 1, "мир " * 5_000))
    assert not pipeline.offer_nowait(make_post(news, 2, "мир"))
    waiting = asyncio.create_task(pipeline.offer(make_post(news, 3, "мир")))
    work = asyncio.create_task(pipeline.run())
    await waiting
    assert await settle(pipeline) == Settled(stored=2)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_more_subscriptions_than_fit_a_transaction_are_read_before_it(
    database: Database, pipeline: Pipeline, news: ChannelId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing_queries, "MOST_INSIDE", 2)
    subscriber = await make_subscriber(database)
    for asked in ("мир", "дом", "лес"):
        await subscribe(database, subscriber, asked)
    for number in (1, 2):
        await pipeline.offer(make_post(news, number, "мир, дом, лес и река"))
        await settle(pipeline)
        await subscribe(database, subscriber, "река")
    assert await owed(database) == [(1, 3), (2, 4)]


async def test_queries_filed_anew_match_the_same(database: Database, news: ChannelId) -> None:
    subscriber = await make_subscriber(database)
    for asked in ("мир дом", "дом", "лес"):
        await subscribe(database, subscriber, asked)
    async with running(database) as pipeline:
        await pipeline.offer(make_post(news, 1, "мир и дом"))
        await settle(pipeline)
    again = await StandingQueries.read(database)
    assert (len(again), again.sampled) == (3, 1)
    assert len(again.matching(labelled(make_post(news, 2, "дом и мир")).fields)) == 2


async def test_queries_read_on_an_empty_database_are_filed_anew_when_posts_can_tell_how(
    database: Database, pipeline: Pipeline, news: ChannelId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "SAMPLE", 4)
    monkeypatch.setattr(door, "REFILE_QUERIES", 1)
    monkeypatch.setattr(standing_queries, "MOST_INSIDE", 0)
    await subscribe(database, await make_subscriber(database))
    for number in range(1, 7):
        await pipeline.offer(make_post(news, number, "мир"))
        await settle(pipeline)
    await until(lambda: is_filed_anew(pipeline))
    await subscribe(database, await make_subscriber(database, 200))  # what was filed anew does not know it yet
    await pipeline.offer(make_post(news, 7, "мир на реке и в лесу"))  # a story of its own
    assert (await settle(pipeline)).owed == 2
    assert pipeline._committing._standing.sampled >= 4


async def is_filed_anew(pipeline: Pipeline) -> bool:
    return pipeline._committing._filed_anew is not None


async def test_alerts_are_looked_up_by_index_although_the_tables_were_analysed_when_empty(database_url: str) -> None:
    database = Database(database_url)
    news = await make_channel(database)
    await subscribe(database, await make_subscriber(database))
    await change(database, "ANALYZE")
    async with running(database) as pipeline:
        for number in range(1, 101):
            await pipeline.offer(make_post(news, number, "мир"))
            if number % 10 == 0:  # ten batches at least: PostgreSQL keeps a plan from the sixth on
                await settle(pipeline)
    await database.close()
    database = Database(database_url)
    read = "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE relname = ANY(:tables) AND seq_tup_read > 0"
    assert await rows(database, read, tables=["posts", "deliveries", "channel_messages"]) == []
    assert await rows(database, "SELECT count(*) FROM deliveries") == [(100,)]
    await database.close()


async def test_stages_count_every_post(database: Database, pipeline: Pipeline, news: ChannelId) -> None:
    assert set(pipeline.stages.per_post().values()) == {0.0}
    await subscribe(database, await make_subscriber(database))
    for number in range(1, 11):
        await pipeline.offer(make_post(news, number, "мир"))
    await settle(pipeline)
    assert pipeline.stages.posts == 10
    assert all(micros > 0 for micros in pipeline.stages.per_post().values())


async def test_order_is_kept_within_a_batch_and_between_batches(
    database: Database, pipeline: Pipeline, news: ChannelId
) -> None:
    for number in range(1, 301):
        await pipeline.offer(make_post(news, number, "раз"))
        if number % 100 == 0:  # edits, and a deletion before and after what it is about
            await pipeline.offer_deletion(news, [MessageId(number)], NOON)
            await pipeline.offer(make_post(news, number, "два", edited_at=NOON + MINUTE))
            await pipeline.offer(make_post(news, number, "три", edited_at=NOON + 2 * MINUTE))
    assert await settle(pipeline) == Settled(stored=300, updated=6)
    numbers = await rows(database, "SELECT message_id FROM posts ORDER BY id")
    assert numbers == [(number,) for number in range(1, 301)]
    edited = await rows(database, "SELECT message_id, text FROM posts WHERE deleted_at IS NOT NULL ORDER BY 1")
    assert edited == [(100, "три"), (200, "три"), (300, "три")]


async def test_two_pipelines_with_the_same_posts_owe_each_once(database: Database, news: ChannelId) -> None:
    await subscribe(database, await make_subscriber(database))
    async with running(database) as one, running(database) as other:
        for number in range(1, 61):
            await one.offer(make_post(news, number, "мир"))
            await other.offer(make_post(news, 61 - number, "мир"))
        counts = [await settle(one), await settle(other)]
    assert sum(count.stored for count in counts) == 60
    assert await owed(database) == [(number, 1) for number in range(1, 61)]


async def test_reaction_to_a_post_of_before_we_watched_is_no_news(database: Database, pipeline: Pipeline) -> None:
    news = await make_channel(database)
    await subscribe(database, await make_subscriber(database))
    async with database.begin() as connection:
        await begin_at(connection, news, 100)
    for number in (99, 101):
        await pipeline.offer(make_post(news, number, "мир", edited_at=NOON))
    settled = await settle(pipeline)
    assert (settled.stored, settled.unchanged, settled.owed) == (1, 1, 1)
    await pipeline.offer(make_post(news, 99, "мир"), owe=False)
    assert (await settle(pipeline)).stored == 1


async def test_deleted_text_is_forgotten_with_its_deletion_where_that_is_wanted(database: Database) -> None:
    news, pipeline = await make_channel(database), Pipeline(database, keeps_deleted_texts=False)
    running = asyncio.create_task(pipeline.run())
    await pipeline.offer(make_post(news, 1, "мир"))
    await pipeline.offer_deletion(news, [MessageId(1)], NOON)
    await settle(pipeline)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await rows(database, "SELECT text, deleted_at FROM posts") == [("", NOON)]


async def test_reaction_to_a_forgotten_post_does_not_bring_it_back(database: Database, pipeline: Pipeline) -> None:
    news = await make_channel(database)
    await subscribe(database, await make_subscriber(database))
    await pipeline.offer(make_post(news, 1, "мир"), owe=False)
    await settle(pipeline)
    async with database.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM posts")
    await pipeline.offer(make_post(news, 1, "мир", edited_at=NOON))
    settled = await settle(pipeline)
    assert (settled.stored, settled.unchanged, settled.owed) == (0, 1, 0)
