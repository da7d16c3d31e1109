"""Several accounts of one program: who reads what, who joins what, and what happens when one is lost or taken away."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from telethon.tl import functions, types

from config.settings import IngestSettings
from ingest.login import LoginError, login
from ingest.pace import Pace
from ingest.program import Ingest, IngestError, Sharing, Sweeping
from ingest.sessions import AccountNameError
from sandbox.channels import Channel
from sandbox.mtproto import MtprotoServer
from sandbox.mtproto.tl_objects import user_tl
from sandbox.world import User, World
from storage import readers
from storage.accounts import lock_of, remove_account
from storage.database import Database, DatabaseAway
from storage.holding import RETAKE_SECONDS, Hold, _key
from storage.ids import ChannelId
from tests.ingest.conftest import PHONE, Answers, ask_for
from tests.ingest.values import until
from tests.storage.makers import change, rows

QUICK = Sharing(look_every=dt.timedelta(seconds=0.1), handover=dt.timedelta(seconds=0.3))
SWEEPING = Sweeping(every=dt.timedelta(seconds=0.3))
AT_ONCE = Pace(100, dt.timedelta(seconds=0.01))


@pytest.fixture
def other(world: World) -> User:
    """A second person with a Telegram account."""
    return world.add_user("Petro", phone="+380447654321", code="13579")


@pytest.fixture
async def both(database: Database, signed_in: IngestSettings, world: World, other: User) -> IngestSettings:
    """Two accounts, `main` and `second`, in a world in which each has access hashes of its own."""
    world.channels.has_hash_per_account = True
    await login(database, signed_in, answers_of(other), account="second")
    return signed_in


def answers_of(user: User) -> Answers:
    return Answers(phone_number=user.phone, codes=[user.code])


@asynccontextmanager
async def running(database: Database, settings: IngestSettings) -> AsyncIterator[Ingest]:
    """The program, until the block ends; its failure is raised."""
    ingest, stop = Ingest(database, settings, AT_ONCE, SWEEPING, QUICK), asyncio.Event()
    task = asyncio.create_task(ingest.run(stop))
    try:
        yield ingest
    finally:
        stop.set()
        await asyncio.gather(task, return_exceptions=True)
    task.result()


async def readers_of(database: Database) -> dict[str, str | None]:
    """Username -> name of the account that reads it; of active channels."""
    found = await rows(
        database,
        "SELECT c.username, a.name FROM channels c LEFT JOIN accounts a"
        " ON a.id = c.reader_id AND c.reader_until_at > now() WHERE c.state = 'active' ORDER BY 1",
    )
    return {name: reader for name, reader in found}  # noqa: C416 - rows are no pairs to mypy


async def until_rows(database: Database, statement: str, wanted: Sequence[tuple[Any, ...]]) -> None:
    async with asyncio.timeout(20):
        while await rows(database, statement) != list(wanted):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.05)


async def open_channels(database: Database, world: World, count: int) -> list[Channel]:
    made = [world.channels.add(f"Channel {number}", f"channel_{number}") for number in range(count)]
    for number in range(count):
        await ask_for(database, f"channel_{number}")
    return made


async def test_accounts_share_the_channels_and_every_post_is_stored(
    database: Database, both: IngestSettings, world: World, reader: User, other: User
) -> None:
    made = await open_channels(database, world, 6)
    async with running(database, both):
        await until_rows(database, "SELECT count(*) FROM channels WHERE state = 'active'", [(6,)])
        for channel in made:
            world.channels.publish(channel, f"post of {channel.username}")
        await until_rows(database, "SELECT count(*) FROM posts", [(6,)])
        assert sorted(map(str, (await readers_of(database)).values())) == ["main"] * 3 + ["second"] * 3
    assert all(len(channel.members) == 1 for channel in made)
    assert set(await readers_of(database)) == {channel.username for channel in made}
    assert set((await readers_of(database)).values()) == {None}  # given back at the end


async def test_reader_of_a_channel_can_be_asked_with_its_own_hash(
    database: Database, both: IngestSettings, world: World
) -> None:
    made = await open_channels(database, world, 2)
    async with running(database, both) as ingest:
        await until_rows(database, "SELECT count(*) FROM channels WHERE state = 'active'", [(2,)])
        await until(lambda: all(ingest.readers.asking_for(ChannelId(number)) for number in (1, 2)))
        for number in (1, 2):
            found = ingest.readers.asking_for(ChannelId(number))
            assert found is not None
            asking, watched = found
            answer = await asking.ask(functions.channels.GetChannelsRequest([watched.to_input()]))
            assert answer.chats[0].id in {channel.id for channel in made}
        assert ingest.readers.asking_for(ChannelId(99)) is None
    assert ingest.readers.asking_for(ChannelId(1)) is None


async def test_nobody_joins_beyond_the_budgets(database: Database, both: IngestSettings, world: World) -> None:
    made = await open_channels(database, world, 3)
    async with running(database, both):
        await until_rows(database, "SELECT count(*) FROM accounts WHERE channels_max = 500", [(2,)])
        await until_rows(database, "SELECT count(*) FROM channels WHERE state = 'active'", [(3,)])
        await change(database, "UPDATE accounts SET channels_max = 2")
        await open_more(database, world)
        detail = "SELECT state, state_detail FROM channels ORDER BY id DESC LIMIT 1"
        await until_rows(database, detail, [("requested", readers.NO_ROOM)])
    assert sum(len(channel.members) for channel in world.channels) == 4
    assert len(made) == 3


async def open_more(database: Database, world: World) -> None:
    for name in ("more", "too_many"):
        world.channels.add(name, name)
        await ask_for(database, name)
        await until_rows(
            database,
            f"SELECT 1 FROM channels WHERE username = '{name}' AND (state = 'active' OR state_detail IS NOT NULL)",
            [(1,)],
        )


async def test_premium_doubles_the_budget(
    database: Database, signed_in: IngestSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_premium(user: User, viewer_id: int) -> types.User:
        shown = user_tl(user, viewer_id)
        shown.premium = True
        return shown

    monkeypatch.setattr("sandbox.mtproto.account.user_tl", with_premium)
    async with running(database, signed_in):
        await until_rows(database, "SELECT channels_max FROM accounts", [(1000,)])


async def test_lost_account_says_why_and_the_last_one_ends_the_program(
    database: Database, both: IngestSettings, world: World, server: MtprotoServer, reader: User, other: User
) -> None:
    await open_channels(database, world, 2)
    ingest = Ingest(database, both, AT_ONCE, SWEEPING, QUICK)
    task = asyncio.create_task(ingest.run(asyncio.Event()))
    await until_rows(database, "SELECT count(*) FROM channels WHERE state = 'active'", [(2,)])
    with server.accounts.ban(other.id):
        server.drop_all()
        await until_rows(database, "SELECT name, state FROM accounts WHERE state <> 'ready'", [("second", "banned")])
    server.accounts.duplicate_key(reader.id)
    with pytest.raises(IngestError, match="used from two places"):
        await asyncio.wait_for(task, 20)
    assert await rows(database, "SELECT state_detail LIKE '%used from two%' FROM accounts WHERE id = 1") == [(True,)]
    told = await rows(database, "SELECT detail ->> 'account', detail ->> 'reason' FROM notices ORDER BY id")
    assert told == [("second", "it was banned or deleted"), ("main", "its session was used from two places at once")]


async def test_account_that_is_removed_is_read_with_no_more(
    database: Database, both: IngestSettings, world: World, server: MtprotoServer
) -> None:
    await open_channels(database, world, 2)
    async with running(database, both) as ingest:
        await until_rows(database, "SELECT count(*) FROM channels WHERE state = 'active'", [(2,)])
        async with database.begin() as connection:
            assert await remove_account(connection, "second")
        await until(lambda: [each.account.name for each in ingest.readers.running] == ["main"])
        async with asyncio.timeout(20):
            while set((await readers_of(database)).values()) != {"main"}:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert await rows(database, "SELECT name FROM accounts") == [("main",)]


async def test_account_that_signs_in_meanwhile_is_taken_up(
    database: Database, signed_in: IngestSettings, other: User, server: MtprotoServer
) -> None:
    async with running(database, signed_in) as ingest:
        await until(lambda: server.connected == 1)
        await login(database, signed_in, answers_of(other), account="second")
        await until(lambda: len(ingest.readers.running) == 2)


async def test_lock_that_another_process_got_ends_the_connection_until_it_is_free(
    database: Database, signed_in: IngestSettings, server: MtprotoServer
) -> None:
    holder = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'channelwatch {LOCK}'"
    url = database.url.replace("+psycopg", "")
    async with (
        running(database, signed_in),
        await psycopg.AsyncConnection.connect(url, autocommit=True) as rival,
    ):
        await until(lambda: server.connected == 1)
        # queued, so that the server gives it the lock before our program can come back for it
        queued = asyncio.create_task(rival.execute("SELECT pg_advisory_lock(%s)", (_key(LOCK),)))
        await until_rows(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", [(1,)])
        await rows(database, holder)
        await queued
        await until(lambda: server.connected == 0)
        await rival.execute("SELECT pg_advisory_unlock(%s)", (_key(LOCK),))
        await until(lambda: server.connected == 1)


LOCK = lock_of("main")


async def test_one_person_is_not_signed_in_twice(database: Database, signed_in: IngestSettings) -> None:
    with pytest.raises(LoginError, match="signed in as main already"):
        await login(database, signed_in, Answers(phone_number=PHONE), account="second")
    assert await rows(database, "SELECT name FROM accounts") == [("main",)]


@pytest.mark.parametrize("name", ["", "two words", "новый", "a/b", "x" * 33])
async def test_account_has_a_plain_name(database: Database, settings: IngestSettings, name: str) -> None:
    with pytest.raises(AccountNameError, match="letters, digits"):
        await login(database, settings, Answers(), account=name)


async def test_handover_is_waited_for_whatever_the_database_does_meanwhile(
    database: Database, both: IngestSettings, server: MtprotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Sharing(look_every=dt.timedelta(seconds=0.1), handover=dt.timedelta(seconds=2))
    calls: list[float] = []
    has_leases = readers.has_leases

    async def away_first(*arguments: Any) -> bool:
        calls.append(asyncio.get_running_loop().time())
        if len(calls) == 1:
            raise DatabaseAway("for a moment")
        return await has_leases(*arguments) or True  # nobody says that they are done

    monkeypatch.setattr(readers, "has_leases", away_first)
    holder = Hold(database, lock_of("main"))
    await holder.take()
    await change(database, "DELETE FROM accounts WHERE name = 'second'")
    ingest, stop = Ingest(database, both, AT_ONCE, SWEEPING, slow), asyncio.Event()
    task = asyncio.create_task(ingest.run(stop))
    await asyncio.sleep(0.5)
    connected = server.calls["updates.GetState"]
    await holder.give_back()
    await until(lambda: len(calls) > 2)
    assert server.calls["updates.GetState"] == connected
    await until(lambda: server.calls["updates.GetState"] > connected)
    assert asyncio.get_running_loop().time() - calls[0] > 1.5
    stop.set()
    await task


def test_shipped_handover_outlasts_the_tries_to_have_a_lock_back() -> None:
    shipped = Sharing()
    assert shipped.handover.total_seconds() > RETAKE_SECONDS
    assert shipped.handover + 2 * shipped.look_every < dt.timedelta(seconds=30)


async def test_account_that_does_not_fit_the_settings_ends_the_program_with_the_reason(
    database: Database, signed_in: IngestSettings, server: MtprotoServer
) -> None:
    elsewhere = signed_in.model_copy(update={"dc_address": f"localhost:{server.port}"})
    ingest = Ingest(database, elsewhere, AT_ONCE, SWEEPING, QUICK)
    with pytest.raises(IngestError, match="belongs to another server"):
        await asyncio.wait_for(ingest.run(asyncio.Event()), 10)
