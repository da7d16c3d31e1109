"""What an edit changed, in short: what was taken away struck through, what was added underlined. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.differences import Kind, Piece, differences
from bot.rich_text import ELLIPSIS, RichText, Span, plain

CHANGES_UNITS = 300
"""How much of an alert its changes take (in UTF-16 units): half of what its excerpt does."""

PIECE_UNITS = 120
"""How much of one piece that was taken away or added is shown."""

AROUND_WORDS = 3
"""Words that stayed which are shown on either side of a change: enough to find the place."""

MOST_PIECES = 12
"""Pieces with formatting: a message shows 100 entities, and the excerpt above has up to 60."""

_STYLES = {Kind.REMOVED: "strikethrough", Kind.ADDED: "underline"}


def changes_between(old: str, new: str) -> RichText:
    """The places where two texts differ, each with some words around it; empty where only blanks differ."""
    pieces = differences(old, new)
    if all(piece.kind is Kind.KEPT or not piece.text.strip() for piece in pieces):
        return RichText()
    shown, styled = RichText(), 0
    for place, piece in enumerate(pieces):
        if piece.kind is Kind.KEPT:
            shown += _kept(piece.text, is_first=place == 0, is_last=place == len(pieces) - 1)
        elif styled < MOST_PIECES:
            shown += _changed(piece, pieces[place + 1 :])
            styled += 1
    return shown.stripped().truncated(CHANGES_UNITS)


def _changed(piece: Piece, rest: Sequence[Piece]) -> RichText:
    """The piece with its style; a blank behind what was taken away, where what came instead follows at once."""
    text = plain(" ".join(piece.text.split())).truncated(PIECE_UNITS)
    if not text:
        return RichText(" ")
    before = " " if piece.text[:1].isspace() else ""
    is_followed = bool(rest) and rest[0].kind is not Kind.KEPT
    after = " " if piece.text[-1:].isspace() or is_followed else ""
    return plain(before) + RichText(text.text, (Span(_STYLES[piece.kind], 0, len(text.text)),)) + after


def _kept(text: str, *, is_first: bool, is_last: bool) -> RichText:
    """Some words at either end of what stayed, in one line."""
    words = text.split()
    head = "" if is_first else " ".join(words[:AROUND_WORDS])
    tail = "" if is_last else " ".join(words[-AROUND_WORDS:])
    if not is_first and not is_last and len(words) <= 2 * AROUND_WORDS:
        between = " ".join(words)
    else:
        between = f"{head} {ELLIPSIS} {tail}" if len(words) > AROUND_WORDS or (head and tail) else head or tail
    between = between.strip()
    before = " " if text[:1].isspace() and not is_first else ""
    after = " " if text[-1:].isspace() and not is_last and between else ""
    return plain(before + between + after)
