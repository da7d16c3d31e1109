"""Row 21 of the fault matrix: with a clock that is wrong an account is deaf; operators hear of it, and it heals."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from functools import partial

import pytest

from ingest import client, jobs, looking, supervision
from sandbox.channels import Channel
from tests.journeys.losses import NOT_SWEEPING, SWEEPING, lost_by, publish
from tests.journeys.people import until
from tests.journeys.stage import Stage

SKEWS = (-86_400.0, -3_600.0, -400.0, 60.0, 400.0, 3_600.0)
"""Seconds that Telegram's clock is ahead of ours."""


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds of waiting for the deaf are what the tests cannot afford; the rest is as shipped."""
    second = dt.timedelta(seconds=1)
    monkeypatch.setattr(looking, "ANSWER_WITHIN", second)
    monkeypatch.setattr(jobs, "LOOK_AT_CLOCK_EVERY", second / 5)
    monkeypatch.setattr(supervision, "SHORTEST_PAUSE", second / 10)
    for name in ("ANSWER_TIMEOUT", "CONNECT_TIMEOUT"):
        monkeypatch.setattr(client, name, second)
    for function in (client.connect, client.call):
        monkeypatch.setattr(function, "__defaults__", (second,))


async def the_clock_is_wrong(stage: Stage, channel: Channel, _: random.Random, *, seconds: float) -> None:
    with stage.telegram.network.skew(seconds):
        await publish(stage, channel, 10)
        await until(lambda: stage.rows("SELECT 1 FROM notices WHERE kind = 'clock'"), "the alarm")
        await asyncio.sleep(1)


@pytest.mark.parametrize("seconds", SKEWS)
async def test_nothing_is_lost_when_the_clock_is_off_by(stage: Stage, seconds: float) -> None:
    assert await lost_by(stage, partial(the_clock_is_wrong, seconds=seconds), SWEEPING, 1) == set()
    [(detail,)] = await stage.rows("SELECT detail FROM notices WHERE kind = 'clock'")
    assert abs(detail["seconds"] - seconds) <= 2


async def test_without_the_reconciler_posts_are_lost_when_the_clock_is_off(stage: Stage) -> None:
    assert await lost_by(stage, partial(the_clock_is_wrong, seconds=400.0), NOT_SWEEPING, 1)
