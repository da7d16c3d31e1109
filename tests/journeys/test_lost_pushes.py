"""Rows 13 to 18 of the fault matrix: what Telegram or Telethon drops is found; without the reconciler it is lost."""

from __future__ import annotations

import asyncio
import random

import pytest

from sandbox.channels import Channel
from sandbox.mtproto.garbage import Garbage
from tests.journeys.losses import NOT_SWEEPING, SEEDS, SWEEPING, Fault, lost_by, publish
from tests.journeys.stage import Stage


async def every_push_is_dropped(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.pushes.drop():
        await publish(stage, channel, chance.randint(10, 40))


async def half_of_the_pushes_are_dropped_and_the_last_ones(
    stage: Stage, channel: Channel, chance: random.Random
) -> None:
    with stage.telegram.pushes.drop(0.5):
        await publish(stage, channel, 40)
        await asyncio.sleep(1)  # until Telethon has closed the gaps that it knows of
    with stage.telegram.pushes.drop():
        await publish(stage, channel, chance.randint(1, 5))


async def difference_is_too_long(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.too_long_after(50):
        stage.world.channels.publish_many(channel, [f"hidden {n}" for n in range(chance.randint(101, 400))])
        await publish(stage, channel, 1)  # reveals the gap, whose difference is too long
        await asyncio.sleep(1)


async def account_difference_is_too_long(stage: Stage, channel: Channel, chance: random.Random) -> None:
    with stage.telegram.account_too_long(), stage.telegram.pushes.drop():
        await publish(stage, channel, chance.randint(5, 20))
        stage.telegram.send.updates_too_long()
        await asyncio.sleep(1)


async def pushes_cannot_be_decoded(stage: Stage, channel: Channel, chance: random.Random) -> None:
    kinds: tuple[Garbage, ...] = ("unknown_constructor", "wrong_msg_key", "broken_gzip")
    with stage.telegram.pushes.spoil(chance.choice(kinds)):
        await publish(stage, channel, 10)


FAULTS: tuple[Fault, ...] = (
    every_push_is_dropped,
    half_of_the_pushes_are_dropped_and_the_last_ones,
    difference_is_too_long,
    account_difference_is_too_long,
    pushes_cannot_be_decoded,
)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_lost_when(stage: Stage, fault: Fault, seed: int) -> None:
    assert await lost_by(stage, fault, SWEEPING, seed) == set()


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_the_reconciler_posts_are_lost_when(stage: Stage, fault: Fault) -> None:
    assert await lost_by(stage, fault, NOT_SWEEPING, 1)
