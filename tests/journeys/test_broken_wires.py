"""Rows 10 to 12 and 16 to 20 of the fault matrix: connections that break, a Telegram that has troubles of its own."""

from __future__ import annotations

import asyncio
import datetime as dt
import random

import pytest

from ingest import looking, supervision
from sandbox.channels import Channel
from tests.journeys.losses import NOT_SWEEPING, SEEDS, SWEEPING, Fault, is_stored, lost, lost_by, publish
from tests.journeys.people import until
from tests.journeys.stage import Stage


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds of waiting for the dead are what the tests cannot afford; the rest is as shipped."""
    monkeypatch.setattr(looking, "ANSWER_WITHIN", dt.timedelta(seconds=1))
    monkeypatch.setattr(supervision, "SHORTEST_PAUSE", dt.timedelta(seconds=0.1))


async def connections_are_reset_again_and_again(stage: Stage, channel: Channel, chance: random.Random) -> None:
    for _ in range(6):
        await publish(stage, channel, chance.randint(1, 10))
        stage.telegram.network.reset()
        await asyncio.sleep(chance.uniform(0.1, 0.6))


async def a_burst_comes_while_connections_are_reset(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.network.refuse():
        stage.telegram.network.reset()
        stage.world.channels.publish_many(channel, [f"burst {n}" for n in range(chance.randint(110, 300))])
        await asyncio.sleep(chance.uniform(0.2, 0.6))


async def pushes_claim_places_that_are_taken(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.pushes.stale(1.0, by=chance.randint(40, 60)), stage.telegram.pushes.repeat(0.5):
        await publish(stage, channel, chance.randint(20, 30))
        await asyncio.sleep(1)


async def the_connection_is_half_open(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.network.freeze(for_good=True):
        await publish(stage, channel, chance.randint(5, 20))
        await asyncio.sleep(3)


async def connections_are_refused_for_a_while(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.network.refuse():
        await publish(stage, channel, chance.randint(5, 20))
        await asyncio.sleep(chance.uniform(1, 3))


async def updates_name_what_telethon_cannot_find(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.pushes.drop():
        await publish(stage, channel, chance.randint(3, 10))
    stage.telegram.send.namesake(channel)
    stage.telegram.send.min_channel(channel)
    with stage.telegram.pushes.thin("none"):  # the gap shows, and Telethon asks with the namesake's access hash
        await publish(stage, channel, 1)
        await asyncio.sleep(1)


async def a_new_session_is_announced(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.pushes.drop():
        await publish(stage, channel, chance.randint(3, 10))
    stage.telegram.send.new_session()


async def calls_fail_at_random(stage: Stage, channel: Channel, chance: random.Random) -> None:
    errors = [(500, "RPC_CALL_FAIL"), (-503, "Timeout"), (-505, "ANYTHING"), (500, "PERSISTENT_TIMESTAMP_OUTDATED")]
    code, message = chance.choice(errors)
    troubles = stage.telegram.troubles
    with (
        stage.telegram.pushes.drop(0.5),
        troubles.refuse(code, message, share=0.3),
        troubles.refuse(500, "PERSISTENT_TIMESTAMP_OUTDATED", "GetChannelDifference"),
    ):
        await publish(stage, channel, 30)
        await asyncio.sleep(6)  # longer than Telethon repeats a call that failed


async def every_method_is_flooded(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.pushes.drop():
        stage.telegram.troubles.flood(chance.uniform(1, 3))
        await publish(stage, channel, 10)
        await asyncio.sleep(1)


HARMFUL: tuple[Fault, ...] = (
    a_burst_comes_while_connections_are_reset,
    pushes_claim_places_that_are_taken,
    the_connection_is_half_open,
    connections_are_refused_for_a_while,
    updates_name_what_telethon_cannot_find,
    a_new_session_is_announced,
    calls_fail_at_random,
    every_method_is_flooded,
)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", [connections_are_reset_again_and_again, *HARMFUL])
async def test_nothing_is_lost_when(stage: Stage, fault: Fault, seed: int) -> None:
    assert await lost_by(stage, fault, SWEEPING, seed) == set()


@pytest.mark.parametrize("fault", HARMFUL)
async def test_without_the_reconciler_posts_are_lost_when(stage: Stage, fault: Fault) -> None:
    assert await lost_by(stage, fault, NOT_SWEEPING, 1)


@pytest.mark.parametrize("seed", SEEDS)
async def test_pushes_that_come_twice_late_or_in_disorder_are_stored_once(stage: Stage, seed: int) -> None:
    async def disorder(stage: Stage, channel: Channel, chance: random.Random) -> None:
        pushes = stage.telegram.pushes
        with pushes.repeat(0.5), pushes.reorder(0.5), pushes.stale(0.3, by=chance.randint(1, 5)):
            await publish(stage, channel, 40)
            await asyncio.sleep(1)

    assert await lost_by(stage, disorder, SWEEPING, seed) == set()
    assert await stage.value("SELECT count(*) - count(DISTINCT (channel_id, text)) FROM posts") == 0


async def test_a_flooded_channel_holds_up_no_other(stage: Stage) -> None:
    flooded, other = await stage.channel("kharv_dispatch"), await stage.channel("plain_ledger")
    async with stage.reading(SWEEPING):
        with stage.telegram.pushes.drop(channels=[flooded]):
            ways = ("GetHistory", "GetMessages", "GetChannelDifference")
            wait = stage.telegram.troubles.flood(3600, *ways, channel=flooded)
            await publish(stage, flooded, 5)
            await until(lambda: wait.hits, "the flood wait")
            await publish(stage, other, 5, "elsewhere")
            await until(lambda: is_stored(stage, "elsewhere 4"), "the other channel's posts")
        assert len(await lost(stage)) == 5
        assert not wait.is_lifted
