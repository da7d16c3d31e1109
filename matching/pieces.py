"""From one typed piece (a word, `=form`, `prefix*`, `#tag`, `@name`, a phrase) to the leaf it stands for."""

from __future__ import annotations

import re

from analysis.text import analyse
from matching.errors import QueryError, quoted
from matching.hosts import host_of
from matching.words import Exact, Hashtag, Mention, Phrase, PhrasePart, Prefix, TermLeaf, Word

SHORTEST_PREFIX = 3
"""Letters that a prefix needs (design): shorter ones would match half of all posts."""

_PIECE = re.compile(r"\S+")
_DASHES = frozenset("-−–—")


def read_term(piece: str, start: int) -> TermLeaf:
    """The leaf of a piece without spaces; `start` is its offset in the query. Raises QueryError."""
    if set(piece) <= _DASHES:
        raise QueryError("loose_minus", start)
    if piece[0] == "#":
        return _read_hashtag(piece, start)
    if piece[0] == "@":
        return _read_mention(piece, start)
    return _joined(_read_words(piece, start, is_last=True), piece, start)


def read_phrase(quoted: str, start: int) -> TermLeaf:
    """The leaf of a piece in quotation marks: a phrase, or the one word that stands in it. Raises QueryError."""
    parts: list[PhrasePart] = []
    pieces = list(_PIECE.finditer(quoted, 1, len(quoted) - 1))
    for piece in pieces:
        if piece[0][0] == "@" and analyse(piece[0]).marks:
            raise QueryError("mention_in_phrase", start + piece.start())
        parts += _read_in_phrase(quoted, piece, start, is_last=piece is pieces[-1])
    if not parts:
        raise QueryError("empty_phrase", start)
    return _joined(parts, quoted, start)


def _read_in_phrase(quoted: str, piece: re.Match[str], start: int, *, is_last: bool) -> list[PhrasePart]:
    """The words of one piece of a phrase; what a QueryError suggests for it becomes the phrase with that piece
    mended."""
    try:
        return _read_words(piece[0], start + piece.start(), is_last=is_last)
    except QueryError as error:
        if error.suggestion is not None:
            mended = quoted[: piece.start()] + error.suggestion + quoted[piece.end() :]
            raise error.suggesting(mended) from None
        raise


def _joined(parts: list[PhrasePart], piece: str, start: int) -> TermLeaf:
    """One word as itself, several as a phrase: "Івано-Франківськ" is two words in a row."""
    if not parts:
        raise QueryError("no_word", start, word=quoted(piece))
    return parts[0] if len(parts) == 1 else Phrase(tuple(parts))


def _read_words(piece: str, start: int, *, is_last: bool) -> list[PhrasePart]:
    """The words of a piece with its signs: a first `=`, and a last `*` where `is_last` allows one."""
    is_exact = piece[0] == "="
    bare = piece.strip("=*") if is_exact or "*" in piece else piece
    _refuse_misplaced_signs(piece, bare, start, is_last=is_last)
    forms = analyse(bare).forms
    if "" in forms:
        raise _no_word(bare, start)
    if is_exact:
        return _exact(forms, start)
    if piece[-1] == "*":
        return _prefixed(forms, bare, start)
    return [Word(form) for form in forms]


def _refuse_misplaced_signs(piece: str, bare: str, start: int, *, is_last: bool) -> None:
    """Raise QueryError when `=` or `*` stands where it means nothing."""
    if "*" in piece and (piece.count("*") > 1 or piece[-1] != "*"):
        plain = piece.replace("*", "")
        raise QueryError("star_inside", start + piece.index("*"), plain + "*")
    if "*" in piece and piece[0] == "=":
        raise QueryError("star_and_equals", start, bare + "*")
    if "*" in piece and not is_last:
        raise QueryError("star_in_phrase", start + len(piece) - 1, bare)


def _exact(forms: tuple[str, ...], start: int) -> list[PhrasePart]:
    """The words behind a `=`, each in this form only."""
    if not forms:
        raise QueryError("loose_equals", start)
    return [Exact(form) for form in forms]


def _prefixed(forms: tuple[str, ...], bare: str, start: int) -> list[PhrasePart]:
    """The words before a `*`: the last is a prefix."""
    if not forms or len(forms[-1]) < SHORTEST_PREFIX:
        raise QueryError("short_prefix", start, bare or None, n=SHORTEST_PREFIX)
    return [*(Word(form) for form in forms[:-1]), Prefix(forms[-1])]


def _no_word(piece: str, start: int) -> QueryError:
    """What to say of a link or a mention where a word should stand."""
    if "@" in piece and analyse(piece).marks:
        return QueryError("mention_in_word", start + piece.index("@"))
    host = host_of(piece)
    return QueryError("link", start, f"link:{host}" if host else None)


def _read_hashtag(piece: str, start: int) -> Hashtag:
    """The leaf of `#tag`."""
    terms = analyse(piece)
    mark = terms.marks.get(0)
    if mark is None:
        raise QueryError("empty_hashtag", start)
    tag = Hashtag(mark[1:])
    if "*" in piece or tag.word_count != len(terms.forms):
        raise QueryError("bad_hashtag", start, mark)
    return tag


def _read_mention(piece: str, start: int) -> Mention:
    """The leaf of `@name`."""
    terms = analyse(piece)
    mark = terms.marks.get(0)
    if mark is not None and len(terms.forms) == 1 and "*" not in piece:
        return Mention(mark[1:])
    suggestion = mark or " ".join(form for form in terms.forms if form) or None
    raise QueryError("bad_mention", start, suggestion)
