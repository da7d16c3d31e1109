"""A text as the words that queries, topics and stories work with: one pass, one position per word.

The rules of what a word is are in `analysis.tokens`, of how it is spelled in `analysis.folding`, of its lemmas in
`analysis.lemmas`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType

from analysis.folding import fold
from analysis.lemma_cache import LemmaCache
from analysis.lemmas import lemmas_of
from analysis.recent import Recent
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

LONGEST_REMEMBERED = 40
"""Characters of the longest piece of text whose forms are remembered."""

LEMMAS = LemmaCache(lemmas_of)
"""The lemmas of every form seen lately; `channelwatch` keeps it on disk between runs."""

_NO_MARKS: Mapping[int, str] = MappingProxyType({})


class Terms:
    """One text analysed; immutable.

    `forms` holds the folded word of each position, "" where the position holds none (a link, a mention). `lemmas` holds
    the sorted lemma set of each position, () where there is no word; looked up when first asked for. `marks` gives the
    "#tag" or "@name" that begins at a position. `text` is what was read; terms are equal by what they hold of it.
    """

    __slots__ = ("_lemmas", "_lexemes", "forms", "marks", "text")

    def __init__(self, forms: tuple[str, ...], marks: Mapping[int, str] = _NO_MARKS, text: str = "") -> None:
        self.forms = forms
        self.marks = marks
        self.text = text
        self._lemmas: tuple[tuple[str, ...], ...] | None = None
        self._lexemes: dict[str, tuple[int, ...]] | None = None

    @property
    def lemmas(self) -> tuple[tuple[str, ...], ...]:
        """The lemma set of each position."""
        if self._lemmas is None:
            self._lemmas = tuple(map(LEMMAS.__getitem__, self.forms))
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
        written = "".join(map(str.join, _PLACES, map(_QUOTED.__getitem__, self.forms)))
        if self.marks:
            written += " ".join(f"{quote_lexeme(mark)}:{index + 1}" for index, mark in self.marks.items())
        return written

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
    """All lexemes that a form is filed under, as a tsvector literal writes them; "" ends them, for the last place."""
    return (*map(quote_lexeme, ("=" + form, *LEMMAS[form])), "") if form else ()


_QUOTED = Recent(_quoted, bound=200_000)

_PLACES = tuple(f":{place} " for place in range(1, MAX_PER_LEXEME + 1))
"""What stands behind a lexeme at each position."""


def _form(raw: str) -> str:
    """The folded form of a raw word; "" for one too long to be a lexeme."""
    form = fold(raw)
    return "" if len(form) > MAX_LEXEME_BYTES // 4 and len(form.encode()) >= MAX_LEXEME_BYTES else form


_FORMS = Recent(_form, bound=200_000)
"""Raw word -> folded form: the same object whatever stands around the word, which saves memory and comparisons."""


def _read(chunk: str) -> tuple[str, ...]:
    """The forms of a piece of text without white space, one a position."""
    return tuple(chain.from_iterable(map(_forms, TOKEN.findall(chunk))))


def _forms(token: str) -> Iterable[str]:
    """The forms of a token: those of a hashtag's words; none ("") of a mention and of a link."""
    if token[0] == "#":
        return map(_FORMS.__getitem__, WORD.findall(token))
    return ("" if token[0] == "@" or is_link(token) else _FORMS[token],)


class _Chunks(Recent[tuple[str, ...]]):
    """Piece of text between white space -> its forms. No token holds white space, so that pieces can be read alone."""

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        # What is long, mostly a link, comes once: remembering it would cost others their place.
        return _read(chunk) if len(chunk) > LONGEST_REMEMBERED else super().__missing__(chunk)


_CHUNKS = _Chunks(_read, bound=200_000)


def analyse(text: str) -> Terms:
    """Read a text: its words in order, with the marks of hashtags and mentions."""
    text = text[:MAX_CHARACTERS]
    chunks = text.split()
    forms = tuple(chain.from_iterable(map(_CHUNKS.__getitem__, chunks)))
    marks = _marks(chunks) if "#" in text or "@" in text else _NO_MARKS
    return Terms(forms if len(forms) <= MAX_POSITIONS else forms[:MAX_POSITIONS], marks, text)


def _marks(chunks: Sequence[str]) -> Mapping[int, str]:
    """The marks by position."""
    marks: dict[int, str] = {}
    place = behind = 0  # how many positions the chunks before `behind` take
    for index in [index for index, chunk in enumerate(chunks) if "#" in chunk or "@" in chunk]:
        place += sum(map(len, map(_CHUNKS.__getitem__, chunks[behind:index])))
        behind = index
        for offset, mark in _MARKED[chunks[index]]:
            if place + offset < MAX_POSITIONS:
                marks[place + offset] = mark
    return MappingProxyType(marks) if marks else _NO_MARKS


def _marks_within(chunk: str) -> tuple[tuple[int, str], ...]:
    """The marks of a piece of text with their positions in it, but none that is too long to be a lexeme."""
    found = []
    place = 0
    for token in TOKEN.findall(chunk):
        if token[0] == "#":
            found.append((place, "#" + WORD.sub(lambda word: fold(word.group()), token[1:])))
        elif token[0] == "@":
            found.append((place, token.lower()))
        place += len(WORD.findall(token)) if token[0] == "#" else 1
    return tuple((place, mark) for place, mark in found if len(mark.encode()) <= MAX_LEXEME_BYTES)


_MARKED = Recent(_marks_within, bound=20_000)


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
