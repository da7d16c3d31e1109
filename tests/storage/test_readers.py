"""Leases: a channel is read by one account at a time, whoever can takes over, and nobody joins more than it may."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from storage import channels, readers
from storage.accounts import list_readings, remove_account, save_account, set_channels_max
from storage.database import Database
from storage.ids import AccountId, ChannelId, TelegramChannelId
from tests.storage.makers import change, rows

LEASE = dt.timedelta(seconds=30)


async def sign_in(database: Database, name: str, user: int, *, most: int = 500) -> AccountId:
    async with database.begin() as connection:
        account = await save_account(connection, name, b"sealed", user)
        await set_channels_max(connection, account, most)
    return account


@pytest.fixture
async def one(database: Database) -> AccountId:
    return await sign_in(database, "one", 1)


@pytest.fixture
async def two(database: Database) -> AccountId:
    return await sign_in(database, "two", 2)


async def request(database: Database, *names: str) -> list[ChannelId]:
    async with database.begin() as connection:
        return [(await channels.request_channel(connection, name)).id for name in names]


async def join(database: Database, account: AccountId, channel_id: ChannelId, name: str | None) -> None:
    async with database.begin() as connection:
        await channels.activate_channel(
            connection,
            channel_id,
            account_id=account,
            telegram_id=TelegramChannelId(1000 + channel_id),
            access_hash=account * 1000 + channel_id,
            username=name,
            title="News",
            is_protected=False,
        )


async def take(database: Database, account: AccountId) -> str | None:
    async with database.begin() as connection:
        taken = await readers.take_to_join(connection, account)
    return taken.username if taken else None


async def held(database: Database, account: AccountId) -> list[ChannelId]:
    async with database.begin() as connection:
        return [channel.id for channel, _ in await readers.held_channels(connection, account)]


async def claim(database: Database, account: AccountId) -> None:
    async with database.begin() as connection:
        await readers.claim(connection, account, LEASE)


async def let_pass(database: Database, interval: str) -> None:
    """As if everything about channels had been that long ago."""
    await change(
        database,
        "UPDATE channels SET reader_until_at = reader_until_at - CAST(:t AS interval),"
        " changed_at = changed_at - CAST(:t AS interval)",
        t=interval,
    )


async def why(database: Database) -> list[str | None]:
    async with database.begin() as connection:
        await readers.explain_unread(connection)
    return [detail for (detail,) in await rows(database, "SELECT state_detail FROM channels ORDER BY id")]


async def test_channel_is_read_by_one_account_until_its_lease_ends(
    database: Database, one: AccountId, two: AccountId
) -> None:
    [news] = await request(database, "news")
    await join(database, one, news, "news")
    await join(database, two, news, "news")
    await claim(database, two)
    assert (await held(database, one), await held(database, two)) == ([news], [])
    await let_pass(database, "31 seconds")
    assert (await held(database, one), await held(database, two)) == ([], [])
    await claim(database, two)
    await claim(database, one)
    assert (await held(database, one), await held(database, two)) == ([], [news])


async def test_renewed_lease_keeps_others_away(database: Database, one: AccountId, two: AccountId) -> None:
    [news] = await request(database, "news")
    await join(database, one, news, "news")
    await join(database, two, news, "news")
    for _ in range(3):
        await let_pass(database, "20 seconds")
        await claim(database, one)
        await claim(database, two)
    assert await held(database, one) == [news]


async def test_only_who_is_in_a_channel_may_claim_it(database: Database, one: AccountId, two: AccountId) -> None:
    [news] = await request(database, "news")
    await join(database, one, news, "news")
    await let_pass(database, "31 seconds")
    await claim(database, two)
    assert await held(database, two) == []


async def test_two_accounts_that_claim_at_once_get_each_channel_once(
    database: Database, one: AccountId, two: AccountId
) -> None:
    every = await request(database, *(f"news_{number}" for number in range(20)))
    for number, channel_id in enumerate(every):
        await join(database, one, channel_id, f"news_{number}")
        await join(database, two, channel_id, f"news_{number}")
    await let_pass(database, "31 seconds")
    await asyncio.gather(*(claim(database, account) for account in (one, two, one, two)))
    assert sorted([*await held(database, one), *await held(database, two)]) == every


async def test_requests_are_shared_by_room(database: Database, one: AccountId, two: AccountId) -> None:
    a, b, _ = await request(database, "a", "b", "c")
    assert await take(database, one) == "a"  # equal: whoever comes first
    await join(database, one, a, "a")
    assert await take(database, one) is None  # now the other one has more
    assert await take(database, two) == "b"
    assert await take(database, two) == "b"  # as after a crash: it is still this account's
    await join(database, two, b, "b")
    assert await take(database, two) == "c"
    assert await take(database, one) is None


async def test_request_that_the_roomier_account_leaves_is_anybodys(
    database: Database, one: AccountId, two: AccountId
) -> None:
    async with database.begin() as connection:
        await set_channels_max(connection, one, 1000)
    await request(database, "news")
    assert await take(database, two) is None
    await let_pass(database, "11 seconds")
    assert await take(database, two) == "news"
    assert await take(database, one) is None


async def test_account_that_is_in_a_channel_already_goes_first(
    database: Database, one: AccountId, two: AccountId
) -> None:
    [news] = await request(database, "news")
    await join(database, one, news, "news")
    async with database.begin() as connection:
        await channels.remove_channel(connection, "news")
        await readers.release(connection, one)
        await set_channels_max(connection, one, 1)  # joining it again takes no room
    await request(database, "news")
    assert await take(database, two) is None
    assert await take(database, one) == "news"


async def test_nobody_joins_more_than_it_may_and_the_channel_says_so(database: Database) -> None:
    one = await sign_in(database, "one", 1, most=1)
    first, _ = await request(database, "first", "second")
    assert await take(database, one) == "first"
    assert await take(database, one) is None
    await join(database, one, first, "first")
    assert await take(database, one) is None
    assert await why(database) == [None, readers.NO_ROOM]
    two = await sign_in(database, "two", 2)
    assert await why(database) == [None, None]
    assert await take(database, two) == "second"


async def test_lost_account_leaves_its_channels_and_operators_are_told(
    database: Database, one: AccountId, two: AccountId
) -> None:
    shared, public, private = await request(database, "shared", "public", "private")
    for channel_id, name in ((shared, "shared"), (public, "public"), (private, None)):
        await join(database, one, channel_id, name)
    await join(database, two, shared, "shared")
    async with database.begin() as connection:
        await readers.lose_account(connection, one, "one", state="banned", why="Banned: ...", reason="it was banned")
    await claim(database, two)
    assert await held(database, two) == [shared]
    assert await take(database, two) == "public"
    await join(database, two, public, "public")
    assert await take(database, two) is None
    assert await why(database) == [None, None, readers.PRIVATE]
    told = await rows(database, "SELECT kind, detail FROM notices")
    assert told == [("account_lost", {"account": "one", "reason": "it was banned", "moved": 2, "left": 1})]
    async with database.begin() as connection:
        lost, ready = await list_readings(connection)
    assert (lost.state, lost.state_detail, lost.reads) == ("banned", "Banned: ...", 0)
    assert (ready.state, ready.reads, ready.room) == ("ready", 2, 498)


async def test_channel_whose_reader_stays_away_is_joined_by_another_only_after_a_while(
    database: Database, one: AccountId, two: AccountId
) -> None:
    [news] = await request(database, "news")
    await join(database, one, news, "news")
    await let_pass(database, "2 minutes")
    assert await take(database, two) is None  # `one` is in it, and may come back
    await let_pass(database, "5 minutes")
    assert await take(database, two) == "news"


async def test_channel_that_was_given_back_says_why_until_somebody_reads_it(
    database: Database, one: AccountId, two: AccountId
) -> None:
    [news] = await request(database, "news")
    await join(database, one, news, "news")
    async with database.begin() as connection:
        await readers.lose_account(connection, one, "one", state="revoked", why="...", reason="...")
    assert await take(database, two) == "news"
    async with database.begin() as connection:
        await readers.give_back(connection, two, news, "two is banned there.")
    assert await why(database) == ["No reader: two is banned there."]
    await sign_in(database, "one", 1)
    await claim(database, one)
    assert await why(database) == [None]


async def test_removed_account_reads_nothing_and_its_channels_are_free(
    database: Database, one: AccountId, two: AccountId
) -> None:
    [news] = await request(database, "news")
    await join(database, one, news, "news")
    await join(database, two, news, "news")
    async with database.begin() as connection:
        assert await remove_account(connection, "one")
        assert not await remove_account(connection, "one")
    await claim(database, two)
    assert await held(database, two) == [news]
