"""What a token of a post sets off, remembered: a word that was seen costs a post one look into one dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, Generic, TypeVar

from analysis.recent import NUMBER
from analysis.text import LEMMAS
from matching.conditions import FieldLeaf
from matching.features import Token, field_key
from matching.nodes import Leaf
from matching.words import Exact, OneLexeme, Prefix, Word

K = TypeVar("K")

MOST_TOKENS = 200_000
"""Tokens that are remembered. Beyond that all are forgotten and found again within a few thousand posts."""

HEAD_LETTERS = 3
"""Letters by which forms are indexed for prefixes: as many as the shortest prefix has (design)."""

Row = tuple[tuple[int, ...], Iterable[K], tuple[dict[int, Any], ...]]
"""Features of the token that alternatives look for; keys that the token alone makes match; what is filed under its
features (`tables.Below`)."""

EMPTY: Row[Any] = ((), (), ())
"""The row of a token that no query knows."""


class Rows(dict[Token, Row[K]], Generic[K]):
    """Token -> its row, made by `make` when first asked for; forgotten token by token as queries come and go.

    Forms are also indexed by lemma and by their first letters, so that a leaf's forms are found when what is known of
    them changes. The indexes hold what was seen since all was last forgotten, so they are bounded as well.
    """

    def __init__(self, make: Callable[[Token], Row[K]]) -> None:
        super().__init__()
        self._make = make
        self._by_lemma: dict[str, tuple[str, ...]] = {}
        self._by_head: dict[str, set[str]] = {}
        self._indexed = 0

    def __missing__(self, token: Token) -> Row[K]:
        if len(self) >= MOST_TOKENS or self._indexed >= MOST_TOKENS:
            self.forget_all()
        row = self._make(token)
        if isinstance(token, str):
            if NUMBER.search(token):  # as `analysis.recent` has it
                return row
            if is_form(token):
                self._index(token)
        self[token] = row
        return row

    def forget(self, leaf: Leaf) -> None:
        """What is known of a leaf's tokens has changed."""
        if not self:
            return
        for token in self._tokens(leaf):
            self.pop(token, None)

    def forget_all(self) -> None:
        """Begin anew."""
        self.clear()
        self._by_lemma.clear()
        self._by_head.clear()
        self._indexed = 0

    def _index(self, form: str) -> None:
        """Enter a form, unless it was entered before and only its row was forgotten."""
        bucket = self._by_head.setdefault(form[:HEAD_LETTERS], set())
        if form in bucket:
            return
        bucket.add(form)
        self._indexed += 1
        for lemma in LEMMAS[form]:
            self._by_lemma[lemma] = (*self._by_lemma.get(lemma, ()), form)

    def _tokens(self, leaf: Leaf) -> Iterable[Token]:
        """The tokens seen in which a leaf may hold."""
        match leaf:
            case Word():
                return chain.from_iterable([self._by_lemma.get(lemma, ()) for lemma in leaf.lexemes])
            case Exact(form):
                return (form,)
            case Prefix(head):
                return [form for form in self._beginning(head) if form.startswith(head)]
            case OneLexeme():
                return (leaf.lexeme,)
            case FieldLeaf():
                key = field_key(leaf)
                return () if key is None else (key,)
            case _:
                raise TypeError(f"{type(leaf).__name__} is found in no single token")

    def _beginning(self, head: str) -> Iterable[str]:
        """The forms seen that may begin so."""
        if len(head) >= HEAD_LETTERS:
            return self._by_head.get(head[:HEAD_LETTERS], ())
        return chain.from_iterable(bucket for start, bucket in self._by_head.items() if start.startswith(head))


def is_form(token: str) -> bool:
    """Whether a token is a form, not a mark: marks keep their sign."""
    return token[:1] not in ("#", "@", "")
