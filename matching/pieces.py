"""From one typed piece (a word, `=form`, `prefix*`, `#tag`, `@name`, a phrase) to the leaf it stands for."""

from __future__ import annotations

import re

from analysis.text import analyse
from matching.errors import QueryError
from matching.hosts import host_of
from matching.words import Exact, Hashtag, Mention, Phrase, PhrasePart, Prefix, TermLeaf, Word

SHORTEST_PREFIX = 3
"""Letters that a prefix needs (design): shorter ones would match half of all posts."""

_PIECE = re.compile(r"\S+")
_DASHES = frozenset("-−–—")


def shown(piece: str) -> str:
    """A piece as a message may quote it: not too long, and in characters that every chat can carry."""
    clean = piece.encode("utf-8", "replace").decode()
    return f"“{clean}”" if len(clean) <= 40 else f"“{clean[:39]}…”"


def read_term(piece: str, start: int) -> TermLeaf:
    """The leaf of a piece without spaces; `start` is its offset in the query. Raises QueryError."""
    if set(piece) <= _DASHES:
        raise QueryError("The minus must touch the word that it excludes: -word", start)
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
            raise QueryError(
                "A mention cannot stand in a phrase; put it outside the quotation marks.", start + piece.start()
            )
        parts += _read_in_phrase(quoted, piece, start, is_last=piece is pieces[-1])
    if not parts:
        raise QueryError("There is no word between the quotation marks.", start)
    return _joined(parts, quoted, start)


def _read_in_phrase(quoted: str, piece: re.Match[str], start: int, *, is_last: bool) -> list[PhrasePart]:
    """The words of one piece of a phrase; what a QueryError suggests for it becomes the phrase with that piece
    mended."""
    try:
        return _read_words(piece[0], start + piece.start(), is_last=is_last)
    except QueryError as error:
        if error.suggestion is not None:
            mended = quoted[: piece.start()] + error.suggestion + quoted[piece.end() :]
            raise QueryError(error.message, error.position, mended) from None
        raise


def _joined(parts: list[PhrasePart], piece: str, start: int) -> TermLeaf:
    """One word as itself, several as a phrase: "Івано-Франківськ" is two words in a row."""
    if not parts:
        raise QueryError(f"There is no word in {shown(piece)}: a word has letters or digits.", start)
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
        raise QueryError("A * may stand only at the end of a word.", start + piece.index("*"), plain + "*")
    if "*" in piece and piece[0] == "=":
        raise QueryError("= asks for one form and * for many; use one of them.", start, bare + "*")
    if "*" in piece and not is_last:
        raise QueryError("In a phrase a * may stand only at the end of the last word.", start + len(piece) - 1, bare)


def _exact(forms: tuple[str, ...], start: int) -> list[PhrasePart]:
    """The words behind a `=`, each in this form only."""
    if not forms:
        raise QueryError("The = must touch the word whose form it fixes: =word", start)
    return [Exact(form) for form in forms]


def _prefixed(forms: tuple[str, ...], bare: str, start: int) -> list[PhrasePart]:
    """The words before a `*`: the last is a prefix."""
    if not forms or len(forms[-1]) < SHORTEST_PREFIX:
        message = f"At least {SHORTEST_PREFIX} letters must stand before a *."
        raise QueryError(message, start, bare or None)
    return [*(Word(form) for form in forms[:-1]), Prefix(forms[-1])]


def _no_word(piece: str, start: int) -> QueryError:
    """What to say of a link or a mention where a word should stand."""
    if "@" in piece and analyse(piece).marks:
        return QueryError("A mention stands for itself: put a space before the @.", start + piece.index("@"))
    host = host_of(piece)
    message = "A link is no word; to find posts that link to a site, ask for the site."
    return QueryError(message, start, f"link:{host}" if host else None)


def _read_hashtag(piece: str, start: int) -> Hashtag:
    """The leaf of `#tag`."""
    terms = analyse(piece)
    mark = terms.marks.get(0)
    if mark is None:
        raise QueryError("A hashtag has letters, digits or _ right behind the #.", start)
    tag = Hashtag(mark[1:])
    if "*" in piece or tag.word_count != len(terms.forms):
        raise QueryError("A hashtag is one run of letters, digits and _.", start, mark)
    return tag


def _read_mention(piece: str, start: int) -> Mention:
    """The leaf of `@name`."""
    terms = analyse(piece)
    mark = terms.marks.get(0)
    if mark is not None and len(terms.forms) == 1 and "*" not in piece:
        return Mention(mark[1:])
    suggestion = mark or " ".join(form for form in terms.forms if form) or None
    raise QueryError("A mention is @ and a username: Latin letters, digits and _.", start, suggestion)
