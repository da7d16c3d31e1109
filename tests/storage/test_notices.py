"""Notices wait until an operator can be told, are owed once to each, go together, and grow old."""

from __future__ import annotations

import datetime as dt

from storage import notices, subscribers
from storage.database import Database
from storage.deliveries import Leased, begin_notices, counts_by_state, expire_leases, lease_due, mark_sent
from storage.notices import Kind, Notice, Owing, notify_operators, owe_notices
from tests.storage.makers import change, make_channel, make_owed, make_subscriber, rows

OPERATOR = 100
MINUTE = dt.timedelta(minutes=1)


async def note(database: Database, kind: Kind = Kind.PRIVATE, channel: str | None = "news", **detail: object) -> None:
    channel_id = await make_channel(database, channel) if channel else None
    async with database.begin() as connection:
        await notify_operators(connection, kind, channel_id=channel_id, **detail)


async def owe(database: Database, *operators: int) -> Owing:
    async with database.begin() as connection:
        return await owe_notices(connection, operators)


async def gathered(database: Database) -> list[Leased]:
    """What is leased once the notices have waited for others."""
    await change(database, "UPDATE deliveries SET due_at = now()")
    async with database.begin() as connection:
        return await lease_due(connection, lease=MINUTE, busy_chats=(), limit=3)


async def begin(database: Database, leased: Leased) -> list[Notice]:
    async with database.begin() as connection:
        return await begin_notices(connection, leased, lease=MINUTE)


async def states(database: Database) -> dict[str, int]:
    async with database.begin() as connection:
        return await counts_by_state(connection)


async def test_a_notice_is_owed_once_to_every_operator(database: Database) -> None:
    for chat_id in (1, 2, 3):
        await make_subscriber(database, chat_id)
    await note(database)
    assert await owe(database, 1, 2) == Owing(("private",), operators=2)
    assert await owe(database, 1, 2) == Owing()
    assert await rows(database, "SELECT kind, subscriber_id, priority FROM deliveries ORDER BY 2") == [
        ("notice", 1, notices.PRIORITY),
        ("notice", 2, notices.PRIORITY),
    ]


async def test_a_notice_waits_until_an_operator_has_started_the_bot(database: Database) -> None:
    await note(database)
    assert await owe(database, OPERATOR) == Owing(waiting=1)
    await make_subscriber(database, OPERATOR)
    assert await owe(database, OPERATOR) == Owing(("private",), operators=1)
    assert await states(database) == {"pending": 1}


async def test_an_operator_who_blocked_the_bot_is_owed_nothing(database: Database) -> None:
    gone = await make_subscriber(database, OPERATOR)
    async with database.begin() as connection:
        await subscribers.suspend(connection, gone.id, "blocked")
    await note(database)
    assert (await owe(database, OPERATOR)).waiting == 1


async def test_with_no_operators_a_notice_is_settled_and_only_said_in_the_log(database: Database) -> None:
    await note(database)
    assert await owe(database) == Owing(("private",))
    await make_subscriber(database, OPERATOR)
    assert await owe(database, OPERATOR) == Owing()
    assert await states(database) == {}


async def test_a_notice_of_the_day_before_is_not_owed_any_more(database: Database) -> None:
    await make_subscriber(database, OPERATOR)
    await note(database)
    await change(database, "UPDATE notices SET created_at = created_at - interval '25 hours'")
    await note(database, Kind.RESTORED)
    await owe(database, OPERATOR)
    assert await rows(database, "SELECT notice_id FROM deliveries") == [(2,)]
    assert await rows(database, "SELECT count(owed_at) FROM notices") == [(2,)]


async def test_a_notice_for_which_nobody_came_within_a_day_waits_no_longer(database: Database) -> None:
    await note(database)
    await change(database, "UPDATE notices SET created_at = created_at - interval '25 hours'")
    assert await owe(database, OPERATOR) == Owing(("private",))
    await make_subscriber(database, OPERATOR)
    assert await owe(database, OPERATOR) == Owing()


async def test_many_notices_are_one_message_with_the_channels_names(database: Database) -> None:
    await make_subscriber(database, OPERATOR)
    for number in range(20):
        await note(database, channel=f"news_{number}")
        await owe(database, OPERATOR)
    (leased,) = await gathered(database)
    told = await begin(database, leased)
    assert [notice.channel and notice.channel.username for notice in told] == [f"news_{n}" for n in range(20)]
    async with database.begin() as connection:
        assert await mark_sent(connection, leased, 7)
    assert await states(database) == {"sent": 20}


async def test_alerts_go_before_notices(database: Database) -> None:
    await make_subscriber(database, OPERATOR)
    await note(database)
    await owe(database, OPERATOR)
    await make_owed(database, chats=[OPERATOR])
    assert [leased.kind for leased in await gathered(database)] == ["alert"]


async def test_notices_that_grew_old_while_they_waited_are_cancelled(database: Database) -> None:
    await make_subscriber(database, OPERATOR)
    await note(database)
    await note(database, Kind.CLOCK, channel=None, seconds=9)
    await owe(database, OPERATOR)
    await change(database, "UPDATE notices SET created_at = created_at - interval '25 hours' WHERE id = 1")
    (leased,) = await gathered(database)
    (told,) = await begin(database, leased)
    assert (told.kind, told.detail, told.channel) == ("clock", {"seconds": 9}, None)
    assert await states(database) == {"cancelled": 1, "sending": 1}


async def test_notices_of_a_dead_sender_are_repeated_once(database: Database) -> None:
    await make_subscriber(database, OPERATOR)
    await note(database)
    await owe(database, OPERATOR)
    for unknowns in (0, 1):
        (leased,) = await gathered(database)
        assert (leased.unknowns, len(await begin(database, leased))) == (unknowns, 1)
        async with database.begin() as connection:
            await expire_leases(connection, of_everybody=True)
    assert await states(database) == {"dead": 1}


async def test_old_notices_are_forgotten_but_for_the_last_word_on_ingest(database: Database) -> None:
    for kind in (Kind.BACK, Kind.SILENT, Kind.PRIVATE):
        await note(database, kind, channel=None)
    await owe(database)
    await note(database, Kind.KICKED, channel=None)
    await change(database, "UPDATE notices SET created_at = created_at - interval '31 days' WHERE owed_at IS NOT NULL")
    async with database.begin() as connection:
        await notices.purge_old(connection, dt.timedelta(days=30))
    assert await rows(database, "SELECT kind FROM notices ORDER BY id") == [("silent",), ("kicked",)]
