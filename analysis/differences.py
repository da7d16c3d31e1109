"""What an edit changed: two texts compared by words, as pieces that were kept, removed or added. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

_MARKS = "\u0300-\u036f\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff"
"""Signs that belong to the one before: accents, an emoji's colours and its presentation."""

_TOKEN = re.compile(
    rf"\w[\w{_MARKS}]*(?:[-'’ʼ]\w[\w{_MARKS}]*)*"
    r"|\s+"
    r"|[\U0001f1e6-\U0001f1ff]{2}"  # two letters make a flag
    rf"|[^\w\s][{_MARKS}]*(?:\u200d[^\w\s][{_MARKS}]*)*"
)
"""Words (чёрно-белый and об'єкт are one each), blanks, and signs one by one; nothing of a text is left out."""

MOST_CHANGES = 800
"""Removed and added tokens that are looked for one by one; beyond them a text is not edited but written anew.

Longest posts (4,096 characters) have some 1,400 tokens of words and blanks, so half of the words may differ. Time and
memory are bounded by its square and by its product with the length, whatever a text is made of."""

SMALL_GAP = 3
"""Characters, none of a word, that may stand between two changes which read as one."""


class Kind(StrEnum):
    """What became of a piece of text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, never empty; neighbours differ in kind, and what was removed stands before what was added."""

    kind: Kind
    text: str


def differences(old: str, new: str) -> tuple[Piece, ...]:
    """How `old` became `new`: kept and removed pieces joined are `old`, kept and added ones are `new`."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    ends = len(before) - tail, len(after) - tail
    script = [
        *((Kind.KEPT, token) for token in before[:head]),
        *_changes(before[head : ends[0]], after[head : ends[1]]),
        *((Kind.KEPT, token) for token in before[ends[0] :]),
    ]
    pieces = [Piece(kind, "".join(token for _, token in run)) for kind, run in groupby(script, lambda step: step[0])]
    return tuple(_readable(pieces))


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """How many tokens two sequences begin with alike."""
    count = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        count += 1
    return count


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterable[tuple[Kind, str]]:
    """The shortest way from one to the other, token by token; all replaced where that is longer than MOST_CHANGES."""
    trace = _trace(before, after)
    if trace is None:
        return [*((Kind.REMOVED, token) for token in before), *((Kind.ADDED, token) for token in after)]
    return list(_walked_back(before, after, trace))[::-1]


def _trace(before: Sequence[str], after: Sequence[str]) -> list[list[int]] | None:
    """For each number of changes, how far into `before` one gets on each diagonal (E. Myers, 1986, the greedy way).

    Diagonal k holds the places at which k tokens more of `before` have been passed than of `after`; with d changes
    those from -d to d, every other one, are reached: entry (k + d) // 2. None: the end is too many changes away.
    """
    trace: list[list[int]] = []
    last: list[int] = []
    for changes in range(min(len(before) + len(after), MOST_CHANGES) + 1):
        row = []
        for index in range(changes + 1):
            diagonal = 2 * index - changes
            place = _reached(last, index)
            while place < len(before) and place - diagonal < len(after) and before[place] == after[place - diagonal]:
                place += 1
            row.append(place)
            if place >= len(before) and place - diagonal >= len(after):
                trace.append(row)
                return trace
        trace.append(row)
        last = row
    return None


def _reached(last: Sequence[int], index: int) -> int:
    """Where one change more leads to: a token of `before` removed or, where that gets further, one of `after` added."""
    if not last:
        return 0
    removed = last[index - 1] + 1 if index > 0 else -1
    added = last[index] if index < len(last) else -1
    return max(removed, added)


def _walked_back(
    before: Sequence[str], after: Sequence[str], trace: Sequence[Sequence[int]]
) -> Iterator[tuple[Kind, str]]:
    """The way, from its end to its beginning."""
    place, other = len(before), len(after)
    for changes in range(len(trace) - 1, 0, -1):
        last = trace[changes - 1]
        index = (place - other + changes) // 2
        start = _reached(last, index)
        while place > start:
            place, other = place - 1, other - 1
            yield Kind.KEPT, before[place]
        if index > 0 and last[index - 1] + 1 == start:
            place -= 1
            yield Kind.REMOVED, before[place]
        else:
            other -= 1
            yield Kind.ADDED, after[other]
    for token in reversed(before[:place]):
        yield Kind.KEPT, token


def _readable(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Changes with no more than a blank or a comma between them as one, and what was removed before what was added."""
    removed = added = ""
    for place, piece in enumerate(pieces):
        if piece.kind is Kind.REMOVED:
            removed += piece.text
        elif piece.kind is Kind.ADDED:
            added += piece.text
        elif removed and added and place + 1 < len(pieces) and _is_small_gap(piece.text):
            removed += piece.text
            added += piece.text
        else:
            yield from _changed(removed, added)
            removed = added = ""
            yield piece
    yield from _changed(removed, added)


def _changed(removed: str, added: str) -> Iterator[Piece]:
    if removed:
        yield Piece(Kind.REMOVED, removed)
    if added:
        yield Piece(Kind.ADDED, added)


def _is_small_gap(text: str) -> bool:
    return len(text) <= SMALL_GAP and not any(map(str.isalnum, text))
