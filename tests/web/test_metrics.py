"""Health and metrics: what machines are told, and that no word of a post, a query or a name is in it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from bot.errors import Action, Verdict
from bot.limits import Limits
from bot.settling import Ledger
from config import metrics
from ingest.asking import Lanes
from ingest.pipeline import Pipeline
from storage import deliveries, heartbeats
from storage.database import Database
from storage.ids import ChatId
from storage.leases import Leased
from tests.storage.makers import change, make_channel, make_post, make_subscriber, owe, store_one, subscribe
from web import health
from web.health import router
from web.health_server import PortTaken, serve_health

SOON = dt.timedelta(seconds=30)

CANARY = "kanareechka"


@pytest.fixture
async def visitor(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.database = database
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        yield client


def value(said: str, name: str, **labels: str) -> float | None:
    """One number of what /metrics says."""
    return next(
        (
            sample.value
            for family in text_string_to_metric_families(said)
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ),
        None,
    )


async def beat(database: Database) -> None:
    async with database.begin() as connection:
        await heartbeats.beat(connection, "ingest")


async def leased(database: Database) -> Leased:
    """An alert that is being sent."""
    post_id = await store_one(database, make_post(await make_channel(database, CANARY), 1, CANARY))
    subscriber = await make_subscriber(database)
    await owe(database, subscriber, [post_id], await subscribe(database, subscriber, CANARY))
    async with database.begin() as connection:
        [lease] = await deliveries.lease_due(connection, lease=SOON, busy_chats=[], limit=1)
        await deliveries.begin_sending(connection, lease, lease=SOON)
    return lease


async def test_healthz_needs_nothing_but_the_process(visitor: httpx.AsyncClient, database: Database) -> None:
    assert (await visitor.get("/healthz")).json() == {"status": "ok"}


async def test_ready_is_who_has_the_database_the_schema_and_ingest(
    visitor: httpx.AsyncClient, database: Database
) -> None:
    await beat(database)
    answer = await visitor.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


@pytest.mark.parametrize(
    ("trouble", "name", "reason"),
    [
        ("DELETE FROM heartbeats", "ingest", "never run"),
        ("UPDATE heartbeats SET beat_at = now() - interval '3 minutes'", "ingest", "nothing for 1"),
    ],
)
async def test_readyz_says_what_is_missing(
    visitor: httpx.AsyncClient, database: Database, trouble: str, name: str, reason: str
) -> None:
    await beat(database)
    await change(database, trouble)
    answer = await visitor.get("/readyz")
    assert answer.status_code == 503
    [bad] = [check for check in answer.json()["checks"] if not check["ok"]]
    assert bad["name"] == name
    assert reason in bad["reason"]


async def test_many_who_ask_are_told_from_one_reading(
    visitor: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", 600)
    await beat(database)
    await visitor.get("/readyz")
    await change(database, "DELETE FROM heartbeats")
    assert (await visitor.get("/readyz")).status_code == 200
    monkeypatch.setattr(health, "FRESH_SECONDS", -1)
    assert (await visitor.get("/readyz")).status_code == 503


async def test_schema_of_another_release_is_not_ready(database_url: str) -> None:
    database = Database(database_url)
    await change(database, "UPDATE alembic_version SET version_num = '0001'")
    app = FastAPI()
    app.state.database = database
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        answer = await client.get("/readyz")
    await database.close()
    assert answer.status_code == 503
    assert "channelwatch migrate" in answer.text


async def test_without_the_database_the_process_still_tells_of_itself(database: Database) -> None:
    app = FastAPI()
    app.state.database = away = Database("postgresql://nobody:kanareechka@127.0.0.1:9/none")
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        ready, told = await client.get("/readyz"), await client.get("/metrics")
    await away.close()
    assert (ready.status_code, told.status_code) == (503, 200)
    assert value(told.text, "channelwatch_database_up") == 0
    assert CANARY not in ready.text + told.text


async def test_what_the_database_knows_is_told(visitor: httpx.AsyncClient, database: Database) -> None:
    await beat(database)
    await leased(database)
    await change(
        database,
        "INSERT INTO channels (telegram_id, title, state, watermark, top_message_id, reconciled_at)"
        " VALUES (5, 'demo', 'active', 10, 17, now() - interval '1 minute')",
    )
    said = (await visitor.get("/metrics")).text
    assert value(said, "channelwatch_holes") == 7
    assert 59 < (value(said, "channelwatch_lag_seconds") or 0) < 70
    assert value(said, "channelwatch_channels", state="active") == 1
    assert value(said, "channelwatch_deliveries_waiting", kind="alert", state="sending") == 1
    assert value(said, "channelwatch_pool_connections", state="in_use") == 0


async def test_each_program_counts_what_it_does(visitor: httpx.AsyncClient, database: Database) -> None:
    before = (await visitor.get("/metrics")).text
    pipeline = Pipeline(database)
    running = asyncio.create_task(pipeline.run())
    await pipeline.offer(make_post(await make_channel(database, "demo_counted"), 1, "мир", found_by="push"))
    await pipeline.settle()
    running.cancel()
    Lanes().flooded(type("GetHistoryRequest", (), {}), 5)
    ledger = Ledger(database, Limits(), unknown_delay=SOON, not_sent_delay=SOON)
    await ledger.settle(await leased(database), 77)
    after = (await visitor.get("/metrics")).text

    def grown(name: str, **labels: str) -> float:
        return (value(after, name, **labels) or 0) - (value(before, name, **labels) or 0)

    assert grown("channelwatch_posts_stored_total", way="push") == 1
    assert grown("channelwatch_post_delay_seconds_count") == 1
    assert grown("channelwatch_flood_waits_total", method="GetHistory") == 1
    assert grown("channelwatch_flood_wait_seconds_total", method="GetHistory") == 6
    assert grown("channelwatch_sends_total", kind="alert", outcome="sent") == 1
    assert grown("channelwatch_alert_delay_seconds_count") == 1


async def test_no_word_and_no_name_is_in_what_machines_are_told(visitor: httpx.AsyncClient, database: Database) -> None:
    lease = await leased(database)
    ledger = Ledger(database, Limits(), unknown_delay=SOON, not_sent_delay=SOON)
    await ledger.settle(lease, Verdict(Action.DEAD, f"Telegram says: {CANARY}"))
    told = "".join([(await visitor.get(path)).text for path in ("/metrics", "/readyz", "/healthz")])
    assert 'outcome="dead"' in told
    assert CANARY not in told
    assert str(ChatId(100)) not in [part for line in told.splitlines() for part in line.split('"')[1::2]]


def test_no_metric_has_a_label_that_could_name_a_channel_or_a_person() -> None:
    families = {family.name: family for family in metrics.REGISTRY.collect() if family.name.startswith("channelwatch")}
    labels = {label for family in families.values() for sample in family.samples for label in sample.labels}
    assert labels <= {"way", "method", "kind", "outcome", "le"}
    assert "channelwatch_sends" in families


async def test_programs_without_a_console_serve_it_on_a_port_of_their_own(database: Database) -> None:
    stop = asyncio.Event()
    port = free_port()
    serving = asyncio.create_task(serve_health(database, "127.0.0.1", port, stop=stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client, asyncio.timeout(20):
        while True:
            try:
                answer = await client.get("/healthz")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.02)
    with pytest.raises(PortTaken, match="CHANNELWATCH_METRICS_PORT"):
        await serve_health(database, "127.0.0.1", port, stop=stop)
    stop.set()
    await asyncio.wait_for(serving, 10)
    assert answer.json() == {"status": "ok"}


def free_port() -> int:
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
