"""What webhooks are owed: once, with its post, and until it is known to have arrived."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from config.keys import Key
from matching.query import parse
from storage import webhook_deliveries, webhooks
from storage.database import Database
from storage.ids import PostId
from storage.webhook_deliveries import Due, OwedToWebhook, owe_webhooks
from storage.webhooks import Address, Mode, Webhook
from tests.storage.makers import change, make_channel, make_post, rows, store_one

LEASE = dt.timedelta(seconds=30)
SECOND = dt.timedelta(seconds=1)
URL = "https://receiver.example/in?key=canary-2718"


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key.kept_in(tmp_path)


async def make_webhook(
    database: Database, key: Key, name: str = "desk", mode: Mode = "every", query: str = "мир"
) -> Webhook:
    async with database.begin() as connection:
        return await webhooks.add(
            connection, key, name=name, kind="webhook", query=parse(query), mode=mode, host="receiver.example",
            address=Address(URL, "whsec_c2VjcmV0"),
        )  # fmt: skip


async def make_posts(database: Database, count: int = 1) -> list[PostId]:
    channel_id = await make_channel(database)
    return [await store_one(database, make_post(channel_id, number, "мир")) for number in range(1, count + 1)]


async def owe(database: Database, webhook: Webhook, *post_ids: PostId) -> int:
    async with database.begin() as connection:
        return await owe_webhooks(connection, [OwedToWebhook(webhook.id, post_id) for post_id in post_ids])


async def lease(database: Database, limit: int = 10) -> list[Due]:
    async with database.begin() as connection:
        return await webhook_deliveries.lease_due(connection, lease=LEASE, limit=limit)


async def test_a_post_is_owed_once_however_often_it_is_asked_for(database: Database, key: Key) -> None:
    webhook, posts = await make_webhook(database, key), await make_posts(database, 2)
    assert await owe(database, webhook, *posts) == 2
    assert await owe(database, webhook, *posts) == 0


async def test_who_wants_the_first_of_a_story_is_owed_one_post_of_it(database: Database, key: Key) -> None:
    webhook, posts = await make_webhook(database, key, mode="first"), await make_posts(database, 3)
    for post_id in posts:
        await change(
            database, "INSERT INTO story_posts (post_id, story_id, kind) VALUES (:id, :story, 'copy')",
            id=post_id, story=posts[0],
        )  # fmt: skip
    assert await owe(database, webhook, posts[0], posts[1]) == 1
    assert await owe(database, webhook, posts[2]) == 0


async def test_one_delivery_of_each_webhook_is_taken_at_a_time(database: Database, key: Key) -> None:
    first, second = await make_webhook(database, key, "first"), await make_webhook(database, key, "second")
    posts = await make_posts(database, 2)
    await owe(database, first, *posts)
    await owe(database, second, *posts)
    assert [due.webhook_name for due in await lease(database)] == ["first", "second"]


ITS_LEASE_ENDS = "UPDATE webhook_deliveries SET leased_until_at = now() - interval '1 second'"


async def test_what_a_dead_sender_had_taken_goes_again_and_counts_as_a_repeat(database: Database, key: Key) -> None:
    await owe(database, await make_webhook(database, key), *await make_posts(database))
    (before,) = await lease(database)
    async with database.begin() as connection:
        assert await webhook_deliveries.expire_leases(connection) == 0
    await change(database, ITS_LEASE_ENDS)
    async with database.begin() as connection:
        assert await webhook_deliveries.expire_leases(connection) == 1
    (again,) = await lease(database)
    assert (before.id, before.attempt, again.id, again.attempt) == (again.id, 1, before.id, 2)


async def test_a_sender_that_lost_its_lease_settles_nothing(database: Database, key: Key) -> None:
    await owe(database, await make_webhook(database, key), *await make_posts(database))
    (lost,) = await lease(database)
    await change(database, ITS_LEASE_ENDS)
    async with database.begin() as connection:
        await webhook_deliveries.expire_leases(connection)
        assert not await webhook_deliveries.mark_sent(connection, lost)
    assert await rows(database, "SELECT state FROM webhook_deliveries") == [("pending",)]


async def test_a_receiver_in_trouble_is_left_alone_for_a_while(database: Database, key: Key) -> None:
    await owe(database, await make_webhook(database, key), *await make_posts(database, 2))
    (due,) = await lease(database)
    async with database.begin() as connection:
        assert not await webhook_deliveries.mark_failed(connection, due, "HTTP 503", delay=SECOND, rest=SECOND)
    assert await lease(database) == []
    await change(database, "UPDATE webhooks SET not_before_at = now()")
    assert [again.post_id for again in await lease(database)] != [due.post_id]


async def test_a_delivery_is_given_up_with_its_reason_after_so_many_attempts(database: Database, key: Key) -> None:
    await owe(database, await make_webhook(database, key), *await make_posts(database))
    await change(database, "UPDATE webhook_deliveries SET attempt = :n", n=webhook_deliveries.MOST_ATTEMPTS - 1)
    (due,) = await lease(database)
    async with database.begin() as connection:
        assert await webhook_deliveries.mark_failed(connection, due, "HTTP 503", delay=SECOND, rest=SECOND)
    assert await rows(database, "SELECT state, detail FROM webhook_deliveries") == [
        ("dead", "given up after 10 attempts: HTTP 503")
    ]


async def test_a_removed_webhook_is_owed_nothing_and_keeps_no_secret(database: Database, key: Key) -> None:
    webhook = await make_webhook(database, key)
    await owe(database, webhook, *await make_posts(database))
    async with database.begin() as connection:
        assert await webhooks.remove(connection, webhook.id)
        assert await webhooks.address_of(connection, key, webhook.id) is None
    assert await rows(database, "SELECT state FROM webhook_deliveries") == [("cancelled",)]
    assert await rows(database, "SELECT url, secret, query, name, host FROM webhooks") == [(None, None, "", "", "")]


async def test_a_paused_webhook_matches_nothing_and_its_rows_wait(database: Database, key: Key) -> None:
    webhook, posts = await make_webhook(database, key), await make_posts(database, 2)
    await owe(database, webhook, posts[0])
    async with database.begin() as connection:
        await webhooks.pause(connection, webhook.id)
    assert await owe(database, webhook, posts[1]) == 0
    assert await lease(database) == []
    async with database.begin() as connection:
        await webhooks.resume(connection, webhook.id)
    assert [due.post_id for due in await lease(database)] == [posts[0]]


async def test_addresses_are_not_readable_in_the_database(database: Database, key: Key) -> None:
    webhook = await make_webhook(database, key)
    ((said,),) = await rows(database, "SELECT to_jsonb(webhooks)::text || encode(url, 'escape') FROM webhooks")
    assert "canary-2718" not in said
    async with database.begin() as connection:
        kept = await webhooks.address_of(connection, key, webhook.id)
    assert kept is not None
    assert kept.url == URL
    assert "canary" not in repr(kept)


async def test_a_query_that_no_post_can_match_makes_no_webhook(database: Database, key: Key) -> None:
    with pytest.raises(webhooks.NoPostsAsked, match=r"burst:\*"):
        await make_webhook(database, key, query="burst:*")


async def test_a_name_is_free_again_when_its_webhook_is_gone(database: Database, key: Key) -> None:
    webhook = await make_webhook(database, key)
    with pytest.raises(webhooks.WebhookNameTaken):
        await make_webhook(database, key)
    async with database.begin() as connection:
        await webhooks.remove(connection, webhook.id)
    assert (await make_webhook(database, key)).id != webhook.id
