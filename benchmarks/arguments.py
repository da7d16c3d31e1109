"""The options that all benchmarks share."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import Corpus, from_file, generated
from benchmarks.queries import MIXES, queries
from matching.query import Query


@dataclass(frozen=True, slots=True)
class Load:
    """What to measure with, small enough to hand to another process. `file`: real posts, or None for generated ones.

    `is_quick`: hand-picked words only, without the vocabulary that takes a while to make. `mix`: of `queries.MIXES`.
    """

    file: Path | None
    is_quick: bool
    mix: str

    def queries(self, corpus: Corpus, count: int, *, seed: int = 5) -> list[Query]:
        """`count` standing queries about a corpus; another seed gives others."""
        return queries(corpus.words, count, mix=MIXES[self.mix], seed=seed)

    def corpus(self, count: int) -> Corpus:
        """`count` posts, and the words to ask for."""
        return from_file(self.file, count) if self.file else generated(count, is_small=self.is_quick)


def parser(program: str, description: str, *, sizes: str, rounds: int, mix: str) -> argparse.ArgumentParser:
    """The shared options, with a benchmark's own defaults."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks.{program}", description=description)
    made.add_argument("--json", action="store_true", help="end with one JSON object on standard output")
    made.add_argument(
        "--posts", type=Path, metavar="FILE", help="JSON lines with a text, gzip or not (default: generated)"
    )
    made.add_argument("--queries", type=_sizes, default=sizes, help=f"numbers of standing queries (default: {sizes})")
    made.add_argument(
        "--rounds",
        type=_positive,
        default=rounds,
        help=f"repetitions (default: {rounds}); medians are reported",
    )
    made.add_argument("--mix", choices=MIXES, default=mix, help=f"how much the queries match (default: {mix})")
    made.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    return made


def _sizes(value: str) -> tuple[int, ...]:
    """Numbers separated by commas, sorted."""
    try:
        return tuple(sorted({_positive(part) for part in value.split(",")}))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{value!r} is no list of numbers: write 1000,10000") from error


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{value} is not at least 1")
    return number
