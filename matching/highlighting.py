"""Which words of a text a query is about, to be shown in bold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from analysis.text import analyse, spans
from matching.nodes import wanted
from matching.words import Hashtag, TermLeaf

if TYPE_CHECKING:
    from matching.query import Query


def highlights(query: Query, text: str) -> list[tuple[int, int]]:
    """Character offsets (start, end) of the words in `text` that a query asks for: sorted, touching nowhere.

    Words that are only excluded are left out. The text may be an excerpt in which the query as a whole does not hold.
    """
    lexemes = analyse(text).lexemes()
    places = spans(text)
    found: list[tuple[int, int]] = []
    for leaf in wanted(query.root):
        if isinstance(leaf, TermLeaf):
            found.extend(_extent(leaf, position - 1, places, text) for position in leaf.positions(lexemes))
    return list(_merged(found))


def _extent(leaf: TermLeaf, first: int, places: list[tuple[int, int]], text: str) -> tuple[int, int]:
    """The span of a leaf that holds at position `first` (from 0): a phrase to its last word, a hashtag with its
    sign."""
    if isinstance(leaf, Hashtag):
        start = text.rindex("#", 0, places[first][0])
        return start, places[first + leaf.word_count - 1][1]
    return places[first][0], places[first + leaf.width - 1][1]


def _merged(found: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans in order, those that overlap or touch made one."""
    start = end = -1
    for left, right in sorted(found):
        if left > end:
            if end >= 0:
                yield start, end
            start, end = left, right
        else:
            end = max(end, right)
    if end >= 0:
        yield start, end
