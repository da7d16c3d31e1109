"""Webhooks: what is owed arrives, signed, whatever the receiver or the sender does meanwhile; repeats say so."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import json
import logging
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from config.keys import Key
from ingest.pipeline import Pipeline
from matching.query import parse
from storage import webhooks
from storage.database import Database
from storage.ids import PostId
from storage.webhook_deliveries import OwedToWebhook, owe_webhooks
from storage.webhooks import Address, Mode, Webhook
from tests.storage.makers import change, make_channel, make_post, rows, store_one
from tests.web.receiver import Call, Receiver, receiving
from web.webhooks.sender import Sender
from web.webhooks.signatures import new_secret

SECRET = new_secret()
HERE = frozenset({"127.0.0.1"})


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key.kept_in(tmp_path)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as listening:
        yield listening


async def make_webhook(
    database: Database, key: Key, url: str, *, name: str = "desk", query: str = "мир", mode: Mode = "every"
) -> Webhook:
    async with database.begin() as connection:
        return await webhooks.add(
            connection, key, name=name, kind="webhook", query=parse(query), mode=mode, host="127.0.0.1",
            address=Address(url, SECRET),
        )  # fmt: skip


async def make_owed(database: Database, webhook: Webhook, count: int = 1) -> list[PostId]:
    channel_id = await make_channel(database)
    posts = [await store_one(database, make_post(channel_id, number, "мир")) for number in range(1, count + 1)]
    async with database.begin() as connection:
        await owe_webhooks(connection, [OwedToWebhook(webhook.id, post_id) for post_id in posts])
    return posts


@contextlib.asynccontextmanager
async def sending(database: Database, key: Key, *, allowed: frozenset[str] = HERE) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    work = asyncio.create_task(Sender(database, key, allowed).run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(work, 20)


async def settled(database: Database, states: list[tuple[str, int]]) -> None:
    async with asyncio.timeout(20):
        while await state_of(database) != states:  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.02)


async def state_of(database: Database) -> list[tuple[str, int]]:
    found = await rows(database, "SELECT state, attempt FROM webhook_deliveries ORDER BY id")
    return [(state, attempt) for state, attempt in found]


async def hurry(database: Database) -> None:
    """As if the time until the next attempt had passed."""
    await change(database, "UPDATE webhooks SET not_before_at = NULL")
    await change(database, "UPDATE webhook_deliveries SET due_at = now() WHERE state = 'pending'")
    await change(database, "SELECT pg_notify('webhooks', '')")


def is_signed(call: Call) -> bool:
    """As the standard has a receiver check it (standardwebhooks.com)."""
    number, at = call.headers["webhook-id"], call.headers["webhook-timestamp"]
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, f"{number}.{at}.".encode() + call.body, hashlib.sha256).digest()
    return call.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


async def test_a_post_arrives_signed_with_what_it_says(database: Database, key: Key, receiver: Receiver) -> None:
    await make_owed(database, await make_webhook(database, key, receiver.url))
    async with sending(database, key):
        (call,) = await receiver.until(1)
        await settled(database, [("sent", 1)])
    said = json.loads(call.body)
    assert is_signed(call)
    assert (said["type"], said["data"]["post"]["text"], said["data"]["is_repeat"]) == ("post.matched", "мир", False)


async def test_a_changed_body_does_not_pass_for_signed(database: Database, key: Key, receiver: Receiver) -> None:
    await make_owed(database, await make_webhook(database, key, receiver.url))
    async with sending(database, key):
        (call,) = await receiver.until(1)
    assert not is_signed(Call(call.headers, call.body + b" "))


async def test_what_was_refused_comes_again_under_its_number_and_says_so(
    database: Database, key: Key, receiver: Receiver
) -> None:
    receiver.answers = [(503, {})]
    await make_owed(database, await make_webhook(database, key, receiver.url))
    async with sending(database, key):
        await receiver.until(1)
        await settled(database, [("pending", 1)])
        await hurry(database)
        first, second = await receiver.until(2)
        await settled(database, [("sent", 2)])
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert [call.headers["webhook-attempt"] for call in (first, second)] == ["1", "2"]
    assert json.loads(second.body)["data"]["is_repeat"]


async def test_redirects_are_not_followed(database: Database, key: Key, receiver: Receiver) -> None:
    receiver.answers = [(302, {"location": receiver.url})]
    await make_owed(database, await make_webhook(database, key, receiver.url))
    async with sending(database, key):
        await settled(database, [("pending", 1)])
    assert len(receiver.calls) == 1
    ((detail,),) = await rows(database, "SELECT detail FROM webhook_deliveries")
    assert detail == "HTTP 302, and redirects are not followed"


async def test_a_receiver_that_wants_nothing_any_more_is_paused(
    database: Database, key: Key, receiver: Receiver
) -> None:
    receiver.answers = [(410, {})]
    await make_owed(database, await make_webhook(database, key, receiver.url), 2)
    async with sending(database, key):
        await settled(database, [("dead", 1), ("pending", 0)])
    assert await rows(database, "SELECT state, state_detail FROM webhooks") == [
        ("paused", "its receiver answered 410 Gone")
    ]


async def test_a_receiver_may_say_how_long_it_wants_to_be_left_alone(
    database: Database, key: Key, receiver: Receiver
) -> None:
    receiver.answers = [(429, {"retry-after": "1800"})]
    await make_owed(database, await make_webhook(database, key, receiver.url))
    async with sending(database, key):
        await settled(database, [("pending", 1)])
    ((rest,),) = await rows(database, "SELECT least(not_before_at, due_at) - now() FROM webhooks, webhook_deliveries")
    assert dt.timedelta(minutes=29) < rest <= dt.timedelta(minutes=30)


async def test_one_receiver_in_trouble_holds_up_no_other(database: Database, key: Key, receiver: Receiver) -> None:
    async with receiving() as silent:
        silent.before = asyncio.Event().wait
        slow = await make_webhook(database, key, silent.url, name="slow")
        well = await make_webhook(database, key, receiver.url, name="well")
        posts = await make_owed(database, slow)
        async with database.begin() as connection:
            await owe_webhooks(connection, [OwedToWebhook(well.id, post_id) for post_id in posts])
        async with sending(database, key):
            await silent.until(1)
            await receiver.until(1)
            assert ("sending", 1) in await state_of(database)


async def test_a_post_that_is_not_kept_any_more_is_not_sent(database: Database, key: Key, receiver: Receiver) -> None:
    await make_owed(database, await make_webhook(database, key, receiver.url))
    await change(database, "DELETE FROM posts")
    async with sending(database, key):
        await settled(database, [("cancelled", 1)])
    assert receiver.calls == []


async def test_of_a_protected_channel_only_the_link_goes_out(database: Database, key: Key, receiver: Receiver) -> None:
    await make_owed(database, await make_webhook(database, key, receiver.url))
    await change(database, "UPDATE channels SET is_protected = true")
    async with sending(database, key):
        (call,) = await receiver.until(1)
    post = json.loads(call.body)["data"]["post"]
    assert (post["text"], post["url"]) == (None, "https://t.me/news/1")


async def test_a_private_address_is_not_asked_unless_the_operator_allows_it(
    database: Database, key: Key, receiver: Receiver
) -> None:
    await make_owed(database, await make_webhook(database, key, receiver.url.replace("http:", "https:")))
    async with sending(database, key, allowed=frozenset()):
        await settled(database, [("pending", 1)])
    assert await rows(database, "SELECT detail FROM webhook_deliveries") == [("the address is not public",)]


async def test_neither_addresses_nor_secrets_nor_posts_are_logged(
    database: Database,
    key: Key,
    receiver: Receiver,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answers = [(503, {})]
    await make_owed(database, await make_webhook(database, key, receiver.url))
    async with sending(database, key):
        await settled(database, [("pending", 1)])
        await hurry(database)
        await settled(database, [("sent", 2)])
    said = "".join(capfd.readouterr()) + caplog.text
    assert "webhook not delivered" in said
    assert not any(secret in said for secret in ("canary-2718", SECRET, "мир"))


def live(url: str, home: Path, *, takes_back: bool) -> None:
    """A sender in a process of its own."""

    async def send() -> None:
        database = Database(url)
        await Sender(database, Key.kept_in(home), HERE, takes_back=takes_back).run(asyncio.Event())

    asyncio.run(send())


@contextlib.contextmanager
def living(url: str, home: Path, *, takes_back: bool = True) -> Iterator[BaseProcess]:
    process = multiprocessing.get_context("spawn").Process(
        target=live, args=(url, home), kwargs={"takes_back": takes_back}
    )
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


async def kill_in_the_middle(database: Database, home: Path, receiver: Receiver) -> None:
    """The receiver has the post; the sender dies before it can hear so."""
    held = asyncio.Event()
    receiver.before = held.wait
    with living(database.url, home) as process:
        await receiver.until(1)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    receiver.before = None
    held.set()
    await change(database, "UPDATE webhook_deliveries SET leased_until_at = now() - interval '1 second'")


async def test_what_a_killed_sender_was_sending_arrives_and_every_repeat_is_marked(
    database: Database, key: Key, receiver: Receiver, tmp_path: Path
) -> None:
    await make_owed(database, await make_webhook(database, key, receiver.url), 2)
    await kill_in_the_middle(database, tmp_path, receiver)
    async with sending(database, key):
        await settled(database, [("sent", 2), ("sent", 1)])
    attempts = [(call.headers["webhook-id"], call.headers["webhook-attempt"]) for call in receiver.calls]
    assert attempts[0][1] == "1"
    assert sorted(attempts[1:]) == sorted([(attempts[0][0], "2"), ("1-2", "1")])


async def test_control_a_sender_that_takes_nothing_back_loses_what_was_under_way(
    database: Database, key: Key, receiver: Receiver, tmp_path: Path
) -> None:
    await make_owed(database, await make_webhook(database, key, receiver.url), 2)
    await kill_in_the_middle(database, tmp_path, receiver)
    stop = asyncio.Event()
    work = asyncio.create_task(Sender(database, key, HERE, takes_back=False).run(stop))
    await settled(database, [("sending", 1), ("sent", 1)])
    stop.set()
    await work
    assert [call.headers["webhook-attempt"] for call in receiver.calls] == ["1", "1"]


@contextlib.asynccontextmanager
async def ingesting(database: Database) -> AsyncIterator[Pipeline]:
    pipeline = Pipeline(database)
    work = asyncio.create_task(pipeline.run())
    try:
        yield pipeline
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def owed_posts(database: Database) -> list[int]:
    found = await rows(
        database,
        "SELECT message_id FROM webhook_deliveries d JOIN posts p ON p.id = d.post_id ORDER BY d.id",
    )
    return [number for (number,) in found]


async def test_a_matching_post_is_owed_with_its_commit_also_to_webhooks_that_come_meanwhile(
    database: Database, key: Key
) -> None:
    channel_id = await make_channel(database)
    async with ingesting(database) as pipeline:
        await pipeline.offer(make_post(channel_id, 1, "мир"))
        await pipeline.settle()
        webhook = await make_webhook(database, key, "https://receiver.example/")
        await pipeline.offer(make_post(channel_id, 2, "мир"))
        await pipeline.offer(make_post(channel_id, 3, "война"))
        await pipeline.settle()
        async with database.begin() as connection:
            await webhooks.remove(connection, webhook.id)
        await pipeline.offer(make_post(channel_id, 4, "мир"))
        await pipeline.settle()
    assert await owed_posts(database) == [2]


async def test_an_edit_is_owed_only_when_it_matches_anew(database: Database, key: Key) -> None:
    channel_id = await make_channel(database)
    await make_webhook(database, key, "https://receiver.example/")
    edited = {"edited_at": dt.datetime(2026, 1, 5, 12, 1, tzinfo=dt.UTC)}
    async with ingesting(database) as pipeline:
        await pipeline.offer(make_post(channel_id, 1, "мир"))
        await pipeline.offer(make_post(channel_id, 2, "война"))
        await pipeline.settle()
        await change(database, "DELETE FROM webhook_deliveries")
        await pipeline.offer(make_post(channel_id, 1, "мир да любовь", **edited))
        await pipeline.offer(make_post(channel_id, 2, "мир", **edited))
        await pipeline.settle()
    assert await owed_posts(database) == [2]


async def test_backfilled_posts_are_owed_to_no_webhook(database: Database, key: Key) -> None:
    channel_id = await make_channel(database)
    await make_webhook(database, key, "https://receiver.example/")
    async with ingesting(database) as pipeline:
        await pipeline.offer(make_post(channel_id, 1, "мир"), owe=False)
        await pipeline.settle()
    assert await owed_posts(database) == []


async def test_a_post_and_what_it_owes_to_webhooks_are_one_transaction(database: Database, key: Key) -> None:
    channel_id = await make_channel(database)
    await make_webhook(database, key, "https://receiver.example/")
    async with ingesting(database) as pipeline:
        await pipeline.offer(make_post(channel_id, 1, "мир"))
        await pipeline.settle()
    written = "SELECT p.xmin::text = d.xmin::text FROM posts p JOIN webhook_deliveries d ON d.post_id = p.id"
    assert await rows(database, written) == [(True,)]
