"""How fast posts find their standing queries, beside a loop of regular expressions and tantivy.

`python -m benchmarks.percolator [--json] [--posts FILE] [--queries 1000,…] [--rounds N] [--quick]`

Ours and the peers are given texts. Rates and ratios are by CPU seconds of the one process, because the machine may
be shared (wall seconds beside them); a ratio is the median of the rounds' ratios. Slow peers are timed on few posts,
spread over all lengths: `engines` says how many. Ours is timed after one pass over the same posts, as a process is
that reads the lemmas of its last run; the first pass is reported beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from benchmarks.arguments import Load, parser
from benchmarks.measuring import machine, report, rounded
from benchmarks.percolating import Plan, measure

SIZES = "1000,10000,100000,1000000"
QUICK = (200, 2_000)

HEADLINE = 100_000
"""Queries that the figures at the top are for, unless only others are measured; and the most the peers are given."""

GROWTH = (10_000, 1_000_000)
"""Between these numbers of queries the cost of a post may grow fifteenfold (issue 3)."""

POSTS = 2_000
CHECKED = 20

FIGURES = (
    "vs_regex", "vs_tantivy", "vs_tantivy_batched", "mismatches", "p99_ms", "p99_wall_ms", "mib", "add_microseconds",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size in a process of its own; non-zero when a match was wrong."""
    made = parser(
        "percolator",
        "Standing queries: ours beside regular expressions and tantivy.",
        sizes=SIZES,
        rounds=5,
        mix="generous",
    )
    given = made.parse_args(arguments)
    is_default = given.queries == made.parse_args([]).queries
    sizes = QUICK if given.quick and is_default else given.queries
    headline = HEADLINE if HEADLINE in sizes else max((size for size in sizes if size <= HEADLINE), default=max(sizes))
    about = machine()
    measured = {
        size: _in_a_process(
            Plan(
                load=Load(given.posts, given.quick, given.mix),
                queries=size,
                rounds=given.rounds,
                posts=POSTS // 10 if given.quick else POSTS,
                checked=CHECKED if size == headline else 0,
                has_peers=size <= HEADLINE,
            )
        )
        for size in sizes
    }
    result = _summed_up(measured, headline) | {
        "mix": given.mix,
        "rounds": given.rounds,
        "clock": "cpu",
        "mib_is": "growth of RSS",
        **about,
    }
    report(result, as_json=given.json, table=_table)
    return 1 if result["mismatches"] else 0


def _in_a_process(plan: Plan) -> dict[str, Any]:
    """Measure in a fresh process, so that no size finds the memory or the caches of another."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, plan).result()


def _summed_up(measured: Mapping[int, Mapping[str, Any]], headline: int) -> dict[str, Any]:
    """The figures of the headline size, the growth, and everything by size."""
    top = measured[headline]
    return {
        **{name: top.get(name) for name in FIGURES},
        "posts_per_second": top["engines"]["ours"]["posts_per_second"],
        "growth_10k_to_1m": _growth(measured),
        "queries": headline,
        "sizes": {str(size): result for size, result in measured.items()},
    }


def _growth(measured: Mapping[int, Mapping[str, Any]]) -> float | None:
    """How many times what a post costs at the small size it costs at the large one; None when one is not measured."""
    if not all(size in measured for size in GROWTH):
        return None
    small, large = (measured[size]["engines"]["ours"]["posts_per_second"] for size in GROWTH)
    return rounded(small / large)


def _table(result: Mapping[str, Any]) -> Iterable[str]:
    """The sizes side by side, for people."""
    names = (
        "posts_per_second",
        "vs_regex",
        "vs_tantivy",
        "vs_tantivy_batched",
        "p99_ms",
        "mib",
        "add_microseconds",
    )
    yield "".join(f"{name:>20}" for name in ("queries", *names))
    for size, found in result["sizes"].items():
        values = {**found, "posts_per_second": found["engines"]["ours"]["posts_per_second"]}
        yield f"{int(size):>20,}" + "".join(f"{_shown(values.get(name)):>20}" for name in names)
    growth = _shown(result["growth_10k_to_1m"])
    yield f"mismatches {result['mismatches']}; a post at 1,000,000 costs {growth} times one at 10,000"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,g}"


if __name__ == "__main__":
    sys.exit(main())
