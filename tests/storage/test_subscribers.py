"""Chats come, are shut out, come back, and become supergroups."""

from __future__ import annotations

from storage import subscribers, subscriptions
from storage.database import Database
from storage.deliveries import counts_by_state
from storage.ids import ChatId
from storage.subscribers import get_subscriber, migrate_chat
from storage.subscriptions import changes_since
from tests.storage.makers import make_owed, make_subscriber, owe, rows, subscribe

GROUP, SUPERGROUP = ChatId(-100), ChatId(-1000000000100)


async def test_chat_that_speaks_again_is_the_same_subscriber(database: Database) -> None:
    first = await make_subscriber(database, 1)
    async with database.begin() as connection:
        await subscribers.set_language(connection, first.id, "uk")
    again = await make_subscriber(database, 1)
    assert (again.id, again.language) == (first.id, "uk")
    assert (await make_subscriber(database, 1, thread_id=3)).id != first.id


async def test_suspended_chat_that_speaks_is_active_again(database: Database) -> None:
    subscriber = await make_subscriber(database, 1)
    reason = await subscribe(database, subscriber)
    async with database.begin() as connection:
        await subscribers.suspend(connection, subscriber.id, "blocked\x00\ud800")
        shut_out = await get_subscriber(connection, subscriber.id)
    assert shut_out is not None
    assert shut_out.state == "suspended"
    assert (await make_subscriber(database, 1)).state == "active"
    async with database.begin() as connection:
        assert [item.id for item in await subscriptions.list_for(connection, subscriber.id)] == [reason]


async def test_group_keeps_everything_when_it_becomes_a_supergroup(database: Database) -> None:
    await make_owed(database, chats=[GROUP])
    before = await make_subscriber(database, GROUP)
    async with database.begin() as connection:
        await migrate_chat(connection, GROUP, SUPERGROUP)
        await migrate_chat(connection, GROUP, SUPERGROUP)
        after = await get_subscriber(connection, before.id)
        assert await counts_by_state(connection) == {"pending": 1}
    assert after is not None
    assert (after.chat_id, after.chat_type, after.state) == (SUPERGROUP, "supergroup", "active")


async def test_supergroup_that_spoke_first_takes_over_what_the_group_had(database: Database) -> None:
    posts = await make_owed(database, chats=[GROUP], posts=2)
    left, taking = await make_subscriber(database, GROUP), await make_subscriber(database, SUPERGROUP)
    await owe(database, taking, posts[:1], await subscribe(database, taking, "дом"))
    async with database.begin() as connection:
        version, _ = await changes_since(connection, -1)
        await migrate_chat(connection, GROUP, SUPERGROUP)
    async with database.begin() as connection:
        names = [item.name for item in await subscriptions.list_for(connection, taking.id)]
        _, changes = await changes_since(connection, version)
        assert await subscriptions.list_for(connection, left.id) == []
    assert names == ["мир", "дом"]
    assert [change.subscriber_id for change in changes] == [taking.id]  # ingest hears of it
    owed = await rows(database, "SELECT subscriber_id, state, count(*) FROM deliveries GROUP BY 1, 2 ORDER BY 1")
    assert owed == [(left.id, "cancelled", 1), (taking.id, "pending", 2)]
