"""Chats come, are shut out, and come back."""

from __future__ import annotations

from storage import subscribers, subscriptions
from storage.database import Database
from storage.subscribers import get_subscriber
from tests.storage.makers import make_subscriber, subscribe


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
