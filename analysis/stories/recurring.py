"""What recurs and what is reversed, by words: the next drone shot down, trading resumed after it was suspended.

Such posts say nearly the same as those before them, and tell another event.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from analysis.folding import fold
from analysis.stories.words import TERMS

TermSet = frozenset[int]
"""Numbers of words, as `analysis.stories.words.TERMS` gives them."""


class RecurringKind(NamedTuple):
    """One line of `recurring.tsv`: a post is of it when it holds a word of each group. `hours`: when such an event is
    over."""

    name: str
    hours: float
    groups: tuple[TermSet, ...]


def kinds_of(title: TermSet) -> frozenset[str]:
    """The kinds of recurring events that the words of a first sentence tell, by name."""
    if title.isdisjoint(_beginnings()):  # as with most posts
        return frozenset()
    return frozenset(kind.name for kind in kinds() if not any(map(title.isdisjoint, kind.groups)))


def sides_of(title: TermSet) -> frozenset[int]:
    """The sides of `opposites.tsv` that the words of a first sentence take: a line's number, below zero for its second
    side."""
    sides = _sides()
    return frozenset(sides[term] for term in title & sides.keys())


def hours_of(shared: Iterable[str]) -> float:
    """After how many hours the longest of some kinds, one at least, is over."""
    return max(kind.hours for kind in kinds() if kind.name in shared)


def are_opposed(first: Set[int], second: Set[int]) -> bool:
    """Whether one takes a side of which the other takes only the opposite one."""
    return any(-side in second and side not in second and -side not in first for side in first)


@cache
def kinds() -> tuple[RecurringKind, ...]:
    """The lines of `recurring.tsv`."""
    return tuple(
        RecurringKind(name, float(hours), tuple(map(_terms, groups)))
        for name, hours, *groups in (line.split("\t") for line in lines_of("recurring.tsv"))
    )


@cache
def _beginnings() -> TermSet:
    return frozenset[int]().union(*(kind.groups[0] for kind in kinds()))


@cache
def _sides() -> dict[int, int]:
    found: dict[int, int] = {}
    for number, line in enumerate(lines_of("opposites.tsv"), start=1):
        first, second = map(_terms, line.split("\t"))
        for term in first - second:
            found.setdefault(term, number)
        for term in second - first:
            found.setdefault(term, -number)
    return found


def lines_of(name: str) -> list[str]:
    """The lines of one of the hand-made lists, remarks left out."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _terms(words: str) -> TermSet:
    return frozenset(filter(None, map(TERMS.__getitem__, map(fold, words.split()))))
