"""What the percolator looks for in a post, as small numbers: one feature a distinct leaf, found in one pass over
the words.

A feature is present exactly when its leaf holds, so that alternatives need no second look
(reference/performance.md, 4.2).
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, count, pairwise

from analysis.text import LEMMAS, MAX_PER_LEXEME, Terms
from matching.conditions import Channel, FieldLeaf, ForwardedFrom, Has, Language, Link, Topic
from matching.fields import PostFields
from matching.nodes import Leaf
from matching.words import OneLexeme, Phrase, Prefix, TermLeaf, Word

MOST_FORMS_SEEN = 200_000
"""Forms whose features are remembered. Beyond that all are forgotten and found again within a few thousand posts."""

Tail = tuple[tuple[int, ...], int]
"""What must follow the first two words of a phrase, and the phrase's own feature."""


class Features:
    """The features in use, counted, and how to find them in a post."""

    def __init__(self) -> None:
        self._numbers = count()
        self._by_canonical: dict[str, int] = {}
        self._leaves: dict[int, Leaf] = {}
        self._uses: Counter[int] = Counter()
        self._by_lexeme: dict[str, list[int]] = {}
        self._by_head: dict[str, int] = {}
        self._head_lengths: Counter[int] = Counter()
        self._by_field: dict[tuple[str, object], int] = {}
        self._followers: dict[int, dict[int, list[Tail]]] = {}
        self._parts: dict[int, tuple[int, ...]] = {}
        self._seen: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._leaves)

    def acquire(self, leaf: Leaf) -> int | None:
        """The feature of a leaf, new or counted once more; None for a leaf that no feature stands for (a date)."""
        feature = self._by_canonical.get(leaf.canonical)
        if feature is None:
            if isinstance(leaf, FieldLeaf) and _field_key(leaf) is None:
                return None
            feature = next(self._numbers)
            self._by_canonical[leaf.canonical] = feature
            self._leaves[feature] = leaf
            self._file(feature, leaf)
        self._uses[feature] += 1
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
        """Enter a new feature where posts will find it. What was known of forms is forgotten: always right, soon
        known again."""
        if isinstance(leaf, Phrase):
            parts = tuple(part for part in map(self.acquire, leaf.parts) if part is not None)
            self._parts[feature] = parts
            self._followers.setdefault(parts[0], {}).setdefault(parts[1], []).append((parts[2:], feature))
        elif isinstance(leaf, Prefix):
            self._seen.clear()
            self._by_head[leaf.head] = feature
            self._head_lengths[len(leaf.head)] += 1
        elif isinstance(leaf, FieldLeaf):
            key = _field_key(leaf)
            if key is not None:
                self._by_field[key] = feature
        else:
            self._seen.clear()
            for lexeme in _lexemes(leaf):
                self._by_lexeme.setdefault(lexeme, []).append(feature)

    def _unfile(self, feature: int, leaf: Leaf) -> None:
        """The reverse of `_file`."""
        if isinstance(leaf, Phrase):
            self._unfile_phrase(feature)
        elif isinstance(leaf, Prefix):
            self._seen.clear()
            del self._by_head[leaf.head]
            self._head_lengths[len(leaf.head)] -= 1
            self._head_lengths += Counter()  # drops lengths no longer in use
        elif isinstance(leaf, FieldLeaf):
            key = _field_key(leaf)
            if key is not None:
                del self._by_field[key]
        else:
            self._seen.clear()
            for lexeme in _lexemes(leaf):
                self._by_lexeme[lexeme].remove(feature)
                if not self._by_lexeme[lexeme]:
                    del self._by_lexeme[lexeme]

    def _unfile_phrase(self, feature: int) -> None:
        """Take a phrase out, and count its words down."""
        parts = self._parts.pop(feature)
        seconds = self._followers[parts[0]]
        seconds[parts[1]].remove((parts[2:], feature))
        if not seconds[parts[1]]:
            del seconds[parts[1]]
        if not seconds:
            del self._followers[parts[0]]
        for part in parts:
            self.release(part)

    def present(self, fields: PostFields) -> set[int]:
        """The features of a post: exactly those whose leaves hold."""
        terms = fields.terms
        places = list(map(self._seen.get, terms.forms))
        if None in places:
            pairs = zip(terms.forms, places, strict=True)
            places = [self._resolve(form) if found is None else found for form, found in pairs]
        known: list[tuple[int, ...]] = places  # type: ignore[assignment]  # no None is left
        found = set(chain.from_iterable(known))
        for mark in terms.marks.values():
            found.update(self._by_lexeme.get(mark, ()))
        if self._followers and (first := self._followers.keys() & found):
            found |= self._phrases(terms, known, first)
        return found | self._fields_present(fields)

    def _resolve(self, form: str) -> tuple[int, ...]:
        """The word features of a form, remembered."""
        if not form:
            return ()
        found = set(self._by_lexeme.get("=" + form, ()))
        for lemma in LEMMAS.get(form):
            found.update(self._by_lexeme.get(lemma, ()))
        for length in self._head_lengths:
            prefix = self._by_head.get(form[:length])
            if prefix is not None:
                found.add(prefix)
        if len(self._seen) >= MOST_FORMS_SEEN:
            self._seen.clear()
        features = tuple(found)
        self._seen[form] = features
        return features

    def _phrases(self, terms: Terms, known: list[tuple[int, ...]], first: set[int]) -> set[int]:
        """The phrases of a text; `first` are the features present that begin a phrase."""
        if len(known) > MAX_PER_LEXEME:
            return self._phrases_capped(terms, first)
        found: set[int] = set()
        for place, (here, following) in enumerate(pairwise(known)):
            for feature in here:
                if feature in first:
                    seconds = self._followers[feature]
                    for second in following:
                        for tail, phrase in seconds.get(second, ()):
                            if not tail or _continues(known, place + 2, tail):
                                found.add(phrase)
        return found

    def _phrases_capped(self, terms: Terms, first: set[int]) -> set[int]:
        """The phrases of a text long enough for PostgreSQL to drop positions of a lexeme: asked of what it keeps."""
        lexemes = terms.lexemes()
        found: set[int] = set()
        for tails in chain.from_iterable(self._followers[feature].values() for feature in first):
            for _, phrase in tails:
                leaf = self._leaves[phrase]
                if isinstance(leaf, TermLeaf) and leaf.positions(lexemes):
                    found.add(phrase)
        return found

    def _fields_present(self, fields: PostFields) -> set[int]:
        """The features of the stored fields."""
        if not self._by_field:
            return set()
        keys: list[tuple[str, object]] = [("channel", fields.channel_id), ("lang", fields.language)]
        keys += [("topic", code) for code in fields.topics]
        keys += [("has", kind) for kind in fields.has]
        keys += [("from", origin) for origin in fields.forwarded_from]
        keys += [("link", host) for host in fields.links]
        return {self._by_field[key] for key in keys if key in self._by_field}


def _continues(known: list[tuple[int, ...]], place: int, tail: tuple[int, ...]) -> bool:
    """Whether the features of a phrase's later words stand one by one from `place` on."""
    return place + len(tail) <= len(known) and all(part in known[place + step] for step, part in enumerate(tail))


def _lexemes(leaf: TermLeaf) -> frozenset[str]:
    """The lexemes of which one must be in the text."""
    match leaf:
        case Word():
            return leaf.lexemes
        case OneLexeme():
            return frozenset([leaf.lexeme])
        case _:
            raise TypeError(f"{type(leaf).__name__} asks for no list of lexemes")


def _field_key(leaf: FieldLeaf) -> tuple[str, object] | None:
    """Under what a stored field is filed; None for dates, which are asked of the query itself."""
    match leaf:
        case Channel(channel):
            return "channel", channel
        case Language(code):
            return "lang", code
        case Topic(code):
            return "topic", code
        case Has(kind):
            return "has", kind
        case ForwardedFrom(origin):
            return "from", origin
        case Link(host):
            return "link", host
        case _:
            return None
