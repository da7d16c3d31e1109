"""Forgetting a chat: whatever a table holds about it or its person is given on asking, and is gone afterwards."""

from __future__ import annotations

import datetime as dt
import re

import psycopg
from psycopg import sql
from sqlalchemy import BigInteger

from matching.query import parse
from storage import deliveries, erasure, invites, people, subscribers, subscriptions, ties
from storage.database import Database
from storage.held import held_about
from storage.ids import ChatId
from storage.inbox import Arrived
from storage.inbox import store as store_updates
from storage.models import Base
from storage.subscriptions import changes_since
from tests.storage.makers import change, make_owed

ANNA, BORYS = 7_654_321_098, 222
GROUP = ChatId(-1001)
CANARY = "zanzibar"


async def a_life(database: Database) -> None:
    """Anna has done everything that leaves a row."""
    await make_owed(database, chats=[ANNA, BORYS], posts=2)
    async with database.begin() as connection:
        subscriber = (await people.subscribers_of(connection, ChatId(ANNA)))[0]
        own = await subscriptions.draft(connection, subscriber, name=CANARY, query=parse(CANARY))
        await subscriptions.confirm(connection, subscriber, own)
        await subscriptions.draft(connection, subscriber, name=CANARY, query=parse(CANARY))
        await people.let_in(connection, ANNA, people.OPERATOR, BORYS)
        await people.let_in(connection, BORYS, people.SUBSCRIBER, ANNA)
        await people.admit_chat(connection, GROUP, ANNA)
        await people.connect(connection, ANNA, GROUP, CANARY)
        await invites.make(connection, made_by=ANNA)
        said = {"message": {"from": {"id": ANNA}, "text": CANARY, "chat": {"id": GROUP}}}
        await store_updates(connection, [Arrived(1, ANNA, {"message": {"text": CANARY}}), Arrived(2, GROUP, said)])
        await deliveries.ban(connection, ANNA, dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    await change(database, "UPDATE inbox SET state = 'quarantine'")
    await change(
        database,
        "INSERT INTO notices (kind, detail) VALUES ('proposed', jsonb_build_object('by', CAST(:who AS bigint)))",
        who=ANNA,
    )  # fmt: skip


def traces(database: Database, *marks: object) -> set[str]:
    """The tables in which any of the marks stands in any column."""
    found = set()
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            pattern = "|".join(rf"(^|[^0-9]){mark}([^0-9]|$)" for mark in marks)
            query = sql.SQL("SELECT count(*) FROM {0} WHERE {0}::text ~ %s").format(sql.Identifier(name))
            (count,) = connection.execute(query, (pattern,)).fetchone() or (0,)
            found |= {name} if count else set()
    return found


async def test_after_it_no_table_holds_the_number_or_a_word(database: Database) -> None:
    await a_life(database)
    held = {"subscribers", "subscriptions", "inbox", "people", "invites", "admitted_chats", "connected_channels",
            "send_bans", "notices"}  # fmt: skip
    assert traces(database, ANNA, CANARY) == held  # the control: before, all of them do
    await forget(database, ANNA)
    assert traces(database, ANNA, CANARY) == set()


async def forget(database: Database, chat_id: int) -> None:
    async with database.begin() as connection:
        await erasure.request(connection, ChatId(chat_id))
    async with database.begin() as connection:
        await erasure.finish(connection, ChatId(chat_id))


async def test_others_keep_what_is_theirs(database: Database) -> None:
    await a_life(database)
    async with database.begin() as connection:
        before = await held_about(connection, ChatId(BORYS))
    await forget(database, ANNA)
    async with database.begin() as connection:
        after = await held_about(connection, ChatId(BORYS))
    before["people"][0]["let_in_by"] = None  # who let them in is forgotten
    assert after == before
    assert len(after["deliveries"]) == 2


async def test_everything_that_is_held_is_given_without_secrets(database: Database) -> None:
    await a_life(database)
    async with database.begin() as connection:
        held = await held_about(connection, ChatId(ANNA))
    assert set(held) == {"subscribers", "subscriptions", "deliveries", "inbox", "people", "invites",
                         "connected_channels", "send_bans", "notices"}  # fmt: skip
    assert {own["name"] for own in held["subscriptions"]} == {CANARY, "мир"}
    assert "hash" not in str(held)


async def test_what_is_owed_is_cancelled_at_once_and_what_is_being_sent_is_waited_for(database: Database) -> None:
    await make_owed(database, chats=[ANNA], posts=2)
    minute = dt.timedelta(minutes=1)
    async with database.begin() as connection:
        (leased, *_) = await deliveries.lease_due(connection, lease=minute, busy_chats=[], limit=1)
    async with database.begin() as connection:
        await deliveries.begin_sending(connection, leased, lease=minute)
    async with database.begin() as connection:
        await erasure.request(connection, ChatId(ANNA))
    async with database.begin() as connection:
        assert await deliveries.counts_by_state(connection) == {"sending": 1, "cancelled": 1}
        assert await erasure.is_busy(connection, ChatId(ANNA))
        assert await deliveries.mark_sent(connection, leased, 77)
        assert not await erasure.is_busy(connection, ChatId(ANNA))


async def test_ingest_hears_that_the_subscriptions_are_gone(database: Database) -> None:
    await make_owed(database, chats=[ANNA])
    async with database.begin() as connection:
        version, (own,) = await changes_since(connection, 0)
    await forget(database, ANNA)
    async with database.begin() as connection:
        _, (gone,) = await changes_since(connection, version)
    assert (gone.id, gone.state, gone.query) == (own.id, "deleted", "")
    assert gone.subscriber_id != own.subscriber_id


async def test_a_group_is_forgotten_with_all_its_topics(database: Database) -> None:
    async with database.begin() as connection:
        for thread_id in (0, 7):
            await subscribers.enter(connection, GROUP, thread_id=thread_id, chat_type="supergroup", language="en")
    assert traces(database, GROUP) == {"subscribers"}
    await forget(database, GROUP)
    assert traces(database, GROUP) == set()


async def test_erasing_twice_is_erasing_once(database: Database) -> None:
    await a_life(database)
    await forget(database, ANNA)
    await forget(database, ANNA)
    assert traces(database, ANNA, CANARY) == set()


def test_every_column_that_may_hold_a_person_or_a_chat_is_known() -> None:
    about = re.compile(r"(^|_)(chat|user|person|subscriber|subscription|operator|by)(_id|s)?$")
    known = {*ties.NUMBERS, *ties.DOERS, ties.SUBSCRIBER, ties.SUBSCRIPTION, *NOBODYS}
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    numbers = {column.name for column in columns if isinstance(column.type, BigInteger)}
    assert {name for name in numbers if about.search(name)} <= known
    assert not {"posts", "channels", "stories"} & {table.name for table in ties.tables()}


NOBODYS = {"operator_id", "telegram_user_id"}
"""Who signs in to the console is known by a name of their own, not by Telegram's number; and the account that reads
channels is the operator's own, and no subscriber."""
