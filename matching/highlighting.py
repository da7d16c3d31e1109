"""Which words of a text a query is about, to be shown in bold; and the piece of the text around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.text import analyse, spans
from matching.nodes import wanted
from matching.words import Hashtag, TermLeaf

if TYPE_CHECKING:
    from matching.query import Query


CUT = "…"
"""Stands where an excerpt leaves something out."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text, in one line, with the words that a query asks for."""

    text: str
    """With CUT where something is left out, and single spaces for all white space."""
    ranges: tuple[tuple[int, int], ...]
    """Character offsets (start, end) in `text` of the words to be marked: sorted, touching nowhere."""

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text piece by piece, each with whether it is to be marked; together they are the whole of it."""
        end = 0
        for start, stop in self.ranges:
            if start > end:
                yield self.text[end:start], False
            yield self.text[start:stop], True
            end = stop
        if end < len(self.text):
            yield self.text[end:], False


def excerpt(query: Query, text: str, *, length: int = 300) -> Excerpt:
    """At most `length` characters of a text (CUT not counted), around the first words that a query asks for.

    The beginning, when the first of them is in its first two thirds or when there is none. Words are not cut, unless
    one alone is longer.
    """
    line = " ".join(text.split())
    found = highlights(query, line)
    begin = 0
    if found and found[0][1] > length * 2 // 3 and len(line) > length:
        begin = _word_begin(line, min(found[0][0] - length // 5, len(line) - length), found[0][0])
    end = _word_end(line, begin + length, begin)
    before, behind = CUT if begin else "", CUT if end < len(line) else ""
    shift = len(before) - begin
    ranges = [
        (max(start, begin) + shift, min(stop, end) + shift) for start, stop in found if begin < stop and start < end
    ]
    return Excerpt(before + line[begin:end] + behind, tuple(ranges))


def _word_begin(line: str, wanted: int, latest: int) -> int:
    """Where the first word begins at `wanted` or behind it, but not behind `latest`."""
    space = line.find(" ", max(wanted - 1, 0), latest)
    return space + 1 if space >= 0 else latest


def _word_end(line: str, wanted: int, begin: int) -> int:
    """Where the last word ends that is over at `wanted`; there, when one word fills it all."""
    if wanted >= len(line):
        return len(line)
    space = line.rfind(" ", begin + 1, wanted + 1)
    return space if space > begin else wanted


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
        last = min(first + leaf.word_count, len(places)) - 1  # a text's last position may be in the middle of it
        return start, places[last][1]
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
