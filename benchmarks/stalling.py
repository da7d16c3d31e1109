"""Memory while the database does not answer: posts offered as fast as possible, none lost, back to pace afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.arguments import Load
from benchmarks.house import House
from benchmarks.measuring import MIB, median, progress, resident_mib, rounded
from benchmarks.piping import running
from ingest.pipeline import Pipeline

CORPUS = 5_000

WARM_UP = 5_000
"""Posts stored before the start: words, plans and buffers are there then, and what grows afterwards is the backlog."""

BEFORE_THE_STALL = 0.2
"""Share of the posts that is offered before the database stops."""

WATCHED_EVERY = 0.25
"""Seconds between two looks at memory and pace."""


@dataclass(slots=True)
class _Watch:
    """What was seen: seconds since the start, posts taken, MiB resident."""

    looks: list[tuple[float, int, float]] = field(default_factory=list)
    taken: int = 0

    def pace(self, since: float, until: float) -> float | None:
        """Posts a second between two moments: the median over stretches of two seconds, for commits come in lumps.

        None when there was no such stretch.
        """
        stretch = int(2 / WATCHED_EVERY)
        within = [look for look in self.looks if since <= look[0] <= until]
        rates = [
            (late[1] - early[1]) / (late[0] - early[0]) for early, late in zip(within, within[stretch:], strict=False)
        ]
        return median(rates) if rates else None


async def measure(house: House, load: Load, queries_count: int, posts: int, seconds: float) -> dict[str, Any]:
    """Offer `posts` posts while every table of posts is locked by another connection for `seconds`.

    A lock is what a stalled disk, a long migration or a paused server look like from here: the connection is there and
    no answer comes. Offering waits while the pipeline's buffer is full, as an archive's reader and the reconciler do.
    """
    corpus = load.corpus(CORPUS // 10 if load.is_quick else CORPUS)
    url = house.furnished("stalled", load.queries(corpus, queries_count))
    async with running(url) as pipeline:
        progress("warming up")
        warm = min(WARM_UP, posts)
        await _offer(pipeline, house, corpus.texts, warm, lambda: None)
        await pipeline.settle()
        start = resident_mib()
        watch = _Watch()
        began = time.perf_counter()

        def taken() -> None:
            watch.taken += 1

        async with _watching(watch, began):
            await _offer(pipeline, house, corpus.texts, int(posts * BEFORE_THE_STALL), taken)
            stalled_at = time.perf_counter() - began
            async with _stalled(url):
                progress(f"the database does not answer for {seconds:g} s")
                offering = asyncio.create_task(
                    _offer(pipeline, house, corpus.texts, posts - int(posts * BEFORE_THE_STALL), taken)
                )
                await asyncio.sleep(seconds)
            resumed_at = time.perf_counter() - began
            progress("the database answers again")
            await offering
            offered_at = time.perf_counter() - began
            settled = await pipeline.settle()
        ended_at = time.perf_counter() - began
    return {
        "rss_mib_above_start": rounded(max(look[2] for look in watch.looks) - start),
        "rss_mib_at_start": rounded(start),
        "lost": warm + posts - _stored(url),
        "refused": settled.refused,
        "posts": posts,
        "stalled_seconds": seconds,
        "posts_per_second_before": rounded(watch.pace(0, stalled_at)),
        "posts_per_second_afterwards": rounded(watch.pace(resumed_at + _LONGEST_PAUSE, offered_at)),
        "seconds_until_it_stored_again": rounded(_first_progress(watch, resumed_at)),
        "seconds": rounded(ended_at),
        "queries": queries_count,
    }


_LONGEST_PAUSE = 10.0
"""Seconds for which a pipeline may wait before it asks a database again that was away."""


async def _offer(pipeline: Pipeline, house: House, texts: list[str], wanted: int, taken: Callable[[], None]) -> None:
    """Offer posts as fast as they are taken, made just before."""
    for place in range(wanted):
        (post,) = house.posts([texts[place % len(texts)]])
        await pipeline.offer(post)
        taken()


@contextlib.asynccontextmanager
async def _watching(watch: _Watch, began: float) -> AsyncIterator[None]:
    """Look at memory and pace again and again during the block."""
    process = psutil.Process()

    async def look() -> None:
        while True:
            watch.looks.append((time.perf_counter() - began, watch.taken, process.memory_info().rss / MIB))
            await asyncio.sleep(WATCHED_EVERY)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()


@contextlib.asynccontextmanager
async def _stalled(url: str) -> AsyncIterator[None]:
    """Nobody can read or write posts during the block."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("LOCK TABLE posts IN ACCESS EXCLUSIVE MODE")
        yield
        await connection.rollback()


def _first_progress(watch: _Watch, resumed_at: float) -> float | None:
    """Seconds from the end of the stall to the first post that was taken after it."""
    during = [taken for at, taken, _ in watch.looks if at <= resumed_at]
    after = [at for at, taken, _ in watch.looks if at > resumed_at and during and taken > during[-1]]
    return after[0] - resumed_at if after else None


def _stored(url: str) -> int:
    """Posts in the database."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM posts").fetchone()
        return int(row[0]) if row else 0
