"""Accounts are lost and processes die: another account, or another process, reads on, and no post is missing."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ingest.login import login
from ingest.pace import Pace
from ingest.program import IngestError, Sharing, run_ingest
from sandbox.channels import Channel
from sandbox.world import User
from storage.database import DatabaseAway
from storage.readers import PRIVATE
from tests.ingest.conftest import Answers
from tests.journeys.lives import life
from tests.journeys.losses import NOT_SWEEPING, SEEDS, SWEEPING, lost, publish
from tests.journeys.people import until
from tests.journeys.stage import Stage
from tests.storage.makers import change

QUICK = Sharing(look_every=dt.timedelta(seconds=0.2), handover=dt.timedelta(seconds=1))

READS = (
    "SELECT a.name FROM channels c JOIN accounts a ON a.id = c.reader_id AND c.reader_until_at > now()"
    " WHERE c.state = 'active'"
)


@pytest.fixture
def spare(stage: Stage) -> User:
    """A person whose account is signed in as `spare` by `sign_in_spare`; hashes are each account's own."""
    stage.world.channels.has_hash_per_account = True
    return stage.world.add_user("Spare", phone="+380447654321", code="13579")


async def sign_in_spare(stage: Stage, spare: User) -> None:
    await login(stage.database, stage.settings, Answers(spare.phone, [spare.code]), account="spare")


@asynccontextmanager
async def program(stage: Stage, *, is_sweeping: bool = True) -> AsyncIterator[asyncio.Task[None]]:
    """Ingest, quick to take over; told to stop at the end. Its failure is the test's to look at."""
    stop = asyncio.Event()
    at_once = Pace(100, dt.timedelta(seconds=0.1))
    sweeping = SWEEPING if is_sweeping else NOT_SWEEPING
    task = asyncio.create_task(
        run_ingest(stage.database, stage.settings, stop=stop, pace=at_once, sweeping=sweeping, sharing=QUICK)
    )
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait([task], timeout=30)


async def read_by(stage: Stage, name: str) -> None:
    async def is_so() -> bool:
        return [reader for (reader,) in await stage.rows(READS)] == [name]

    await until(is_so, f"{name} to read")


async def none_lost(stage: Stage) -> bool:
    return not await lost(stage)


async def channel_of_main(stage: Stage) -> Channel:
    """A channel that `main` has joined and reads, when the program runs; `spare` may be signed in from now on."""
    return await stage.channel("river_news")


@pytest.mark.parametrize(
    ("end", "seed"),
    [(end, 1) for end in ("revoke_sessions", "unregister_keys", "ban", "freeze")]
    + [("duplicate_key", seed) for seed in SEEDS],
)
async def test_channels_of_a_lost_account_move_and_no_post_is_lost(
    stage: Stage, spare: User, end: str, seed: int
) -> None:
    channel = await channel_of_main(stage)
    async with program(stage):
        await read_by(stage, "main")
        await publish(stage, channel, 3, "with main")
        await sign_in_spare(stage, spare)
        await publish(stage, channel, random.Random(seed).randrange(10), "before the end")
        getattr(stage.telegram.accounts, end)(stage.reader.id)
        await publish(stage, channel, 20, "meanwhile")
        await read_by(stage, "spare")
        await publish(stage, channel, 3, "with spare")
        await until(lambda: none_lost(stage), "every post")
    stage.telegram.lift_all()
    told = await stage.rows("SELECT detail ->> 'account', detail ->> 'moved', detail ->> 'left' FROM notices")
    assert told == [("main", "1", "0")]


async def test_control_without_another_account_what_is_published_after_the_loss_is_lost(stage: Stage) -> None:
    channel = await channel_of_main(stage)
    async with program(stage) as task:
        await read_by(stage, "main")
        stage.telegram.accounts.revoke_sessions(stage.reader.id)
        await publish(stage, channel, 20, "meanwhile")
        await asyncio.wait([task], timeout=20)
        with pytest.raises(IngestError, match="has ended the session"):
            task.result()
        await publish(stage, channel, 3, "later")
    assert len(await lost(stage)) >= 3
    told = await stage.rows("SELECT detail ->> 'account', detail ->> 'moved', detail ->> 'left' FROM notices")
    assert told == [("main", "0", "1")]


async def test_control_without_the_reconciler_the_move_loses_what_was_published_meanwhile(
    stage: Stage, spare: User
) -> None:
    channel = await channel_of_main(stage)
    async with program(stage, is_sweeping=False):
        await read_by(stage, "main")
        await sign_in_spare(stage, spare)
        stage.telegram.accounts.forget_keys(stage.reader.id)
        stage.telegram.drop_all()
        await publish(stage, channel, 20, "meanwhile")
        await read_by(stage, "spare")
        await publish(stage, channel, 1, "with spare")
        await stage.found("spare")
        assert await lost(stage)


async def test_private_channel_of_a_lost_account_stays_unread_and_says_so_and_the_others_do_not_feel_it(
    stage: Stage, spare: User
) -> None:
    private, public = await channel_of_main(stage), await stage.channel("plain_ledger")
    async with program(stage):
        await until(lambda: _count(stage, 2), "both to be read")
        stage.world.channels.make_private(private)
        await until(lambda: stage.rows("SELECT 1 FROM channels WHERE username IS NULL"), "the new name")
        await sign_in_spare(stage, spare)
        stage.telegram.accounts.revoke_sessions(stage.reader.id)
        await read_by(stage, "spare")
        await publish(stage, private, 2, "unread")
        await publish(stage, public, 2, "read")
        await stage.found("read")
        await until(lambda: stage.rows(f"SELECT 1 FROM channels WHERE state_detail = '{PRIVATE}'"), "a sentence")
        assert {channel_id for channel_id, _ in await lost(stage)} == {private.id}
    told = await stage.rows("SELECT detail ->> 'moved', detail ->> 'left' FROM notices WHERE kind = 'account_lost'")
    assert told == [("1", "1")]
    assert await stage.rows("SELECT state, reader_id FROM channels WHERE username IS NULL") == [("active", None)]


async def test_process_that_is_killed_is_taken_over_by_the_one_that_stands_by(stage: Stage, spare: User) -> None:
    channel = await channel_of_main(stage)
    async with life(stage, "ingest") as first:
        await read_by(stage, "main")
        async with program(stage) as second:
            await publish(stage, channel, 3, "with the first")
            await until(lambda: _stored(stage, 3), "the first posts")
            assert stage.telegram.connected == 1
            first.kill()
            await publish(stage, channel, 20, "meanwhile")
            await until(lambda: none_lost(stage), "every post")
            await publish(stage, channel, 3, "with the second")
            await until(lambda: none_lost(stage), "every post")
            assert not second.done()
    assert stage.telegram.calls["auth.SignIn"] == 1
    assert await stage.rows("SELECT state FROM accounts") == [("ready",)]


async def test_control_nobody_stands_by_and_what_follows_the_kill_is_lost(stage: Stage, spare: User) -> None:
    channel = await channel_of_main(stage)
    async with life(stage, "ingest") as first:
        await read_by(stage, "main")
        first.kill()
        await publish(stage, channel, 20, "meanwhile")
    assert len(await lost(stage)) == 20


async def lease_ended(stage: Stage) -> bool:
    """End every lease by hand; False when a sleeping process holds them."""
    try:
        await change(stage.database, "UPDATE channels SET reader_until_at = now()")
    except DatabaseAway:
        return False
    return True


async def test_process_that_wakes_up_finds_its_channel_read_by_another_account_and_nothing_is_lost(
    stage: Stage, spare: User
) -> None:
    channel = await channel_of_main(stage)
    async with life(stage, "ingest") as first:
        await read_by(stage, "main")
        first.stop()  # and the end of its lease comes early, by hand
        await sign_in_spare(stage, spare)
        channel.members.add(spare.id)
        await change(
            stage.database,
            "INSERT INTO account_channels SELECT a.id, c.id, :hash FROM accounts a, channels c WHERE a.name = 'spare'",
            hash=channel.hash_for(spare.id),
        )
        while not await lease_ended(stage):  # it sleeps in the midst of a transaction: another moment
            first.go_on()
            await asyncio.sleep(0.05)
            first.stop()
        async with program(stage):
            await read_by(stage, "spare")
            await publish(stage, channel, 5, "while the first sleeps")
            first.go_on()
            await publish(stage, channel, 20, "heard by both")
            await until(lambda: none_lost(stage), "every post")
            await read_by(stage, "spare")
    assert await stage.rows("SELECT count(*) FROM posts WHERE starts_with(text, 'heard by both')") == [(20,)]


async def _count(stage: Stage, wanted: int) -> bool:
    return len(await stage.rows(READS)) == wanted


async def _stored(stage: Stage, wanted: int) -> bool:
    return bool(await stage.value("SELECT count(*) FROM posts") >= wanted)
