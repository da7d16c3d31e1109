"""How long it took after each fault until everything was stored that had been published before its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.measuring import percentile, rounded
from benchmarks.nemesis_kinds import KINDS
from benchmarks.nemesis_schedule import Happened


def healing(faults: Sequence[Happened], until: float) -> dict[str, Any]:
    """Percentiles in seconds, and the worst by kind. A fault that has not healed counts with the time until `until`.

    Another fault may follow at once and keep ingest from asking or storing: the time in which one lasted is not counted
    in `heal_seconds`, but in `heal_wall_seconds`.
    """
    ended = [fault for fault in faults if fault.ended is not None]
    wall = {id(fault): (fault.healed or until) - (fault.ended or until) for fault in ended}
    blocking = [fault for fault in faults if KINDS[fault.kind].blocks]
    own = {id(fault): wall[id(fault)] - _blocked(fault, blocking, until) for fault in ended}
    kinds: dict[str, list[Happened]] = defaultdict(list)
    for fault in ended:
        kinds[fault.kind].append(fault)
    return {
        "heal_seconds_p50": _share(own.values(), 0.5),
        "heal_seconds_p99": _share(own.values(), 0.99),
        "heal_seconds_worst": _share(own.values(), 1.0),
        "heal_wall_seconds_p50": _share(wall.values(), 0.5),
        "heal_wall_seconds_p99": _share(wall.values(), 0.99),
        "unhealed": sum(fault.healed is None for fault in ended),
        "faults_by_kind": {
            kind: {
                "row": KINDS[kind].row,
                "count": len(those),
                "lasted_seconds_worst": rounded(max((each.ended or until) - each.began for each in those)),
                "heal_seconds_worst": rounded(max(own[id(each)] for each in those)),
                "heal_wall_seconds_worst": rounded(max(wall[id(each)] for each in those)),
            }
            for kind, those in sorted(kinds.items(), key=lambda item: KINDS[item[0]].row)
        },
    }


def _blocked(healing: Happened, faults: Iterable[Happened], until: float) -> float:
    """Seconds between a fault's end and its healing in which one of `faults` lasted."""
    first, last = healing.ended or until, healing.healed or until
    total, at = 0.0, first
    for fault in sorted(faults, key=lambda each: each.began):
        begin, end = max(fault.began, at), min(until if fault.ended is None else fault.ended, last)
        if end > begin:
            total += end - begin
            at = end
    return total


def _share(values: Iterable[float], share: float) -> float | None:
    listed = list(values)
    return rounded(percentile(listed, share)) if listed else None
