"""Rows 1, 2, 7 and 8 of the fault matrix: ingest dies, ends or sleeps under load; the next life heals."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from sandbox.channels import Channel
from tests.journeys.killed import AFTER_COMMIT, BEFORE_COMMIT, NEVER_ANSWERED
from tests.journeys.lives import Life, life
from tests.journeys.losses import SEEDS, is_stored, lost, publish
from tests.journeys.people import until
from tests.journeys.stage import Stage

End = Callable[[Life, random.Random], Awaitable[None]]
"""How a life of ingest ends, or is interrupted."""


async def killed(ingest: Life, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.5))
    ingest.kill()


async def told_to_end(ingest: Life, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.5))
    assert not await ingest.ends()


async def stopped_for_a_while(ingest: Life, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0, 0.2))
    ingest.stop()
    await asyncio.sleep(chance.uniform(2, 4))
    ingest.go_on()


@pytest.fixture
async def channel(stage: Stage) -> Channel:
    """A channel that is read since an earlier life."""
    channel = await stage.channel("kharv_dispatch")
    async with stage.reading():
        await publish(stage, channel, 3, "the first")
        await until(lambda: is_stored(stage, "the first 2"), "the first posts")
    return channel


async def live_through(
    stage: Stage, channel: Channel, end: End, chance: random.Random, *, moment: str = NEVER_ANSWERED, without: str = ""
) -> None:
    """One life under 200 posts/s that ends so, while the channel speaks on; then a last one, in which it is silent.

    Telegram tells no more than fifty missed changes one by one: what Telethon catches up with by itself proves nothing.
    """
    stage.telegram.too_long_after(50)
    for is_last in (False, True):
        connected = stage.telegram.calls["updates.GetState"]
        number = chance.randint(2, 5) if not is_last else 10**9
        async with life(stage, "ingest", moment, number, without=without or None) as ingest:
            await until(partial(_is_connected, stage, ingest, connected), "the connection")
            if is_last:
                await _healed(stage, seconds=4 if without else 30)
            else:
                speaking = asyncio.create_task(publish(stage, channel, 200, pause=0.005))
                await end(ingest, chance)
                await speaking
                stage.world.channels.publish_many(channel, [f"while nobody listened {n}" for n in range(120)])
                await _healed(stage, seconds=4) if not ingest.is_over else None


def _is_connected(stage: Stage, ingest: Life, calls_before: int) -> bool:
    return ingest.is_over or stage.telegram.calls["updates.GetState"] > calls_before


async def _healed(stage: Stage, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while await lost(stage):  # noqa: ASYNC110 - the database sets no event
                await asyncio.sleep(0.1)
    except TimeoutError:
        pass


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("end", [killed, told_to_end, stopped_for_a_while])
async def test_nothing_is_lost_by_a_reader_that_is(stage: Stage, channel: Channel, end: End, seed: int) -> None:
    await live_through(stage, channel, end, random.Random(seed))
    assert await lost(stage) == set()


@pytest.mark.parametrize("moment", [BEFORE_COMMIT, AFTER_COMMIT])
async def test_nothing_is_lost_by_a_reader_killed_at_a_commit(stage: Stage, channel: Channel, moment: str) -> None:
    async def until_killed(ingest: Life, _: random.Random) -> None:
        await until(lambda: ingest.is_over, "the kill")

    await live_through(stage, channel, until_killed, random.Random(1), moment=moment)
    assert await lost(stage) == set()
    assert await stage.value("SELECT count(*) - count(DISTINCT (channel_id, text)) FROM posts") == 0


@pytest.mark.parametrize("end", [killed, told_to_end])
async def test_without_the_reconciler_posts_are_lost_by_a_reader_that_is(
    stage: Stage, channel: Channel, end: End
) -> None:
    await live_through(stage, channel, end, random.Random(1), without="reconciler")
    assert await lost(stage)
