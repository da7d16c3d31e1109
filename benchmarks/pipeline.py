"""How fast posts are stored, indexed, classified, matched and owed on the embedded PostgreSQL, beside a typical stack.

`python -m benchmarks.pipeline [--json] [--posts FILE] [--queries 1000,…] [--rounds N] [--quick] [--stalled]`

Both stacks run in the same call on one server with full durability, each on a database of its own, by turns on posts
of the same corpus. Rates are posts by the clock on the wall, since disk and server count; CPU of this process and of
the server beside them. The typical stack is timed on few posts, spread over all lengths: `posts_a_round` says how many.
`--stalled` measures memory instead: posts offered as fast as possible while the database does not answer.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks import stalling
from benchmarks.arguments import Load, parser
from benchmarks.house import House
from benchmarks.measuring import log_from, machine, one_a_line, report
from benchmarks.piping import Plan, measure

SIZES = "1000,100000"
QUICK = (50, 500)

BEFORE = 20_000
QUICK_BEFORE = 100
"""Posts that are stored before anything is measured, so that the words of news are known as after some days."""

POSTS, ARRIVALS = 2_000, 1_000
QUICK_POSTS, QUICK_ARRIVALS = 100, 50
"""Posts a round, and posts of which the latency is measured."""

TRIED_EACH_ROUND = 300_000
FEWEST_POSTS, MOST_POSTS = 5, 40
"""Tries (posts times queries) that the typical stack is given a round, and its posts within these bounds."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size, or the memory; non-zero when posts were lost."""
    made = parser(
        "pipeline",
        "The whole way of a post: ours beside a typical stack.",
        sizes=SIZES,
        rounds=3,
        mix="deliverable",
    )
    made.add_argument("--stalled", action="store_true", help="measure memory while the database does not answer")
    made.add_argument("--stalled-posts", type=int, default=200_000, help="posts offered meanwhile (default: 200000)")
    made.add_argument("--stalled-seconds", type=float, default=60.0, help="how long it does not answer (default: 60)")
    given = made.parse_args(arguments)
    log_from(logging.WARNING)
    is_default = given.queries == made.parse_args([]).queries
    sizes = QUICK if given.quick and is_default else given.queries
    about = machine()
    load = Load(given.posts, given.quick, given.mix)
    with House.open() as house:
        if given.stalled:
            result = asyncio.run(stalling.measure(house, load, min(sizes), given.stalled_posts, given.stalled_seconds))
            report(result | about, as_json=given.json, table=one_a_line)
            return 1 if result["lost"] else 0
        measured = asyncio.run(_measured(house, load, sizes, given.rounds))
    report(
        _summed_up(measured) | {"mix": given.mix, "rounds": given.rounds, "clock": "wall", **about},
        as_json=given.json,
        table=_table,
    )
    return 0


async def _measured(house: House, load: Load, sizes: Sequence[int], rounds: int) -> dict[int, dict[str, Any]]:
    """All sizes, one after the other."""
    plans = [
        Plan(
            queries=size,
            rounds=rounds,
            before=QUICK_BEFORE if load.is_quick else BEFORE,
            posts=QUICK_POSTS if load.is_quick else POSTS,
            typical_posts=min(max(TRIED_EACH_ROUND // size, FEWEST_POSTS), MOST_POSTS),
            arrivals=QUICK_ARRIVALS if load.is_quick else ARRIVALS,
        )
        for size in sizes
    ]
    needed = plans[0].needed
    corpus = load.corpus(needed)
    if len(corpus.texts) < needed:
        raise SystemExit(f"{needed:,} posts are needed (with --quick fewer), {len(corpus.texts):,} are there.")
    return {plan.queries: await measure(plan, house, corpus, load.queries(corpus, plan.queries)) for plan in plans}


def _summed_up(measured: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """The issue's figures (None for a size that is not measured), and everything by size."""
    names = {1_000: "1k", 100_000: "100k"}
    figures = {
        f"{figure}_{name}": measured[size][figure] if size in measured else None
        for figure in ("posts_per_second", "vs_typical")
        for size, name in names.items()
    }
    latency = measured[max(measured)]["latency"]["p99_ms"]
    return {
        **figures,
        "latency_p99_ms": latency,
        "sizes": {str(size): found for size, found in measured.items()},
    }


def _table(result: Mapping[str, Any]) -> Iterable[str]:
    """The sizes side by side, for people."""
    names = (
        "posts_per_second",
        "vs_typical",
        "alerts_a_post",
        "python_cpu_ms_a_post",
        "server_cpu_ms_a_post",
    )
    yield "".join(f"{name:>22}" for name in ("queries", *names, "latency_p99_ms"))
    for size, found in result["sizes"].items():
        values = [*(found[name] for name in names), found["latency"]["p99_ms"]]
        yield f"{int(size):>22,}" + "".join(f"{value:>22,g}" for value in values)


if __name__ == "__main__":
    sys.exit(main())
