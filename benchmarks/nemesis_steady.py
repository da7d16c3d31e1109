"""Without faults: whether memory grows over time, what sweeps cost, and a backlog beside channels that post as ever."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.house import House
from benchmarks.measuring import percentile, progress, rounded, spread
from benchmarks.nemesis_arena import Arena, arena
from benchmarks.nemesis_lives import Lives, living
from benchmarks.nemesis_oracle import Oracle
from benchmarks.nemesis_posts import Publishing
from benchmarks.nemesis_verdict import judged
from sandbox.channels import Channel
from storage import migrations

WARM_UP_SHARE, LONGEST_WARM_UP = 0.25, 300.0
"""The part of a run, and the seconds at most, in which memory may grow: lemmas, plans and buffers come to stay."""

LOOKS_COMPARED = 800
"""Of memory, each with each."""

PIECE = 2_000
"""Posts of a backlog published in one go: the box's other clients have their turn in between."""

MOST_SECONDS = 900.0
"""For which a backlog is waited for."""

FILLED = """
    SELECT count(*) FROM channel_messages m JOIN channels c ON c.id = m.channel_id
    WHERE c.telegram_id = %s AND m.post_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Calm:
    """What to do. `rate`: messages a second, 0 for none; `is_deaf`: every push is dropped, only sweeps find posts."""

    seed: int
    seconds: float
    rate: float
    channels: int
    accounts: int
    sweep_seconds: float
    is_deaf: bool = False
    log: Path | None = None


async def measure_steady(house: House, calm: Calm, bearable: float) -> dict[str, Any]:
    """Memory, lag and calls over the whole time."""
    async with _reading(house, calm) as (made, lives):
        if calm.is_deaf:
            made.telegram.pushes.drop()
        publishing = Publishing(made.world, made.channels, calm.rate, calm.seed)
        async with await made.connect() as connection:
            oracle = Oracle(made.world, connection)
            mark, began = made.telegram.calls.mark(), time.monotonic()
            async with asyncio.TaskGroup() as together:
                tasks = [together.create_task(each) for each in (publishing.run(), oracle.run())]
                looks = await _memory(lives, calm.seconds)
                for task in tasks:
                    task.cancel()
            minutes = (time.monotonic() - began) / 60
            calls = made.telegram.calls.since(mark)
            await oracle.until_all_stored(bearable)
            verdict = await judged(connection, made.world, oracle.vanished, (), bearable)
        return {
            **verdict.reported(),
            "posts_per_second": rounded(verdict.published / minutes / 60),
            **_lags(oracle.all_lags()),
            **grown(looks, min(calm.seconds * WARM_UP_SHARE, LONGEST_WARM_UP)),
            "calls": calls,
            "calls_a_channel_a_minute": rounded(sum(calls.values()) / calm.channels / minutes),
            "is_deaf": calm.is_deaf,
            "lives": lives.started,
        }


async def measure_backlog(house: House, calm: Calm, posts: int) -> dict[str, Any]:
    """How long it takes to fill `posts` hidden posts of the first channel, and how late the others' are meanwhile."""
    async with _reading(house, calm) as (made, lives):
        big, *others = made.channels
        publishing = Publishing(made.world, others, calm.rate, calm.seed)
        async with await made.connect() as connection, await made.connect() as counting:
            oracle = Oracle(made.world, connection, apart=frozenset([big.id]))
            mark = made.telegram.calls.mark()
            async with asyncio.TaskGroup() as together:
                tasks = [together.create_task(each) for each in (publishing.run(), oracle.run())]
                began = time.monotonic()
                await _publish_backlog(made, big, publishing, posts)
                filled = 0
                while filled < posts and time.monotonic() - began < MOST_SECONDS:
                    await asyncio.sleep(1)
                    row = await (await counting.execute(FILLED, (big.id,))).fetchone()
                    filled = int(row[0]) if row else 0
                took = time.monotonic() - began
                for task in tasks:
                    task.cancel()
            await oracle.until_all_stored(calm.sweep_seconds)
        calls = made.telegram.calls.since(mark)
        return {
            "backlog": posts,
            "lost": posts - filled + len(oracle.pending),
            "seconds_until_all_stored": rounded(took),
            "others_published": len(made.world.channels.ledger) - posts,
            **{f"others_{name}": value for name, value in _lags(oracle.all_lags()).items()},
            "calls": calls,
            "rss_mib": rounded(lives.resident_mib()),
            "lives": lives.started,
        }


def slope(looks: Sequence[tuple[float, float]]) -> float:
    """How fast something grows, by Theil and Sen: the median slope between any two looks, whatever outliers say."""
    few = spread(looks, LOOKS_COMPARED)
    return statistics.median((late[1] - early[1]) / (late[0] - early[0]) for early, late in combinations(few, 2))


def grown(looks: Sequence[tuple[float, float]], warm_up: float) -> dict[str, Any]:
    """What memory (second, MiB) did after so many seconds."""
    warm = [look for look in looks if look[0] >= warm_up]
    few = max(len(warm) // 10, 1)
    is_enough = len(warm) > 2
    return {
        "warm_up_seconds": rounded(warm_up),
        "rss_mib_start": rounded(statistics.median(mib for _, mib in warm[:few]), 4) if is_enough else None,
        "rss_mib_end": rounded(statistics.median(mib for _, mib in warm[-few:]), 4) if is_enough else None,
        "rss_mib_an_hour": rounded(slope(warm) * 3600) if is_enough else None,
    }


@asynccontextmanager
async def _reading(house: House, calm: Calm) -> AsyncIterator[tuple[Arena, Lives]]:
    """An arena whose channels are all read."""
    url = house.create("nemesis_calm")
    migrations.upgrade(url)
    with TemporaryDirectory(prefix="channelwatch-nemesis-") as folder:
        home = Path(folder)
        async with arena(url, home, calm.seed, calm.channels, calm.accounts) as made:
            lives = Lives(calm.sweep_seconds, made.environment(), calm.log or home / "ingest.log")
            async with living(lives):
                await made.all_joined(lives)
                yield made, lives


async def _memory(lives: Lives, seconds: float) -> list[tuple[float, float]]:
    """Look each second for so long."""
    looks: list[tuple[float, float]] = []
    began = time.monotonic()
    said = 0
    while (at := time.monotonic() - began) < seconds:
        if (mib := lives.resident_mib()) is not None:
            looks.append((at, mib))
        if at // 60 > said:
            said = int(at // 60)
            progress(f"minute {said}: {mib or 0:.1f} MiB")
        await asyncio.sleep(min(1.0, seconds - at))
    return looks


async def _publish_backlog(made: Arena, channel: Channel, publishing: Publishing, posts: int) -> None:
    progress(f"{posts:,} hidden posts in one channel")
    for start in range(0, posts, PIECE):
        texts = [publishing.text() for _ in range(min(PIECE, posts - start))]
        made.world.channels.publish_many(channel, texts)
        await asyncio.sleep(0)


def _lags(lags: Sequence[float]) -> dict[str, Any]:
    """Seconds from publishing to being seen stored."""
    shares = {"p50": 0.5, "p99": 0.99, "worst": 1.0}
    return {f"lag_seconds_{name}": rounded(percentile(lags, share)) if lags else None for name, share in shares.items()}
