"""Deliveries are owed once, leased to one, and settled only by whoever holds the lease."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import subscribers, subscriptions
from storage.database import Database
from storage.deliveries import (
    Leased,
    Owed,
    alert_of,
    ban,
    bans,
    begin_sending,
    counts_by_state,
    expire_leases,
    lease_due,
    mark_dead,
    mark_pending,
    mark_sent,
    mark_unknown,
    next_due_at,
    owe_alerts,
    purge_settled,
)
from storage.ids import ChatId, SubscriberId, SubscriptionId
from tests.storage.makers import (
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

Ending = Callable[[AsyncConnection, SubscriberId, SubscriptionId], Awaitable[bool]]
MINUTE = dt.timedelta(minutes=1)
NO_TIME = dt.timedelta(0)


async def lease(database: Database, *, limit: int = 3, busy: tuple[int, ...] = ()) -> list[Leased]:
    async with database.begin() as connection:
        return await lease_due(connection, lease=MINUTE, busy_chats=busy, limit=limit)


async def lease_one(database: Database) -> Leased:
    (leased,) = await lease(database)
    return leased


async def begin(database: Database, leased: Leased) -> bool:
    async with database.begin() as connection:
        return await begin_sending(connection, leased, lease=MINUTE) is not None


async def expire(database: Database) -> int:
    """What happens when the sender is gone and its lease has ended."""
    await change(database, "UPDATE deliveries SET leased_until_at = now() - interval '1 second'")
    async with database.begin() as connection:
        return await expire_leases(connection)


async def states(database: Database) -> dict[str, int]:
    async with database.begin() as connection:
        return await counts_by_state(connection)


async def test_alert_is_owed_once(database: Database) -> None:
    (post_id,) = await make_owed(database)
    subscriber = await make_subscriber(database)
    (reason,) = [number for (number,) in await rows(database, "SELECT id FROM subscriptions")]
    assert await owe(database, subscriber, [post_id], reason) == 0
    assert await states(database) == {"pending": 1}


async def test_sent_alert_is_not_owed_again(database: Database) -> None:
    (post_id,) = await make_owed(database)
    leased = await lease_one(database)
    await begin(database, leased)
    async with database.begin() as connection:
        assert await mark_sent(connection, leased, 555)
    other = await subscribe(database, leased.subscriber, "война")
    assert await owe(database, leased.subscriber, [post_id], other) == 0
    assert await rows(database, "SELECT state, telegram_message_id, attempt FROM deliveries") == [("sent", 555, 1)]


async def test_alert_names_every_subscription_that_asked(database: Database) -> None:
    subscriber = await make_subscriber(database)
    asked = [await subscribe(database, subscriber, query) for query in ("мир", "дом", "лес")]
    post_id = await store_one(database, make_post(await make_channel(database), 1, "мир дом лес"))
    await owe(database, subscriber, [post_id], asked[0], asked[1])
    await owe(database, subscriber, [post_id], asked[2])  # an edit newly matches while the alert waits
    async with database.begin() as connection:
        (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=3)
        alert = await begin_sending(connection, leased, lease=MINUTE)
    assert alert is not None
    assert [reason.name for reason in alert.reasons] == ["мир", "дом", "лес"]
    assert (alert.post.id, alert.is_repeat) == (post_id, False)


async def test_one_alert_a_chat_is_leased(database: Database) -> None:
    post_ids = await make_owed(database, chats=[1, 2, 3], posts=2)
    first = await lease(database, limit=2)
    second = await lease(database, busy=tuple(item.subscriber.chat_id for item in first))
    assert [item.subscriber.chat_id for item in first + second] == [1, 2, 3]
    owed = await rows(database, "SELECT post_id FROM deliveries WHERE state = 'leased'")
    assert owed == [(post_ids[0],)] * 3


async def test_threads_of_one_chat_share_its_turn(database: Database) -> None:
    post_id = await store_one(database, make_post(await make_channel(database), 1, "мир"))
    for thread_id in (0, 5):
        subscriber = await make_subscriber(database, 1, thread_id)
        await owe(database, subscriber, [post_id], await subscribe(database, subscriber))
    assert len(await lease(database)) == 1


async def test_busy_chats_are_stepped_over(database: Database) -> None:
    await make_owed(database, chats=[1, 2], posts=3)
    assert [item.subscriber.chat_id for item in await lease(database, busy=(1,), limit=1)] == [2]
    assert await lease(database, busy=(1, 2)) == []


async def test_rows_that_another_connection_is_leasing_are_stepped_over(database: Database) -> None:
    await make_owed(database, chats=[1, 2])
    async with database.begin() as one, database.begin() as other:
        mine = await lease_due(one, lease=MINUTE, busy_chats=(), limit=1)
        theirs = await lease_due(other, lease=MINUTE, busy_chats=(), limit=1)
    assert {item.subscriber.chat_id for item in mine + theirs} == {1, 2}
    assert await states(database) == {"leased": 2}


async def test_lost_lease_cannot_settle(database: Database) -> None:
    await make_owed(database)
    lost = await lease_one(database)
    assert await begin(database, lost)
    await expire(database)
    held = await lease_one(database)
    async with database.begin() as connection:
        assert not await mark_sent(connection, lost, 1)
        assert not await mark_pending(connection, lost, NO_TIME, "late")
        assert not await mark_unknown(connection, lost, "late", NO_TIME)
        assert not await mark_dead(connection, lost, "late")
        assert not await begin_sending(connection, lost, lease=MINUTE)
    assert await begin(database, held)


async def test_alert_that_was_not_begun_is_pending_again_when_its_lease_ends(database: Database) -> None:
    await make_owed(database)
    await lease_one(database)
    assert await expire(database) == 1
    leased = await lease_one(database)
    assert (leased.attempt, leased.unknowns) == (0, 0)


async def test_alert_that_was_begun_is_sent_once_more_and_then_given_up(database: Database) -> None:
    await make_owed(database)
    for repeat in (False, True):
        async with database.begin() as connection:
            (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1)
            alert = await begin_sending(connection, leased, lease=MINUTE)
        assert alert is not None
        assert alert.is_repeat is repeat
        assert await expire(database) == 1
    assert await lease(database) == []
    assert await states(database) == {"dead": 1}


async def test_live_lease_does_not_expire(database: Database) -> None:
    await make_owed(database, chats=[1, 2])
    await begin(database, (await lease(database))[0])
    async with database.begin() as connection:
        assert await expire_leases(connection) == 0
    assert await states(database) == {"leased": 1, "sending": 1}


async def test_sender_that_starts_alone_takes_back_living_leases_at_once(database: Database) -> None:
    await make_owed(database)
    assert await begin(database, await lease_one(database))
    async with database.begin() as connection:
        assert await expire_leases(connection, of_everybody=True) == 1
    assert await states(database) == {"unknown": 1}


async def test_known_failure_waits_for_its_delay(database: Database) -> None:
    await make_owed(database)
    leased = await lease_one(database)
    await begin(database, leased)
    async with database.begin() as connection:
        assert await mark_pending(connection, leased, MINUTE, "flood\x00\ud800")
        due_at = await next_due_at(connection)
    assert due_at is not None
    assert due_at > dt.datetime.now(dt.UTC) + MINUTE / 2
    assert await lease(database) == []
    assert await rows(database, "SELECT attempt, detail FROM deliveries") == [(1, "flood\ufffd\ufffd")]


@pytest.mark.parametrize("has_begun", [True, False])
async def test_attempt_that_never_reached_telegram_is_not_counted(database: Database, has_begun: bool) -> None:
    await make_owed(database)
    leased = await lease_one(database)
    if has_begun:
        await begin(database, leased)
    async with database.begin() as connection:
        assert await mark_pending(connection, leased, NO_TIME, "no turn", count_attempt=False)
    assert (await lease_one(database)).attempt == 0


async def test_repeat_that_failed_is_still_a_repeat(database: Database) -> None:
    await make_owed(database)
    leased = await lease_one(database)
    await begin(database, leased)
    async with database.begin() as connection:
        assert await mark_unknown(connection, leased, "no answer", NO_TIME)
    leased = await lease_one(database)
    await begin(database, leased)
    async with database.begin() as connection:
        assert await mark_pending(connection, leased, NO_TIME, "flood")
    assert (await lease_one(database)).unknowns == 1


async def test_second_unknown_end_is_the_last(database: Database) -> None:
    await make_owed(database)
    for _ in range(2):
        leased = await lease_one(database)
        await begin(database, leased)
        async with database.begin() as connection:
            assert await mark_unknown(connection, leased, "no answer", NO_TIME)
    assert await rows(database, "SELECT state, settled_at IS NOT NULL FROM deliveries") == [("dead", True)]


@pytest.mark.parametrize("end", [subscriptions.pause, subscriptions.delete])
async def test_ending_one_of_two_reasons_cancels_nothing(database: Database, end: Ending) -> None:
    subscriber = await make_subscriber(database)
    one, two = [await subscribe(database, subscriber, query) for query in ("мир", "дом")]
    post_id = await store_one(database, make_post(await make_channel(database), 1, "мир дом"))
    await owe(database, subscriber, [post_id], one, two)
    for reason, left in ((one, {"pending": 1}), (two, {"cancelled": 1})):
        async with database.begin() as connection:
            assert await end(connection, subscriber.id, reason)
        assert await states(database) == left


async def test_pausing_after_the_lease_stops_the_alert(database: Database) -> None:
    await make_owed(database)
    leased = await lease_one(database)
    async with database.begin() as connection:
        (subscription,) = await subscriptions.list_for(connection, leased.subscriber.id)
        await subscriptions.pause(connection, leased.subscriber.id, subscription.id)
    assert not await begin(database, leased)
    assert await states(database) == {"cancelled": 1}


async def test_cancelled_alert_is_owed_again_when_another_subscription_asks(database: Database) -> None:
    (post_id,) = await make_owed(database)
    subscriber = await make_subscriber(database)
    async with database.begin() as connection:
        (subscription,) = await subscriptions.list_for(connection, subscriber.id)
        await subscriptions.delete(connection, subscriber.id, subscription.id)
    assert await owe(database, subscriber, [post_id], await subscribe(database, subscriber, "дом")) == 1
    assert await begin(database, await lease_one(database))


async def test_subscription_that_ended_since_the_match_is_owed_nothing(database: Database) -> None:
    subscriber = await make_subscriber(database)
    reason = await subscribe(database, subscriber)
    post_id = await store_one(database, make_post(await make_channel(database), 1, "мир"))
    async with database.begin() as connection:
        await subscriptions.pause(connection, subscriber.id, reason)
    assert await owe(database, subscriber, [post_id], reason) == 0
    assert await states(database) == {}


async def test_pausing_while_an_alert_is_being_owed_cancels_it(database: Database) -> None:
    subscriber = await make_subscriber(database)
    reason = await subscribe(database, subscriber)
    post_id = await store_one(database, make_post(await make_channel(database), 1, "мир"))

    async def pause() -> None:
        async with database.begin() as connection:
            await subscriptions.pause(connection, subscriber.id, reason)

    async with database.begin() as connection:
        assert await owe_alerts(connection, [Owed(subscriber.id, post_id, (reason,))]) == 1
        pausing = asyncio.create_task(pause())
        await asyncio.wait([pausing], timeout=0.2)
    await pausing
    assert await states(database) == {"cancelled": 1}


async def test_suspended_subscriber_is_owed_nothing(database: Database) -> None:
    post_ids = await make_owed(database, posts=2)
    leased = await lease_one(database)
    async with database.begin() as connection:
        await subscribers.suspend(connection, leased.subscriber.id, "blocked")
    assert await states(database) == {"cancelled": 2}
    reason = await subscribe(database, leased.subscriber, "дом")
    assert await owe(database, leased.subscriber, post_ids, reason) == 0
    assert not await begin(database, leased)
    assert await lease(database) == []


async def test_ban_is_kept_and_only_grows(database: Database) -> None:
    now = dt.datetime.now(dt.UTC)
    async with database.begin() as connection:
        await ban(connection, 0, now + 2 * MINUTE)
        await ban(connection, 0, now + MINUTE)
        await ban(connection, 7, now - MINUTE)
    async with database.begin() as connection:
        assert await bans(connection) == {0: now + 2 * MINUTE}


async def test_why_button_answers_only_the_chat_it_was_sent_to(database: Database) -> None:
    (post_id,) = await make_owed(database, chats=[1])
    leased = await lease_one(database)
    async with database.begin() as connection:
        alert = await alert_of(connection, ChatId(1), leased.id)
        assert await alert_of(connection, ChatId(2), leased.id) is None
    assert alert is not None
    assert alert.post.id == post_id


async def test_old_settled_deliveries_are_forgotten(database: Database) -> None:
    await make_owed(database, chats=[1, 2])
    leased = (await lease(database))[0]
    async with database.begin() as connection:
        await mark_dead(connection, leased, "gone")
    await change(database, "UPDATE deliveries SET settled_at = settled_at - interval '31 days'")
    async with database.begin() as connection:
        assert await purge_settled(connection, dt.timedelta(days=30)) == 1
    assert await states(database) == {"leased": 1}
