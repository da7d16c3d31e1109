"""What ingest loses when everything goes wrong: random faults while channels post, and a count of what is missing.

`python -m benchmarks.nemesis --seed N --minutes M [--json] [--rate R] [--sweep SECONDS] [--control] [--only KIND,…]`
`python -m benchmarks.nemesis --steady [--minutes M] [--rate R] [--channels N] [--accounts K] [--deaf]`
`python -m benchmarks.nemesis --backlog POSTS`

The box, its channels and the count are in this process; ingest is in another, started again whenever it ends. Faults
are drawn from the seed (rows 1, 2, 7, 8 and 10 to 22 of the fault matrix, and two of its rows of the database). The
control is the same without the reconciler: what it loses is what the reconciler finds. `heal_seconds`: from the end of
a fault until all is stored that was published before, without the time in which another fault kept ingest from asking
or storing. `--steady` has no faults, but measures memory, lag and calls; `--backlog` fills one channel's hidden posts
while others post as ever. Non-zero when a post was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.house import House
from benchmarks.measuring import log_from, machine, one_a_line, progress, report
from benchmarks.nemesis_kinds import KINDS
from benchmarks.nemesis_steady import Calm, measure_backlog, measure_steady
from benchmarks.nemesis_storm import BEYOND_SWEEP, Storm, rage
from ingest.reconciler import SWEEP_EVERY

MINUTES, STEADY_MINUTES = 2.0, 20.0
RATE, STEADY_RATE, BACKLOG_RATE = 120.0, 200.0, 5.0
"""Messages a second, unless said otherwise."""

CONTROL_MINUTES = 0.75
"""The control need not last as long: it only has to lose something."""

COUNTED = (
    "published",
    "stored",
    "lost",
    "deleted_before_seen",
    "faults",
    "sweep_seconds",
    "heal_seconds_p99",
    "control_lost",
)
"""What issue 4 asks for, first in the report."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Rage or be calm, and count; non-zero when something was lost."""
    given = _parser().parse_args(arguments)
    log_from(logging.ERROR)
    about = machine()
    with House.open() as house:
        result = asyncio.run(_calm(house, given) if given.steady or given.backlog else _storm(house, given))
    report(result | {"seed": given.seed, "channels": given.channels} | about, as_json=given.json, table=one_a_line)
    return 1 if result.get("lost") else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.nemesis", description=(__doc__ or "").split("\n")[0])
    shipped = SWEEP_EVERY.total_seconds()
    add = made.add_argument
    add("--json", action="store_true", help="end with one JSON object on standard output")
    add("--seed", type=int, default=1, help="what posts and faults are drawn from (default: 1)")
    add("--minutes", type=float, help=f"how long it lasts (default: {MINUTES:g}, steady {STEADY_MINUTES:g})")
    add("--rate", type=float, help=f"messages a second (default: {RATE:g}, steady {STEADY_RATE:g}, {BACKLOG_RATE:g})")
    add("--channels", type=int, default=20, help="how many channels (default: 20)")
    add("--accounts", type=int, default=1, help="how many accounts read them, without faults (default: 1)")
    add("--sweep", type=float, default=shipped, help=f"seconds between sweeps (default: {shipped:g})")
    add("--control", action="store_true", help="only the control, for the whole time")
    add(
        "--control-minutes",
        type=float,
        default=CONTROL_MINUTES,
        help=f"how long the control lasts that goes with a run, 0 for none (default: {CONTROL_MINUTES})",
    )
    add("--only", type=_kinds, default=tuple(KINDS), help=f"kinds of faults, separated by commas: {', '.join(KINDS)}")
    add("--aftermath", type=float, default=0.0, help="seconds longer to wait for edits and deletions")
    add("--steady", action="store_true", help="no faults: memory, lag and calls")
    add("--deaf", action="store_true", help="with --steady: every push is dropped")
    add("--backlog", type=int, metavar="POSTS", help="no faults: so many hidden posts in one channel")
    add("--log", type=Path, help="where to keep what ingest says")
    return made


def _kinds(value: str) -> tuple[str, ...]:
    kinds = tuple(part.strip() for part in value.split(","))
    if unknown := set(kinds) - KINDS.keys():
        raise argparse.ArgumentTypeError(f"no such fault: {', '.join(sorted(unknown))}")
    return kinds


async def _storm(house: House, given: argparse.Namespace) -> dict[str, Any]:
    """The storm, and its control unless only that was asked for."""
    minutes = given.minutes or MINUTES
    rate = RATE if given.rate is None else given.rate
    storm = Storm(given.seed, minutes * 60, rate, given.channels, given.sweep, given.only, given.log, given.aftermath)
    bearable = given.sweep + BEYOND_SWEEP
    result: dict[str, Any] = {} if given.control else await rage(house, storm, bearable)
    control_minutes = minutes if given.control else min(given.control_minutes, minutes)
    if control_minutes:
        progress("the control: without the reconciler")
        control = await rage(house, storm.control(control_minutes * 60), bearable)
        result |= {"control_lost": control["lost"], "control_minutes": control_minutes, "control": control}
    return {name: result.pop(name, None) for name in COUNTED} | result | {"minutes": minutes}


async def _calm(house: House, given: argparse.Namespace) -> dict[str, Any]:
    """A run without faults."""
    minutes = given.minutes or STEADY_MINUTES
    usual = BACKLOG_RATE if given.backlog else STEADY_RATE
    calm = Calm(
        seed=given.seed,
        seconds=minutes * 60,
        rate=usual if given.rate is None else given.rate,
        channels=given.channels,
        accounts=given.accounts,
        sweep_seconds=given.sweep,
        is_deaf=given.deaf,
        log=given.log,
    )
    if given.backlog:
        result = await measure_backlog(house, calm, given.backlog)
    else:
        result = {**await measure_steady(house, calm, given.sweep + BEYOND_SWEEP), "minutes": minutes}
    return result | {"sweep_seconds": given.sweep, "accounts": given.accounts}


if __name__ == "__main__":
    sys.exit(main())
