"""A text as the words that queries, topics and stories work with: one pass, one position per word.

The rules of what a word is are in `analysis.tokens`, of how it is spelled in `analysis.folding`, of its lemmas in
`analysis.lemmas`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from analysis.folding import fold
from analysis.lemma_cache import LemmaCache
from analysis.lemmas import lemmas_of
from analysis.tokens import TOKEN, WORD, is_link

__all__ = ["LEMMAS", "Terms", "analyse", "fold", "spans"]

MAX_POSITIONS = 16_383
"""Positions of a text that are kept: the largest position that a PostgreSQL tsvector can hold."""

MAX_PER_LEXEME = 256
"""Positions that a PostgreSQL tsvector keeps of one lexeme: the first ones."""

MAX_LEXEME_BYTES = 2_046
"""Longest lexeme of a PostgreSQL tsvector, in bytes of UTF-8. A longer word is no word."""

MAX_CHARACTERS = 65_536
"""Characters of a text that are read. Telegram's longest post has 4,096; this keeps every tsvector under its 1 MiB."""

LEMMAS = LemmaCache(lemmas_of)
"""The lemmas of every form seen lately; `channelwatch` keeps it on disk between runs."""

_NO_MARKS: Mapping[int, str] = MappingProxyType({})


class Terms:
    """One text analysed; immutable.

    `forms` holds the folded word of each position, "" where the position holds none (a link, a mention). `lemmas` holds
    the sorted lemma set of each position, () where there is no word; looked up when first asked for. `marks` gives the
    "#tag" or "@name" that begins at a position.
    """

    __slots__ = ("_lemmas", "_lexemes", "forms", "marks")

    def __init__(self, forms: tuple[str, ...], marks: Mapping[int, str] = _NO_MARKS) -> None:
        self.forms = forms
        self.marks = marks
        self._lemmas: tuple[tuple[str, ...], ...] | None = None
        self._lexemes: dict[str, tuple[int, ...]] | None = None

    @property
    def lemmas(self) -> tuple[tuple[str, ...], ...]:
        """The lemma set of each position."""
        if self._lemmas is None:
            self._lemmas = tuple(map(LEMMAS.get, self.forms))
        return self._lemmas

    def lexemes(self) -> dict[str, tuple[int, ...]]:
        """What the text is filed under: lemma, "=form", "#tag", "@name" -> positions from 1, capped as PostgreSQL caps.

        Computed once; not to be changed.
        """
        if self._lexemes is None:
            found: dict[str, list[int]] = {}
            for position, (form, lemmas) in enumerate(zip(self.forms, self.lemmas, strict=True), start=1):
                if form:
                    for lexeme in ("=" + form, *lemmas):
                        if lexeme in found:
                            found[lexeme].append(position)
                        else:
                            found[lexeme] = [position]
            for index, mark in self.marks.items():
                found.setdefault(mark, []).append(index + 1)
            self._lexemes = {lexeme: tuple(places[:MAX_PER_LEXEME]) for lexeme, places in found.items()}
        return self._lexemes

    def tsvector(self) -> str:
        """The literal for `::tsvector`, with positions, quoted."""
        if len(self.forms) <= MAX_PER_LEXEME:
            return self._short_tsvector()
        return " ".join(
            [
                f"{quote_lexeme(lexeme)}:{places[0] if len(places) == 1 else ','.join(map(str, places))}"
                for lexeme, places in self.lexemes().items()
            ]
        )

    def _short_tsvector(self) -> str:
        """The same for a text too short to reach a cap, a fifth of the time: PostgreSQL merges what comes twice."""
        written = []
        for position, quoted in enumerate(map(_QUOTED.get, self.forms), start=1):
            if quoted:
                place = f":{position}"
                written.append(f"{place} ".join(quoted) + place)
        written += [f"{quote_lexeme(mark)}:{index + 1}" for index, mark in self.marks.items()]
        return " ".join(written)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Terms):
            return NotImplemented
        return self.forms == other.forms and dict(self.marks) == dict(other.marks)

    def __hash__(self) -> int:
        return hash((self.forms, frozenset(self.marks.items())))

    def __repr__(self) -> str:
        return f"Terms({len(self.forms)} positions, {len(self.marks)} marks)"


def quote_lexeme(lexeme: str) -> str:
    """A lexeme inside a tsvector or tsquery literal: in quotes, with quotes and backslashes doubled."""
    if "'" in lexeme or "\\" in lexeme:
        lexeme = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{lexeme}'"


def _quoted(form: str) -> tuple[str, ...]:
    """All lexemes that a form is filed under, as a tsvector literal writes them."""
    return tuple(map(quote_lexeme, ("=" + form, *LEMMAS.get(form)))) if form else ()


_QUOTED = LemmaCache(_quoted, bound=200_000)


class _Forms:
    """Raw word -> folded form, bounded by two generations (see LemmaCache)."""

    def __init__(self, bound: int) -> None:
        self._half = bound // 2
        self.young: dict[str, str] = {}
        self._old: dict[str, str] = {}

    def get(self, raw: str) -> str:
        """The folded form of a raw word; "" for one too long to be a lexeme."""
        form = self.young.get(raw)
        if form is None:
            form = self._old.pop(raw, None)
            if form is None:
                form = fold(raw)
                if len(form) > MAX_LEXEME_BYTES // 4 and len(form.encode()) >= MAX_LEXEME_BYTES:
                    form = ""
            if len(self.young) >= self._half:
                self._old, self.young = self.young, {}
            self.young[raw] = form
        return form


_FORMS = _Forms(800_000)


def analyse(text: str) -> Terms:
    """Read a text: its words in order, with the marks of hashtags and mentions."""
    tokens = TOKEN.findall(text[:MAX_CHARACTERS])
    forms: list[str | None] = list(map(_FORMS.young.get, tokens))
    marks = _fill(tokens, forms) if None in forms else _NO_MARKS
    return Terms(tuple(forms[:MAX_POSITIONS]), marks)  # type: ignore[arg-type]  # no None is left


def _fill(tokens: list[str], forms: list[str | None]) -> Mapping[int, str]:
    """Put the forms of links, marks and new words where they are missing (None); returns the marks by position.

    Only those places are visited: in a warm process nearly every word is known. A hashtag of several words takes
    several positions, so both lists may grow.
    """
    marks: dict[int, str] = {}
    place = -1
    for _ in range(forms.count(None)):
        place = forms.index(None, place + 1)
        token = tokens[place]
        if token[0] == "#":
            words = WORD.findall(token)
            tokens[place : place + 1] = words
            forms[place : place + 1] = map(_FORMS.get, words)
            _mark(marks, place, "#" + WORD.sub(lambda found: fold(found.group()), token[1:]))
        elif token[0] == "@":
            forms[place] = ""
            _mark(marks, place, token.lower())
        else:
            forms[place] = "" if is_link(token) else _FORMS.get(token)
    return MappingProxyType(marks) if marks else _NO_MARKS


def _mark(marks: dict[int, str], index: int, mark: str) -> None:
    """Note a mark, unless it is too long to be a lexeme or lies behind the last position."""
    if index < MAX_POSITIONS and len(mark.encode()) <= MAX_LEXEME_BYTES:
        marks[index] = mark


def spans(text: str) -> list[tuple[int, int]]:
    """Character offsets (start, end) in `text` of every position of `analyse(text)`.

    The words of a hashtag lie after its sign; a mention's and a link's position is the whole of it.
    """
    return list(_spans(text[:MAX_CHARACTERS]))[:MAX_POSITIONS]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """The span of each position, in order."""
    for token in TOKEN.finditer(text):
        if token.group()[0] == "#":
            yield from (word.span() for word in WORD.finditer(text, token.start(), token.end()))
        else:
            yield token.span()
