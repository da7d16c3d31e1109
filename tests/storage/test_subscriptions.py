"""Standing queries, and the counter by which ingest follows them."""

from __future__ import annotations

import asyncio

from matching.query import parse
from storage import subscriptions
from storage.database import Database
from storage.ids import SubscriptionId
from storage.subscription_exchange import exchange, fingerprint
from storage.subscriptions import Subscription, changes_since
from tests.storage.makers import change, make_owed, make_subscriber, rows, subscribe


async def changes(database: Database, version: int = -1) -> tuple[int, list[Subscription]]:
    async with database.begin() as connection:
        return await changes_since(connection, version)


async def test_draft_is_invisible_until_it_is_confirmed(database: Database) -> None:
    subscriber = await make_subscriber(database)
    async with database.begin() as connection:
        drafted = await subscriptions.draft(connection, subscriber.id, name="мир", query=parse("мир"))
        assert await subscriptions.list_for(connection, subscriber.id) == []
    assert await changes(database) == (0, [])
    async with database.begin() as connection:
        confirmed = await subscriptions.confirm(connection, subscriber.id, drafted)
    assert confirmed == Subscription(drafted, subscriber.id, "мир", "мир", "active")
    assert await changes(database) == (1, [confirmed])


async def test_every_change_bumps_the_counter(database: Database) -> None:
    subscriber = await make_subscriber(database)
    reason = await subscribe(database, subscriber)
    version, _ = await changes(database)
    for act, state in (
        (subscriptions.pause, "paused"),
        (subscriptions.resume, "active"),
        (subscriptions.delete, "deleted"),
    ):
        async with database.begin() as connection:
            assert await act(connection, subscriber.id, reason)
        later, (changed,) = await changes(database, version)
        assert (changed.id, changed.state) == (reason, state)
        assert later > version
        version = later
    assert await changes(database, version) == (version, [])


async def test_changes_of_two_transactions_at_once_are_never_missed(database: Database) -> None:
    one, two = await make_subscriber(database, 1), await make_subscriber(database, 2)
    async with database.begin() as connection:
        drafts = [await subscriptions.draft(connection, who.id, name="мир", query=parse("мир")) for who in (one, two)]
    async with database.begin() as slow:
        await subscriptions.confirm(slow, one.id, drafts[0])

        async def hurry() -> None:
            async with database.begin() as connection:
                await subscriptions.confirm(connection, two.id, drafts[1])

        quick = asyncio.create_task(hurry())
        await asyncio.sleep(0.1)
        version, seen = await changes(database)
    await quick
    _, missed = await changes(database, version)
    assert {change.id for change in seen + missed} == set(drafts)


async def test_deleting_wipes_the_words(database: Database) -> None:
    subscriber = await make_subscriber(database)
    reason = await subscribe(database, subscriber, "мир")
    async with database.begin() as connection:
        assert await subscriptions.delete(connection, subscriber.id, reason)
        assert await subscriptions.list_for(connection, subscriber.id) == []
        assert await subscriptions.get(connection, subscriber.id, reason) is None
    assert await rows(database, "SELECT name, query, canonical, state FROM subscriptions") == [("", "", "", "deleted")]


async def test_confirming_twice_is_confirming_once(database: Database) -> None:
    subscriber = await make_subscriber(database)
    async with database.begin() as connection:
        drafted = await subscriptions.draft(connection, subscriber.id, name="мир", query=parse("мир"))

    async def tap() -> Subscription | None:
        async with database.begin() as connection:
            return await subscriptions.confirm(connection, subscriber.id, drafted)

    one, two = await asyncio.gather(tap(), tap())
    assert one == two
    assert await rows(database, "SELECT state FROM subscriptions") == [("active",)]


async def test_two_drafts_of_one_query_become_one_subscription(database: Database) -> None:
    subscriber = await make_subscriber(database)
    async with database.begin() as connection:
        drafts = [
            await subscriptions.draft(connection, subscriber.id, name=asked, query=parse(asked))
            for asked in ("мир дом", "дом мир")
        ]

    async def tap(drafted: SubscriptionId) -> Subscription | None:
        async with database.begin() as connection:
            return await subscriptions.confirm(connection, subscriber.id, drafted)

    one, two = await asyncio.gather(*map(tap, drafts))
    assert one is not None
    assert two is not None
    assert one.id == two.id
    assert await rows(database, "SELECT state FROM subscriptions") == [("active",)]


async def test_twin_of_a_paused_subscription_resumes_it(database: Database) -> None:
    subscriber = await make_subscriber(database)
    first = await subscribe(database, subscriber)
    async with database.begin() as connection:
        await subscriptions.pause(connection, subscriber.id, first)
    assert await subscribe(database, subscriber) == first
    assert await rows(database, "SELECT state FROM subscriptions") == [("active",)]


async def test_confirming_a_subscription_again_never_removes_one(database: Database) -> None:
    subscriber = await make_subscriber(database)
    first, second = [await subscribe(database, subscriber, query) for query in ("мир", "дом")]
    await change(database, "UPDATE subscriptions SET canonical = 'same'")  # as new dictionaries may make them
    async with database.begin() as connection:
        confirmed = await subscriptions.confirm(connection, subscriber.id, second)
    assert confirmed is not None
    assert confirmed.id == second
    assert await rows(database, "SELECT count(*) FROM subscriptions WHERE id = :id", id=first) == [(1,)]


async def test_nobody_touches_the_subscription_of_another(database: Database) -> None:
    owner, other = await make_subscriber(database, 1), await make_subscriber(database, 2)
    reason = await subscribe(database, owner)
    async with database.begin() as connection:
        for act in (subscriptions.pause, subscriptions.resume, subscriptions.delete, subscriptions.confirm):
            assert not await act(connection, other.id, reason)
        assert not await subscriptions.rename(connection, other.id, reason, "моё")
        assert await subscriptions.get(connection, other.id, reason) is None
        assert [item.state for item in await subscriptions.list_for(connection, owner.id)] == ["active"]


async def test_renaming_cancels_nothing(database: Database) -> None:
    await make_owed(database)
    subscriber = await make_subscriber(database)
    async with database.begin() as connection:
        (own,) = await subscriptions.list_for(connection, subscriber.id)
        assert await subscriptions.rename(connection, subscriber.id, own.id, "новое\x00 имя\ud800")
        (renamed,) = await subscriptions.list_for(connection, subscriber.id)
    assert renamed.name == "новое\ufffd имя\ufffd"
    assert await rows(database, "SELECT state FROM deliveries") == [("pending",)]


async def test_old_drafts_go_and_new_ones_stay(database: Database) -> None:
    subscriber = await make_subscriber(database)
    for asked in ("мир", "дом", "лес"):
        async with database.begin() as connection:
            await subscriptions.draft(connection, subscriber.id, name=asked, query=parse(asked))
        if asked == "мир":
            await change(database, "UPDATE subscriptions SET created_at = now() - interval '25 hours'")
    assert await rows(database, "SELECT name FROM subscriptions ORDER BY id") == [("дом",), ("лес",)]


async def test_an_exchanged_query_can_be_exchanged_back(database: Database) -> None:
    owner = await make_subscriber(database)
    async with database.begin() as connection:
        first = await subscriptions.draft(connection, owner.id, name="one", query=parse("ferry"))
        await subscriptions.confirm(connection, owner.id, first)
        version = await subscriptions.counter(connection)
        other = await subscriptions.draft(connection, owner.id, name="two", query=parse("ferry -island"))
        for wanted, name in (("ferry -island", "two"), ("ferry", "one")):
            changed = await exchange(connection, owner.id, first, other, fingerprint(wanted))
            assert changed is not None
            assert (changed.query, changed.name, changed.state) == (wanted, name, "active")
        assert [each.id for each in (await changes_since(connection, version))[1]] == [first]


async def test_the_second_of_two_taps_changes_nothing(database: Database) -> None:
    owner = await make_subscriber(database)
    async with database.begin() as connection:
        first = await subscriptions.draft(connection, owner.id, name="one", query=parse("ferry"))
        await subscriptions.confirm(connection, owner.id, first)
        other = await subscriptions.draft(connection, owner.id, name="two", query=parse("island"))
        wanted = fingerprint("island")
        assert await exchange(connection, owner.id, first, other, wanted) == await exchange(
            connection, owner.id, first, other, wanted
        )
        assert await exchange(connection, owner.id, first, other, fingerprint("harbour")) is None


async def test_nobody_exchanges_the_query_of_another(database: Database) -> None:
    owner, stranger = await make_subscriber(database), await make_subscriber(database, 101)
    async with database.begin() as connection:
        first = await subscriptions.draft(connection, owner.id, name="one", query=parse("ferry"))
        await subscriptions.confirm(connection, owner.id, first)
        other = await subscriptions.draft(connection, stranger.id, name="two", query=parse("island"))
        wanted = fingerprint("island")
        assert await exchange(connection, stranger.id, first, other, wanted) is None
        assert await exchange(connection, owner.id, first, other, wanted) is None
