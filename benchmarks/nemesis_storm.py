"""One storm: ingest reads, channels post, the nemesis rages for a time; then it is counted what is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.house import House
from benchmarks.measuring import percentile, progress, rounded
from benchmarks.nemesis_arena import Arena, arena
from benchmarks.nemesis_faults import Scene
from benchmarks.nemesis_healing import healing
from benchmarks.nemesis_kinds import KINDS
from benchmarks.nemesis_lives import Lives, living
from benchmarks.nemesis_oracle import Oracle
from benchmarks.nemesis_posts import Publishing
from benchmarks.nemesis_schedule import Nemesis, drawn
from benchmarks.nemesis_verdict import Verdict, judged
from storage import migrations

BEYOND_SWEEP = 5.0
"""Healing may take the time between two sweeps and so many seconds more (issue 4)."""

PATIENCE = 60.0
"""Seconds for which what is late is waited for after that, so that the figure can be bad without an end."""

STEADY_BEFORE = 3.0
"""Seconds of posts before the first moment that counts."""


@dataclass(frozen=True, slots=True)
class Storm:
    """What to do. `sweep_seconds` 0: the control, without the reconciler. `log`: where ingest writes, kept if given.

    `aftermath`: how many seconds longer edits and deletions are waited for that nobody was told of.
    """

    seed: int
    seconds: float
    rate: float
    channels: int
    sweep_seconds: float
    kinds: Sequence[str] = tuple(KINDS)
    log: Path | None = None
    aftermath: float = 0.0

    def control(self, seconds: float) -> Storm:
        """The same without the reconciler, for another time."""
        return replace(self, seconds=seconds, sweep_seconds=0.0, log=self.log and self.log.with_suffix(".control"))


async def rage(house: House, storm: Storm, bearable: float) -> dict[str, Any]:
    """Run it on a new database. `bearable`: seconds after the last fault in which everything is to be stored."""
    name = f"nemesis_{storm.seed}_{'swept' if storm.sweep_seconds else 'control'}"
    url = house.create(name)
    migrations.upgrade(url)
    with TemporaryDirectory(prefix="channelwatch-nemesis-") as folder:
        home = Path(folder)
        async with arena(url, home, storm.seed, storm.channels) as made:
            lives = Lives(storm.sweep_seconds, made.environment(), storm.log or home / "ingest.log")
            async with living(lives):
                await made.all_joined(lives)
                return await _rage(made, lives, storm, bearable)


async def _rage(made: Arena, lives: Lives, storm: Storm, bearable: float) -> dict[str, Any]:
    publishing = Publishing(made.world, made.channels, storm.rate, storm.seed)
    plan = drawn(storm.seed, storm.seconds, storm.kinds)
    nemesis = Nemesis(Scene(made, lives, publishing), plan, storm.seed)
    async with await made.connect() as connection:
        oracle = Oracle(made.world, connection, nemesis.happened)
        mark, began = made.telegram.calls.mark(), time.monotonic()
        await _while_publishing(publishing, oracle, nemesis.run(storm.seconds))
        over = time.monotonic()
        progress(f"the storm is over, {len(oracle.pending)} messages are not stored yet")
        verdict = await _settled(made, oracle, nemesis, storm, bearable)
        ended = time.monotonic()
    calls = made.telegram.calls.since(mark)
    lags = oracle.all_lags()
    return {
        **verdict.reported(),
        "faults": len(nemesis.happened),
        "sweep_seconds": storm.sweep_seconds,
        **healing(nemesis.happened, ended),
        "posts_per_second": rounded(verdict.published / (over - began)),
        "lag_seconds_p50": rounded(percentile(lags, 0.5)) if lags else None,
        "lag_seconds_p99": rounded(percentile(lags, 0.99)) if lags else None,
        "calls": calls,
        "calls_a_channel_a_minute": rounded(sum(calls.values()) / storm.channels / (ended - began) * 60),
        "restarts": lives.started - 1,
        "crashes": lives.crashes,
        "stop_timeouts": lives.stop_timeouts,
        "box_failures": [type(failure).__name__ for failure in made.world.failures],
    }


async def _while_publishing(publishing: Publishing, oracle: Oracle, raging: Any) -> None:
    """Publish and look until the nemesis is done; whatever fails ends it all."""
    async with asyncio.TaskGroup() as together:
        posting, looking = together.create_task(publishing.run()), together.create_task(oracle.run())
        await asyncio.sleep(STEADY_BEFORE)
        await raging
        posting.cancel()
        looking.cancel()


async def _settled(made: Arena, oracle: Oracle, nemesis: Nemesis, storm: Storm, bearable: float) -> Verdict:
    """Wait for what is late, but not for ever, then judge. Edits and deletions have less patience."""
    is_control = not storm.sweep_seconds
    await oracle.until_all_stored(bearable if is_control else bearable + PATIENCE)
    until = time.monotonic() + bearable + storm.aftermath
    async with await made.connect() as connection:
        while True:
            verdict = await judged(connection, made.world, oracle.vanished, nemesis.happened, bearable)
            is_right = not (verdict.stale_texts or verdict.unmarked_deletions or verdict.holes)
            if is_right or is_control or time.monotonic() > until:
                return verdict
            await asyncio.sleep(1)
