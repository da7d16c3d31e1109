"""Digests from their hour to the chat: nothing missed after a stop, nothing twice by a second process."""

from __future__ import annotations

import asyncio
import datetime as dt

from bot.limits import Limits
from bot.schedule_jobs import ScheduleJobs
from sandbox.bot_api import BotApiServer
from sandbox.world import World
from storage import mutes, schedules
from storage.database import Database
from storage.deliveries import lease_due
from storage.ids import PostId, SubscriberId, SubscriptionId
from storage.leases import DUE
from storage.schedules import Coming
from tests.bot.conftest import Newsroom, delivering
from tests.storage.makers import change, make_owed, rows

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
NINE = dt.datetime(2026, 10, 24, 9, tzinfo=dt.UTC)


async def daily(database: Database, hour: int = 9, zone: str = "UTC", run_at: dt.datetime | None = NINE) -> None:
    await change(database, "UPDATE subscribers SET time_zone = :zone", zone=zone)
    async with database.begin() as connection:
        (row,) = await rows(database, "SELECT min(id), min(subscriber_id) FROM subscriptions")
        number, owner = row
        coming = Coming("daily", hour, next_run_at=run_at)
        assert await schedules.set_coming(connection, owner, SubscriptionId(number), coming)


def jobs_at(database: Database, now: dt.datetime) -> ScheduleJobs:
    return ScheduleJobs(database, clock=lambda: now)


async def let_go(database: Database) -> int:
    return len(await rows(database, "SELECT id FROM deliveries WHERE priority = 26 AND due_at <= now()"))


async def test_a_digest_is_let_go_at_its_hour_and_not_before(database: Database) -> None:
    await make_owed(database, posts=3)
    await daily(database)
    await jobs_at(database, NINE - dt.timedelta(seconds=1)).tick()
    assert await let_go(database) == 0
    await jobs_at(database, NINE).tick()
    assert await let_go(database) == 3
    assert await rows(database, "SELECT next_run_at FROM subscription_schedules") == [(NINE + 24 * HOUR,)]


async def test_after_a_stop_of_days_there_is_one_digest(database: Database) -> None:
    await make_owed(database, posts=3)
    await daily(database)
    await jobs_at(database, NINE + 77 * HOUR).tick()
    assert await rows(database, "SELECT next_run_at FROM subscription_schedules") == [(NINE + 96 * HOUR,)]
    async with database.begin() as connection:
        (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=3)
    assert (len(leased.ids), leased.is_digest) == (3, True)


async def test_two_processes_let_a_digest_go_once(database: Database) -> None:
    await make_owed(database, posts=3)
    await daily(database)
    await asyncio.gather(*(jobs_at(database, NINE).tick() for _ in range(4)))
    assert await rows(database, "SELECT next_run_at FROM subscription_schedules") == [(NINE + 24 * HOUR,)]
    async with database.begin() as one, database.begin() as other:
        (_,) = (await one.execute(DUE, {"busy": [], "candidates": 50})).all()  # it has not gathered the others yet
        assert await lease_due(other, lease=MINUTE, busy_chats=(), limit=3) == []
        (leased,) = await lease_due(one, lease=MINUTE, busy_chats=(), limit=3)
    assert len(leased.ids) == 3


async def test_what_came_after_a_digest_waits_for_the_next(database: Database, newsroom: Newsroom) -> None:
    await make_owed(database)
    now = dt.datetime.now(dt.UTC)
    await daily(database, run_at=now)
    await jobs_at(database, now).tick()
    async with database.begin() as connection:
        assert len(await lease_due(connection, lease=MINUTE, busy_chats=(), limit=3)) == 1
    async with database.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO deliveries (kind, subscriber_id, post_id, reasons, priority, due_at, state)"
            " SELECT 'alert', subscriber_id, 99, reasons, 20, now(), 'pending' FROM deliveries"
        )
        assert await lease_due(connection, lease=MINUTE, busy_chats=(), limit=3) == []
    assert await rows(database, "SELECT priority, due_at > now() FROM deliveries WHERE post_id = 99") == [(26, True)]


async def test_a_clock_change_neither_skips_nor_doubles_a_digest(database: Database) -> None:
    await make_owed(database)
    await daily(database, 2, "Europe/Berlin", None)
    now, runs = dt.datetime(2026, 10, 23, 12, tzinfo=dt.UTC), set()
    for _ in range(3 * 48):  # each half hour of three days: on the second, 02:00 comes twice
        await jobs_at(database, now).tick()
        runs |= {next_at for (next_at,) in await rows(database, "SELECT next_run_at FROM subscription_schedules")}
        now += dt.timedelta(minutes=30)
    days = [dt.datetime(2026, 10, day, hour, tzinfo=dt.UTC) for day, hour in ((24, 0), (25, 0), (26, 1), (27, 1))]
    assert sorted(runs) == days


async def test_a_digest_comes_as_one_message_by_stories(
    database: Database, world: World, server: BotApiServer, newsroom: Newsroom
) -> None:
    anna = world.chats.add_private(world.add_user("Anna"))
    subscriber = await newsroom.subscriber(anna.id)
    ships = await newsroom.subscription(subscriber, "ferry")
    now = dt.datetime.now(dt.UTC)
    async with database.begin() as connection:
        await schedules.set_coming(connection, subscriber.id, ships.id, Coming("hourly", next_run_at=now + HOUR))
    for text in ("The ferry left.", "A ferry came back."):
        await newsroom.owe(await newsroom.post(text), ships)
    async with delivering(database, server, Limits()):
        while await rows(database, "SELECT id FROM deliveries WHERE priority = 20"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert world.chats.history(anna.id) == []
        await jobs_at(database, now + 2 * HOUR).tick()
        await newsroom.settled(sent=2)
    (message,) = world.chats.history(anna.id)
    assert message.text.startswith("📰 2 stories, ")


async def test_quiet_hours_end_by_the_subscribers_clock(database: Database) -> None:
    await make_owed(database)
    await change(database, "UPDATE subscribers SET time_zone = 'Europe/Kyiv'")
    async with database.begin() as connection:
        await schedules.set_quiet(connection, SubscriberId(1), (22 * 60, 7 * 60), "digest")
    await jobs_at(database, NINE + 12 * HOUR).tick()  # midnight in Kyiv
    assert await rows(database, "SELECT quiet_from_at, quiet_until_at FROM subscriber_schedules") == [
        (dt.datetime(2026, 10, 24, 19, tzinfo=dt.UTC), dt.datetime(2026, 10, 25, 5, tzinfo=dt.UTC))
    ]  # that night the clock went back


async def test_of_many_who_sleep_none_keeps_one_who_is_awake_waiting(database: Database) -> None:
    await make_owed(database, chats=range(1, 61))
    await change(
        database,
        "INSERT INTO subscriber_schedules (subscriber_id, paused_until_at)"
        " SELECT id, now() + interval '1 hour' FROM subscribers WHERE chat_id < 60",
    )
    async with database.begin() as connection:
        (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=3)
    assert leased.subscriber.chat_id == 60


async def test_what_is_over_is_forgotten(database: Database) -> None:
    await make_owed(database)
    now = dt.datetime.now(dt.UTC)
    owner = SubscriberId(1)
    async with database.begin() as connection:
        await schedules.pause(connection, owner, now - HOUR)
        await mutes.mute_story(connection, owner, PostId(1))
    await jobs_at(database, now).forget()
    assert await rows(database, "SELECT count(*) FROM mutes") == [(1,)]
    assert await rows(database, "SELECT paused_until_at FROM subscriber_schedules") == [(None,)]
    await jobs_at(database, now + dt.timedelta(days=8)).forget()
    assert await rows(database, "SELECT count(*) FROM mutes") == [(0,)]


async def test_a_changed_setting_is_heard_at_once_and_the_jobs_end_when_told(database: Database) -> None:
    await make_owed(database)
    stop = asyncio.Event()
    running = asyncio.create_task(ScheduleJobs(database).run(stop))
    await asyncio.sleep(0.3)  # its first tick
    async with database.begin() as connection:
        await schedules.set_quiet(connection, SubscriberId(1), (22 * 60, 7 * 60))
    async with asyncio.timeout(3):  # sooner than the next tick
        while await rows(database, "SELECT quiet_until_at FROM subscriber_schedules") == [(None,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(running, 3)
