"""What the percolator looks for in a post, as small numbers: one feature a distinct leaf, phrases and dates excepted.

A feature is present exactly when its leaf holds, so that alternatives need no second look
(reference/performance.md, 4.2). A phrase is its words' features and where they stand (`matching.runs`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain, count

from analysis.text import LEMMAS
from matching.conditions import Channel, FieldLeaf, ForwardedFrom, Has, InSet, Language, Link, Topic
from matching.fields import PostFields
from matching.nodes import Leaf
from matching.words import OneLexeme, Prefix, Word

FieldKey = tuple[str, object]
"""A stored field and a value of it."""

Token = str | FieldKey
"""What a post is made of, for the percolator: a form, a mark ("#tag", "@name"), a field's value."""


class Features:
    """The features in use, counted, and which of them a token has."""

    def __init__(self) -> None:
        self._numbers = count()
        self._by_canonical: dict[str, int] = {}
        self._leaves: dict[int, Leaf] = {}
        self._uses: dict[int, int] = {}
        self._by_lexeme: dict[str, tuple[int, ...]] = {}
        self._by_head: dict[str, int] = {}
        self._head_lengths: Counter[int] = Counter()
        self._by_field: dict[FieldKey, int] = {}

    def __len__(self) -> int:
        return len(self._leaves)

    def leaf(self, feature: int) -> Leaf:
        """The leaf that a feature in use stands for."""
        return self._leaves[feature]

    def acquire(self, leaf: Leaf) -> int | None:
        """The feature of a leaf, new or counted once more; None for a leaf that no feature stands for (a date)."""
        canonical = leaf.canonical
        feature = self._by_canonical.get(canonical)
        if feature is None:
            if isinstance(leaf, FieldLeaf) and field_key(leaf) is None:
                return None
            feature = next(self._numbers)
            self._by_canonical[canonical] = feature
            self._leaves[feature] = leaf
            self._file(feature, leaf)
        self._uses[feature] = self._uses.get(feature, 0) + 1
        return feature

    def release(self, feature: int) -> None:
        """Count a feature down; with its last use it leaves nothing behind."""
        self._uses[feature] -= 1
        if self._uses[feature]:
            return
        del self._uses[feature]
        leaf = self._leaves.pop(feature)
        del self._by_canonical[leaf.canonical]
        self._unfile(feature, leaf)

    def _file(self, feature: int, leaf: Leaf) -> None:
        """Enter a new feature where tokens will find it."""
        if isinstance(leaf, Prefix):
            self._by_head[leaf.head] = feature
            self._head_lengths[len(leaf.head)] += 1
        elif isinstance(leaf, FieldLeaf):
            key = field_key(leaf)
            if key is not None:
                self._by_field[key] = feature
        else:
            for lexeme in _lexemes(leaf):
                self._by_lexeme[lexeme] = (*self._by_lexeme.get(lexeme, ()), feature)

    def _unfile(self, feature: int, leaf: Leaf) -> None:
        """The reverse of `_file`."""
        if isinstance(leaf, Prefix):
            del self._by_head[leaf.head]
            self._head_lengths[len(leaf.head)] -= 1
            self._head_lengths += Counter()  # drops lengths no longer in use
        elif isinstance(leaf, FieldLeaf):
            key = field_key(leaf)
            if key is not None:
                del self._by_field[key]
        else:
            for lexeme in _lexemes(leaf):
                left = tuple(other for other in self._by_lexeme[lexeme] if other != feature)
                if left:
                    self._by_lexeme[lexeme] = left
                else:
                    del self._by_lexeme[lexeme]

    def of_form(self, form: str) -> Iterable[int]:
        """The features of a word as it is written."""
        lexemes = ("=" + form, *LEMMAS[form])
        found = set(chain.from_iterable([self._by_lexeme.get(lexeme, ()) for lexeme in lexemes]))
        for length in self._head_lengths:
            if length <= len(form) and (feature := self._by_head.get(form[:length])) is not None:
                found.add(feature)
        return found

    def of_mark(self, mark: str) -> Iterable[int]:
        """The features of a "#tag" or "@name"."""
        return self._by_lexeme.get(mark, ())

    def of_field(self, key: FieldKey) -> Iterable[int]:
        """The feature of a field's value, if there is one."""
        return (self._by_field[key],) if key in self._by_field else ()

    def fields_asked_for(self, fields: PostFields) -> list[FieldKey]:
        """The values of a post's fields that some feature asks for."""
        known = self._by_field
        if not known:
            return []
        keys: list[FieldKey] = [("channel", fields.channel_id), ("lang", fields.language)]
        keys += [("topic", code) for code in fields.topics]
        keys += [("sure topic", code) for code in fields.sure_topics]
        keys += [("has", kind) for kind in fields.has]
        keys += [("from", origin) for origin in fields.forwarded_from]
        keys += [("link", host) for host in fields.links]
        keys += [("in", number) for number in fields.sets]
        return [key for key in keys if key in known]


def _lexemes(leaf: Leaf) -> frozenset[str]:
    """The lexemes of which one must be in the text."""
    match leaf:
        case Word():
            return leaf.lexemes
        case OneLexeme():
            return frozenset([leaf.lexeme])
        case _:
            raise TypeError(f"{type(leaf).__name__} asks for no list of lexemes")


def field_key(leaf: FieldLeaf) -> FieldKey | None:
    """Under what a stored field is filed; None for dates, which are asked of the query itself."""
    match leaf:
        case Channel(channel):
            return "channel", channel
        case InSet(channels):
            return "in", channels
        case Language(code):
            return "lang", code
        case Topic(code, is_strict):
            return "sure topic" if is_strict else "topic", code
        case Has(kind):
            return "has", kind
        case ForwardedFrom(origin):
            return "from", origin
        case Link(host):
            return "link", host
        case _:
            return None
