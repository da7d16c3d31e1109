"""What has piled up for a chat is one message; what has not comes one by one."""

from __future__ import annotations

import datetime as dt

import pytest

from storage.database import Database
from storage.deliveries import Leased, begin_sending, lease_due, mark_sent
from tests.storage.makers import change, make_owed, rows

MINUTE = dt.timedelta(minutes=1)


async def lease_one(database: Database, *, folds: bool = True) -> Leased:
    async with database.begin() as connection:
        (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1, folds=folds)
    return leased


@pytest.mark.parametrize(("waiting", "together"), [(20, 1), (21, 21)])
async def test_more_than_twenty_alerts_are_one_message(database: Database, waiting: int, together: int) -> None:
    await make_owed(database, posts=waiting)
    assert len((await lease_one(database)).ids) == together


async def test_alerts_that_have_waited_for_five_minutes_are_one_message_with_those_that_follow(
    database: Database,
) -> None:
    await make_owed(database, posts=3)
    await change(database, "UPDATE deliveries SET due_at = now() - interval '301 seconds' WHERE id = 1")
    leased = await lease_one(database)
    async with database.begin() as connection:
        alert = await begin_sending(connection, leased, lease=MINUTE)
        await mark_sent(connection, leased, 5)
    assert alert is not None
    assert alert.digest is not None
    assert (alert.digest.count, alert.digest.has_waited) == (3, True)
    assert await rows(database, "SELECT DISTINCT state, in_digest FROM deliveries") == [("sent", True)]


async def test_one_alert_that_has_waited_is_an_alert(database: Database) -> None:
    await make_owed(database)
    await change(database, "UPDATE deliveries SET due_at = now() - interval '1 hour'")
    leased = await lease_one(database)
    async with database.begin() as connection:
        alert = await begin_sending(connection, leased, lease=MINUTE)
    assert alert is not None
    assert alert.digest is None


async def test_what_is_not_due_yet_does_not_go_along(database: Database) -> None:
    await make_owed(database, posts=22)
    await change(database, "UPDATE deliveries SET due_at = now() + interval '1 hour' WHERE id = 22")
    assert len((await lease_one(database)).ids) == 21


async def test_folding_can_be_switched_off_but_not_for_alerts_of_yesterday(database: Database) -> None:
    await make_owed(database, posts=30)
    await change(database, "UPDATE deliveries SET due_at = now() - interval '1 hour'")
    assert len((await lease_one(database, folds=False)).ids) == 1
    await change(database, "UPDATE deliveries SET owed_at = now() - interval '25 hours' WHERE state = 'pending'")
    assert len((await lease_one(database, folds=False)).ids) == 29


async def test_another_chats_backlog_folds_nothing_here(database: Database) -> None:
    await make_owed(database, chats=[1], posts=30)
    await make_owed(database, chats=[2], posts=2)
    async with database.begin() as connection:
        leased = await lease_due(connection, lease=MINUTE, busy_chats=(1,), limit=1)
    assert len(leased[0].ids) == 1
