"""The leaves of a query that ask for words of the text: each knows its lexemes, its tsquery and where it holds.

What a leaf asks is defined over `Terms.lexemes()` alone, so that a tsvector, the percolator and the brute force
here can answer alike (design, "Terms, and the law").
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.lemmas import lemmas_asked
from analysis.recent import Recent
from analysis.text import quote_lexeme
from analysis.tokens import WORD

Lexemes = Mapping[str, tuple[int, ...]]
"""Lexeme -> positions from 1, as `Terms.lexemes()` gives them."""


class TermLeaf(ABC):
    """A leaf that asks for words of the text."""

    __slots__ = ()

    @property
    @abstractmethod
    def canonical(self) -> str:
        """Equal for leaves that match the same posts."""

    @abstractmethod
    def positions(self, lexemes: Lexemes) -> frozenset[int]:
        """The positions (from 1) at which the leaf holds; for a phrase those of its first word."""

    @abstractmethod
    def tsquery(self) -> str:
        """The fragment for PostgreSQL's `::tsquery` that holds exactly where the leaf does."""

    @property
    def width(self) -> int:
        """How many positions in a row it takes."""
        return 1


@dataclass(frozen=True, slots=True)
class Word(TermLeaf):
    """A word in any of its forms. Two are equal when the same folded word was typed; the lemmas follow from it."""

    form: str

    @property
    def lexemes(self) -> frozenset[str]:
        """The lemmas asked for; one of them in the post is enough."""
        return _ASKED[self.form][0]

    @property
    def canonical(self) -> str:
        """The lemmas, so that two forms of one word are one query."""
        return _ASKED[self.form][1]

    def positions(self, lexemes: Lexemes) -> frozenset[int]:
        """Where a word of one of the lemmas stands."""
        return frozenset(place for lexeme in self.lexemes for place in lexemes.get(lexeme, ()))

    def tsquery(self) -> str:
        """The lemmas as alternatives."""
        alternatives = [quote_lexeme(lexeme) for lexeme in sorted(self.lexemes)]
        return alternatives[0] if len(alternatives) == 1 else f"({' | '.join(alternatives)})"

    def __str__(self) -> str:
        return self.form


def _look_up(form: str) -> tuple[frozenset[str], str]:
    """The lemmas that a query's word asks for, and their one text."""
    lemmas = lemmas_asked(form)
    return frozenset(lemmas), "|".join(sorted(lemmas))


_ASKED = Recent(_look_up, bound=300_000)
"""Form -> what it asks for: a standing query asks on every post and at every start."""


class OneLexeme(TermLeaf):
    """A leaf that asks for exactly one lexeme."""

    __slots__ = ()

    @property
    @abstractmethod
    def lexeme(self) -> str:
        """The lexeme asked for."""

    @property
    def canonical(self) -> str:
        """The lexeme itself: its first sign keeps it apart from lemmas."""
        return self.lexeme

    def positions(self, lexemes: Lexemes) -> frozenset[int]:
        """Where the lexeme stands."""
        return frozenset(lexemes.get(self.lexeme, ()))

    def tsquery(self) -> str:
        """The lexeme, quoted."""
        return quote_lexeme(self.lexeme)

    def __str__(self) -> str:
        return self.lexeme


@dataclass(frozen=True, slots=True)
class Exact(OneLexeme):
    """A word in this form only: `=form`."""

    form: str

    @property
    def lexeme(self) -> str:
        """The form behind its sign."""
        return "=" + self.form


@dataclass(frozen=True, slots=True)
class Hashtag(OneLexeme):
    """A hashtag, without its sign in `tag`."""

    tag: str

    @property
    def word_count(self) -> int:
        """How many words it holds: those are words of the text as well."""
        return len(WORD.findall(self.tag))

    @property
    def lexeme(self) -> str:
        """The tag behind its sign."""
        return "#" + self.tag


@dataclass(frozen=True, slots=True)
class Mention(OneLexeme):
    """A mention of a username, without its sign and in lower case in `name`."""

    name: str

    @property
    def lexeme(self) -> str:
        """The name behind its sign."""
        return "@" + self.name


@dataclass(frozen=True, slots=True)
class Prefix(TermLeaf):
    """Words that begin with `head`, as they are written (not their lemmas)."""

    head: str

    @property
    def canonical(self) -> str:
        """As typed."""
        return f"={self.head}*"

    def positions(self, lexemes: Lexemes) -> frozenset[int]:
        """Where a form that begins so stands."""
        start = "=" + self.head
        return frozenset(place for lexeme, places in lexemes.items() if lexeme.startswith(start) for place in places)

    def tsquery(self) -> str:
        """The form's beginning, marked as such."""
        return quote_lexeme("=" + self.head) + ":*"

    def __str__(self) -> str:
        return self.head + "*"


PhrasePart = Word | Exact | Prefix


@dataclass(frozen=True, slots=True)
class Phrase(TermLeaf):
    """Two words or more in a row, at neighbouring positions."""

    parts: tuple[PhrasePart, ...]

    @property
    def width(self) -> int:
        """One position a word."""
        return len(self.parts)

    @property
    def canonical(self) -> str:
        """Its parts in their order."""
        return '"' + " ".join(part.canonical for part in self.parts) + '"'

    def positions(self, lexemes: Lexemes) -> frozenset[int]:
        """Where its first word stands, with the others behind it."""
        places = [part.positions(lexemes) for part in self.parts]
        return frozenset(
            start for start in places[0] if all(start + step in later for step, later in enumerate(places))
        )

    def tsquery(self) -> str:
        """The parts, each followed by the next."""
        return f"({' <-> '.join(part.tsquery() for part in self.parts)})"

    def __str__(self) -> str:
        return '"' + " ".join(map(str, self.parts)) + '"'
