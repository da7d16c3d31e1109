"""Late alerts of one subscriber are one message: leased, begun and settled together, whatever becomes of it."""

from __future__ import annotations

import datetime as dt

import pytest

from storage import subscriptions
from storage.database import Database
from storage.deliveries import (
    Alert,
    Leased,
    begin_sending,
    counts_by_state,
    expire_leases,
    lease_due,
    mark_dead,
    mark_pending,
    mark_sent,
    mark_unknown,
)
from storage.ids import PostId
from tests.storage.makers import (
    NOON,
    change,
    make_channel,
    make_owed,
    make_post,
    make_subscriber,
    owe,
    rows,
    store_one,
    subscribe,
)

MINUTE = dt.timedelta(minutes=1)
NO_TIME = dt.timedelta(0)
DIGEST_PRIORITY = 30


async def make_late(database: Database, posts: int = 3, *, chats: tuple[int, ...] = (100,)) -> list[PostId]:
    """Every chat is owed late alerts, due now."""
    post_ids = await make_owed(database, chats=chats, posts=posts)
    await change(database, f"UPDATE deliveries SET is_late = true, priority = {DIGEST_PRIORITY}")
    return post_ids


async def lease(database: Database, *, limit: int = 3) -> list[Leased]:
    async with database.begin() as connection:
        return await lease_due(connection, lease=MINUTE, busy_chats=(), limit=limit)


async def lease_one(database: Database) -> Leased:
    (leased,) = await lease(database)
    return leased


async def begin(database: Database, leased: Leased) -> Alert | None:
    async with database.begin() as connection:
        return await begin_sending(connection, leased, lease=MINUTE)


async def states(database: Database) -> dict[str, int]:
    async with database.begin() as connection:
        return await counts_by_state(connection)


@pytest.mark.parametrize("limit", [1, 3])
async def test_late_alerts_of_a_subscriber_are_leased_together(database: Database, limit: int) -> None:
    post_ids = await make_late(database, posts=3, chats=(1, 2))
    leased = (await lease(database, limit=limit))[0]
    assert len(leased.ids) == 3
    assert leased.id == leased.ids[0]
    alert = await begin(database, leased)
    assert alert is not None
    assert alert.digest is not None
    assert ([post.id for post in alert.digest.posts], alert.digest.count) == (post_ids, 3)


async def test_two_subscribers_late_alerts_are_two_messages(database: Database) -> None:
    await make_late(database, posts=2, chats=(1, 2))
    assert [len(leased.ids) for leased in await lease(database)] == [2, 2]


async def test_a_single_late_alert_is_no_digest(database: Database) -> None:
    await make_late(database, posts=1)
    alert = await begin(database, await lease_one(database))
    assert alert is not None
    assert alert.digest is None


async def test_alerts_go_before_late_ones_and_without_them(database: Database) -> None:
    await make_late(database, posts=2)
    on_time = await store_one(database, make_post(await make_channel(database), 9, "мир"))
    subscriber = await make_subscriber(database)
    await owe(database, subscriber, [on_time], await subscribe(database, subscriber))
    alert = await begin(database, await lease_one(database))
    assert alert is not None
    assert (alert.post.id, alert.digest) == (on_time, None)


@pytest.mark.parametrize("ending", ["sent", "unknown", "pending", "dead"])
async def test_a_digest_is_settled_in_one_go(database: Database, ending: str) -> None:
    await make_late(database, posts=3)
    leased = await lease_one(database)
    assert await begin(database, leased)
    async with database.begin() as connection:
        match ending:
            case "sent":
                assert await mark_sent(connection, leased, 555)
            case "unknown":
                assert await mark_unknown(connection, leased, "no answer", MINUTE)
            case "pending":
                assert await mark_pending(connection, leased, MINUTE, "flood")
            case _:
                assert await mark_dead(connection, leased, "refused")
    found = await rows(database, "SELECT DISTINCT state, telegram_message_id, attempt, lease_token FROM deliveries")
    assert found == [(ending, 555 if ending == "sent" else None, 1, None)]


async def test_a_digest_whose_sender_died_is_repeated_once_as_one_message(database: Database) -> None:
    await make_late(database, posts=3)
    for is_repeat in (False, True):
        alert = await begin(database, await lease_one(database))
        assert alert is not None
        assert (alert.is_repeat, alert.digest and alert.digest.count) == (is_repeat, 3)
        await change(database, "UPDATE deliveries SET leased_until_at = now() - interval '1 second'")
        async with database.begin() as connection:
            assert await expire_leases(connection) == 3
    assert await states(database) == {"dead": 3}


async def test_new_late_posts_do_not_go_with_a_repeat(database: Database) -> None:
    await make_late(database, posts=2)
    leased = await lease_one(database)
    await begin(database, leased)
    async with database.begin() as connection:
        await mark_unknown(connection, leased, "no answer", NO_TIME)
    await make_late(database, posts=3)
    messages = [await lease_one(database), await lease_one(database)]
    assert sorted((len(leased.ids), leased.unknowns) for leased in messages) == [(1, 0), (2, 1)]


async def test_a_lost_lease_settles_nothing_of_a_digest(database: Database) -> None:
    await make_late(database, posts=2)
    lost = await lease_one(database)
    async with database.begin() as connection:
        await expire_leases(connection, of_everybody=True)
    taken = await lease_one(database)
    assert await begin(database, lost) is None
    async with database.begin() as connection:
        assert not await mark_dead(connection, lost, "refused")
    assert await begin(database, taken)


async def test_what_nobody_asks_for_any_more_is_left_out_of_the_digest(database: Database) -> None:
    subscriber = await make_subscriber(database)
    kept, ended = await subscribe(database, subscriber, "мир"), await subscribe(database, subscriber, "дом")
    channel_id = await make_channel(database)
    for number, reason in ((1, kept), (2, kept), (3, ended)):
        await owe(database, subscriber, [await store_one(database, make_post(channel_id, number, "мир дом"))], reason)
    await change(database, "UPDATE deliveries SET is_late = true")
    leased = await lease_one(database)
    async with database.begin() as connection:
        await subscriptions.pause(connection, subscriber.id, ended)
    alert = await begin(database, leased)
    assert alert is not None
    assert alert.digest is not None
    assert (alert.digest.count, [reason.id for reason in alert.reasons]) == (2, [kept])
    assert await states(database) == {"sending": 2, "cancelled": 1}


async def test_a_digest_waits_while_more_late_posts_come(database: Database) -> None:
    await make_late(database, posts=3)
    await change(database, "UPDATE deliveries SET due_at = now() + interval '50 seconds' WHERE id = 3")
    assert await lease(database) == []
    assert await rows(database, "SELECT count(DISTINCT due_at) FROM deliveries") == [(1,)]


async def test_a_digest_does_not_wait_for_more_than_five_minutes(database: Database) -> None:
    await make_late(database, posts=3)
    await change(database, "UPDATE deliveries SET due_at = now() + interval '50 seconds' WHERE id = 3")
    await change(database, "UPDATE deliveries SET owed_at = now() - interval '6 minutes' WHERE id = 1")
    assert len((await lease_one(database)).ids) == 3


async def test_late_posts_that_wait_after_an_error_keep_their_time(database: Database) -> None:
    await make_late(database, posts=3)
    await change(database, "UPDATE deliveries SET attempt = 1, due_at = now() + interval '1 hour' WHERE id = 3")
    assert len((await lease_one(database)).ids) == 2


async def test_a_digest_of_very_many_posts_reads_the_newest(database: Database) -> None:
    await make_late(database, posts=50)
    await change(database, "UPDATE posts SET posted_at = posted_at + message_id * interval '1 minute'")
    alert = await begin(database, await lease_one(database))
    assert alert is not None
    assert alert.digest is not None
    assert (alert.digest.count, alert.digest.since_at) == (50, NOON + MINUTE)
    assert [post.message_id for post in alert.digest.posts] == list(range(11, 51))


async def test_an_alert_knows_that_an_archive_brought_its_post(database: Database) -> None:
    await make_owed(database)
    await change(database, "UPDATE posts SET found_by = 'replay'")
    alert = await begin(database, await lease_one(database))
    assert alert is not None
    assert alert.is_replay
