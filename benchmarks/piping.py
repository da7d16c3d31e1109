"""One number of standing queries: the pipeline beside the typical stack, round by round, and how long a post waits."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from benchmarks.corpus import Corpus, described
from benchmarks.house import House
from benchmarks.measuring import Took, median, percentile, progress, rounded, spread, timed
from benchmarks.typical import TypicalStack
from ingest.pipeline import Pipeline
from matching.query import Query
from storage.database import Database
from storage.post_values import Post

ARRIVALS_A_SECOND = 50
"""At which latency is measured (issue 3); they come at random, as posts do."""

TICK = 0.005
"""Seconds after which the event loop is asked whether it is free."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `before`: posts stored earlier; `posts` of ours and `typical_posts` of the typical stack in each
    round; `arrivals` for latency."""

    queries: int
    rounds: int
    before: int
    posts: int
    typical_posts: int
    arrivals: int

    @property
    def needed(self) -> int:
        """Posts that one run stores: each once, for a text said again joins its story and owes next to nothing.

        One post times the restart; one more round of posts warms the second start up.
        """
        return self.before + 1 + self.posts * (1 + self.rounds) + self.arrivals


@dataclass(slots=True)
class Rounds:
    """What the rounds took: posts a second, and CPU seconds a post of this process and of the server."""

    rates: list[float] = field(default_factory=list)
    python: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)

    def note(self, posts: int, took: Took, server: float) -> None:
        """One more round."""
        self.rates.append(posts / took.wall)
        self.python.append(took.cpu / posts)
        self.server.append(server / posts)

    def reported(self) -> dict[str, Any]:
        """Medians."""
        return {
            "posts_per_second": rounded(median(self.rates)),
            "python_cpu_ms_a_post": rounded(median(self.python) * 1e3),
            "server_cpu_ms_a_post": rounded(median(self.server) * 1e3),
        }


async def measure(plan: Plan, house: House, corpus: Corpus, standing: Sequence[Query]) -> dict[str, Any]:
    """Run one size from empty databases to the report.

    A first start stores what came before; the second one, which is measured, finds what a running monitor finds after a
    restart: the lemmas of its last run, and stored posts that tell which words are rare. Every round stores posts that
    are not stored yet: the corpus holds `Plan.needed`.
    """
    said = iter(corpus.texts)

    def new(wanted: int) -> list[Post]:
        return house.posts(list(islice(said, wanted)))

    progress(f"{plan.queries:,} queries: filling the databases")
    url = house.furnished(f"ours_{plan.queries}", standing)
    result: dict[str, Any] = {"queries": plan.queries, "corpus": described(corpus)}
    with TypicalStack(house.create(f"typical_{plan.queries}"), standing) as typical:
        async with running(url) as pipeline:
            progress(f"{plan.queries:,} queries: first start")
            await _store(pipeline, new(plan.before))
        async with running(url) as pipeline:
            progress(f"{plan.queries:,} queries: reading the subscriptions")
            with timed() as loading:
                await _store(pipeline, new(1))
            result["load_seconds"] = rounded(loading.wall)
            result |= await _rounds(plan, house, new, sorted(corpus.texts, key=len), pipeline, typical)
            result["latency"] = await _latency(new(plan.arrivals), pipeline)
    return result


@contextlib.asynccontextmanager
async def running(url: str) -> AsyncIterator[Pipeline]:
    """A pipeline at work on a database."""
    database = Database(url)
    pipeline = Pipeline(database)
    work = asyncio.create_task(pipeline.run())
    try:
        yield pipeline
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        await database.close()


async def _store(pipeline: Pipeline, posts: Sequence[Post]) -> int:
    """Offer posts as fast as they are taken, and wait until all are committed; how many alerts are owed for them."""
    for post in posts:
        await pipeline.offer(post)
    settled = await pipeline.settle()
    if settled.stored != len(posts):
        raise AssertionError(f"{settled.stored} of {len(posts)} posts were stored")
    return settled.owed


async def _rounds(
    plan: Plan,
    house: House,
    new: Callable[[int], list[Post]],
    by_length: Sequence[str],
    pipeline: Pipeline,
    typical: TypicalStack,
) -> dict[str, Any]:
    """The pipeline and the typical stack in turn; `new` makes posts of texts not taken yet."""
    ours, theirs = Rounds(), Rounds()
    owed: list[float] = []
    blocked: list[float] = []
    alerts = 0
    await _store(pipeline, new(plan.posts))  # connections and plans are made
    for number in range(plan.rounds):
        posts = new(plan.posts)
        server = house.seconds()
        async with _watched(blocked):
            with timed() as took:
                owed.append(await _store(pipeline, posts) / len(posts))
        ours.note(len(posts), took, house.seconds() - server)
        few = spread(by_length, plan.typical_posts, number)
        server = house.seconds()
        with timed() as took:
            alerts += typical.ingest(few)
        theirs.note(len(few), took, house.seconds() - server)
        paces = f"ours {ours.rates[-1]:,.0f}/s, typical {theirs.rates[-1]:,.2f}/s"
        progress(f"{plan.queries:,} queries, round {number + 1}: {paces}")
    return {
        **ours.reported(),
        "alerts_a_post": rounded(median(owed)),
        "loop_blocked_ms": rounded(max(blocked) * 1e3),
        "typical": {
            **theirs.reported(),
            "posts_a_round": plan.typical_posts,
            "alerts_a_post": rounded(alerts / plan.typical_posts / plan.rounds),
        },
        "posts_a_round": plan.posts,
        "vs_typical": rounded(median(mine / other for mine, other in zip(ours.rates, theirs.rates, strict=True))),
    }


async def _latency(posts: Sequence[Post], pipeline: Pipeline) -> dict[str, Any]:
    """Milliseconds from handing a post over to its commit, at ARRIVALS_A_SECOND.

    `settle` answers when everything offered is committed: a post that comes meanwhile is waited for too, so a latency
    is never told shorter than it was.
    """
    progress(f"{len(posts)} posts at {ARRIVALS_A_SECOND} a second")
    chance = random.Random(3)  # noqa: S311 - load, not secrets
    waits: list[asyncio.Task[float]] = []
    due = time.perf_counter()
    for post in posts:
        due += chance.expovariate(ARRIVALS_A_SECOND)
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        waits.append(asyncio.create_task(_committed(pipeline, post, due)))
    latencies = [seconds * 1e3 for seconds in await asyncio.gather(*waits)]
    return {
        "posts": len(posts),
        "p50_ms": rounded(percentile(latencies, 0.5)),
        "p99_ms": rounded(percentile(latencies, 0.99)),
        "worst_ms": rounded(max(latencies)),
    }


async def _committed(pipeline: Pipeline, post: Post, due: float) -> float:
    """Seconds from the moment at which a post was due to its commit."""
    await pipeline.offer(post)
    await pipeline.settle()
    return time.perf_counter() - due


@contextlib.asynccontextmanager
async def _watched(blocked: list[float]) -> AsyncIterator[None]:
    """Note for how many seconds at most the event loop did not turn during the block."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            longest = max(longest, time.perf_counter() - before - TICK)

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
        blocked.append(longest)
