"""What the journeys of lost posts share: a way to run ingest, to publish, and to say what was lost."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Awaitable, Callable

from ingest.program import Sweeping
from sandbox.channels import Channel
from tests.journeys.people import until
from tests.journeys.stage import Stage

SWEEPING = Sweeping(every=dt.timedelta(seconds=0.5))
"""As shipped, only oftener."""

NOT_SWEEPING = Sweeping(is_on=False)
"""The control: Telethon alone."""

SEEDS = (1, 2, 3)

HEALING = 60
"""Seconds that it may take until nothing is missing. Mostly one or two; an account whose clock was a day off needed 27
where other programs left it hardly any processor. How fast it heals is the nemesis's to measure, not a test's."""

Fault = Callable[[Stage, Channel, random.Random], Awaitable[None]]
"""Something that befalls a channel while it publishes; when it returns, the fault is over."""


async def lost_by(stage: Stage, fault: Fault, sweeping: Sweeping, seed: int) -> set[tuple[int, int]]:
    """Run ingest, let the fault happen, give it time to heal; what was published and is not stored."""
    channel = await stage.channel("kharv_dispatch")
    other = await stage.channel("plain_ledger")
    for number in range(3):
        stage.world.channels.publish(channel, f"before {number}")
    chance = random.Random(seed)
    stage.telegram.rng = random.Random(seed)
    async with stage.reading(sweeping):
        await publish(stage, channel, 3, "the first")
        await until(lambda: is_stored(stage, "the first"), "the first posts")
        await fault(stage, channel, chance)
        await publish(stage, other, 1, "elsewhere")
        try:
            async with asyncio.timeout(HEALING if sweeping.is_on else 3):
                while await lost(stage):  # noqa: ASYNC110 - the database sets no event
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pass
    stage.telegram.lift_all()
    return await lost(stage)


async def publish(stage: Stage, channel: Channel, count: int, said: str = "post", pause: float = 0.01) -> None:
    """Some posts, one after the other."""
    for number in range(count):
        stage.world.channels.publish(channel, f"{said} {number}")
        await asyncio.sleep(pause)


async def is_stored(stage: Stage, said: str) -> bool:
    """Whether a post that begins so is stored."""
    return bool(await stage.value(f"SELECT count(*) FROM posts WHERE starts_with(text, '{said}')"))


async def lost(stage: Stage) -> set[tuple[int, int]]:
    """(channel, message) of all that was published since monitoring began, is still there, and is not stored."""
    stored = set(
        await stage.rows(
            "SELECT c.telegram_id, m.message_id FROM channel_messages m JOIN channels c ON c.id = m.channel_id"
            " JOIN posts p ON p.id = m.post_id WHERE m.kind IN ('post', 'part')"
        )
    )
    begun = dict(await stage.rows("SELECT telegram_id, 0 FROM channels WHERE state = 'active'"))
    published = {
        (channel.id, post.message_id)
        for channel in stage.world.channels
        if channel.id in begun
        for post in channel.posts.values()
        if post.service_action is None and not post.text.startswith("before")
    }
    return published - stored
