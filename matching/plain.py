"""Queries that are nothing but words and phrases, read without the grammar: most are, and it costs ten times more.

What is read here the grammar reads the same way; whatever holds more, or is wrong, is left to it.
"""

from __future__ import annotations

import re

from analysis.recent import Recent
from matching.errors import QueryError
from matching.nodes import Node, all_of
from matching.pieces import read_phrase, read_term
from matching.words import TermLeaf

_PIECE = re.compile(r'\s*("[^"]*"|\w[^\s()"|:]*)\s*')
"""A phrase, or a word that neither begins with a sign nor may be a field. The grammar's pieces end where these do."""

_OPERATORS = frozenset(["OR", "ИЛИ", "АБО", "AND", "NOT", "НЕ"])


def _read(piece: str) -> TermLeaf:
    """The leaf of a piece. Raises QueryError, with positions in the piece."""
    return read_phrase(piece, 0) if piece[0] == '"' else read_term(piece, 0)


_LEAVES: Recent[TermLeaf] = Recent(_read, bound=200_000)
"""Piece -> its leaf, one object for all queries: 100,000 of them ask for some 50,000 words (measured)."""


def read_plain(text: str) -> Node | None:
    """The tree of a text of plain words and phrases; None for any other, also for one in which a piece is wrong."""
    pieces = []
    end = 0
    for found in _PIECE.finditer(text):
        if found.start() != end or found[1] in _OPERATORS:
            return None
        end = found.end()
        pieces.append(found[1])
    if end != len(text) or not pieces:
        return None
    try:
        return all_of(map(_LEAVES.__getitem__, pieces))
    except QueryError:  # the grammar's way says where in the query
        return None
