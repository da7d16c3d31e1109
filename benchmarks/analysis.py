"""What labelling and joining cost: topics beside scikit-learn, stories beside datasketch.

`python -m benchmarks.analysis [--json] [--posts FILE] [--quick] [--only topics|stories]`

By CPU seconds of the one process, because the machine may be shared. What is compared is told in `benchmarks/topics.py`
and `benchmarks/stories.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine, progress, report
from benchmarks.topics import measure_topics


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both and report; 0."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.analysis", description="Topics and stories: their cost.")
    made.add_argument("--json", action="store_true", help="end with one JSON object on standard output")
    made.add_argument("--posts", type=Path, metavar="FILE", help="JSON lines with a text (default: generated)")
    made.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    made.add_argument("--only", choices=("topics", "stories"), help="measure one of the two")
    given = made.parse_args(arguments)
    figures: dict[str, Any] = {}
    if given.only != "stories":
        progress("topics")
        figures |= measure_topics(file=given.posts, is_quick=given.quick)
    if given.only != "topics":
        progress("stories")
        figures |= _stories(is_quick=given.quick)
    report(figures | {"clock": "cpu", **machine()}, as_json=given.json, table=_table)
    return 0


def _stories(*, is_quick: bool) -> dict[str, Any]:
    """The figures of stories; none where datasketch, which they are measured beside, is not installed."""
    try:
        from benchmarks.stories import measure_stories
    except ImportError as error:
        progress(f"stories are not measured: {error}")
        return {}
    return measure_stories(is_quick=is_quick)


def _table(result: Mapping[str, Any]) -> Iterable[str]:
    """One figure a line, for people."""
    for name, value in result.items():
        yield f"{name:32}{value}"


if __name__ == "__main__":
    sys.exit(main())
