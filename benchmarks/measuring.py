"""Clocks, rounds, memory, and the report that every benchmark ends with."""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psutil  # type: ignore[import-untyped]
import structlog

T = TypeVar("T")

MIB = 1024 * 1024


@dataclass(slots=True)
class Took:
    """Seconds that a piece of work took: of this process's CPU, and by the clock on the wall."""

    cpu: float = 0.0
    wall: float = 0.0


@contextmanager
def timed() -> Iterator[Took]:
    """Fill in what the block took."""
    took = Took()
    wall, cpu = time.perf_counter(), time.process_time()
    yield took
    took.cpu, took.wall = time.process_time() - cpu, time.perf_counter() - wall


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def spread(items: Sequence[T], count: int, offset: int = 0) -> list[T]:
    """At most `count` items spread evenly over all of them; another `offset` (0, 1, 2, …) gives their neighbours."""
    step = max(len(items) // count, 1)
    middles = range(step // 2, step * min(count, len(items)), step)
    return [items[(place + offset) % len(items)] for place in middles]


def rounded(value: float | None, digits: int = 3) -> float | None:
    """So many significant digits."""
    return None if value is None else float(f"{value:.{digits}g}")


def resident_mib() -> float:
    """What this process has in memory, in MiB, after a garbage collection."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / MIB


def machine() -> dict[str, Any]:
    """Where and with what a report was made."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }


def log_from(level: int) -> None:
    """Let the programs that are measured say what is so grave, on standard error."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def progress(message: str) -> None:
    """Say on standard error what is being done."""
    print(f"[{time.strftime('%H:%M:%S')}] {message}", file=sys.stderr, flush=True)  # noqa: T201 - a program's own words


def one_a_line(result: Mapping[str, Any]) -> Iterable[str]:
    """A report for people: one figure a line."""
    return (f"{name:>28}  {value}" for name, value in result.items())


def report(result: Mapping[str, Any], *, as_json: bool, table: Callable[[Mapping[str, Any]], Iterable[str]]) -> None:
    """End a run on standard output: with one line of JSON, or with a table for people."""
    lines = [json.dumps(result, ensure_ascii=False)] if as_json else table(result)
    for line in lines:
        print(line, flush=True)  # noqa: T201 - what the program is for
