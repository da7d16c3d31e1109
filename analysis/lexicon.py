"""Reading the word lists behind the topics into one index that a post is held against, lemma by lemma.

The form of the files is told in `analysis/taxonomy/lexicon/README.md`, for the operators who edit them.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

from analysis.lemmas import lemmas_asked
from analysis.recent import Recent
from analysis.taxonomy import LANGUAGES, TOPICS
from analysis.text import LEMMAS, analyse

NONE = "none"
"""The file that is no topic: advertising and chatter. What it scores is taken away from every topic."""

DEFAULT_THRESHOLD = 2.0
"""Evidence a topic needs where its file names no other: one decisive word, or two typical ones."""

REMEMBERED_ROWS = 200_000
"""Forms whose rows are kept; a forgotten one is put together anew in some 2 µs."""


class LexiconError(ValueError):
    """A word list cannot be read; the message names the file, the entry and the fault."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A word, a phrase or a pair that speaks for a topic (below zero: against it). Compared by identity.

    `topic` is the topic's place in `Lexicon.scales`; `label` the entry as its file writes it; `rest` the lemma sets of
    a phrase's further words; `sides` how many different words a pair needs, 0 for what is no pair.
    """

    topic: int
    weight: float
    label: str
    rest: tuple[frozenset[str], ...] = ()
    sides: int = 0


class Row(NamedTuple):
    """All that one form may mean."""

    phrases: tuple[Entry, ...]  # that begin here, the longest first
    seconds: frozenset[str]  # lemmas of which the next word must have one, or no phrase begins here
    words: tuple[Entry, ...]  # at most one a topic
    sides: tuple[tuple[Entry, int], ...]  # pairs this is a side of, and which side


class Scale(NamedTuple):
    """What a topic's evidence is measured with."""

    code: str
    bias: float
    threshold: float


NOTHING = Row((), frozenset(), (), ())
"""The row of the many words that no list holds; compared by identity."""


class Lexicon:
    """The word lists, indexed by lemma and "=form"; immutable. Build it with `read_lexicon`.

    `scales` holds one Scale a topic. `row(form)` gives what a word of a post means, and is cached.
    """

    __slots__ = ("_entries", "_pairs", "row", "scales")

    def __init__(
        self, scales: Iterable[Scale], entries: Mapping[str, list[Entry]], pairs: Mapping[str, list[tuple[Entry, int]]]
    ) -> None:
        self.scales = tuple(scales)
        self._entries = dict(entries)
        self._pairs = dict(pairs)
        self.row = Recent(self._row, bound=REMEMBERED_ROWS).__getitem__

    def _row(self, form: str) -> Row:
        """Merge what the lemmas of a form mean: of several words for one topic the weightiest."""
        lexemes = ("=" + form, *LEMMAS[form]) if form else ()
        found = dict.fromkeys(entry for lexeme in lexemes for entry in self._entries.get(lexeme, ()))
        sides = dict.fromkeys(side for lexeme in lexemes for side in self._pairs.get(lexeme, ()))
        if not found and not sides:
            return NOTHING
        words: dict[int, Entry] = {}
        for entry in found:
            held = words.get(entry.topic)
            if not entry.rest and (held is None or abs(entry.weight) > abs(held.weight)):
                words[entry.topic] = entry
        phrases = sorted((entry for entry in found if entry.rest), key=lambda entry: -len(entry.rest))
        seconds = frozenset[str]().union(*(entry.rest[0] for entry in phrases))
        return Row(tuple(phrases), seconds, tuple(words.values()), tuple(sides))


@lru_cache(maxsize=1)
def shipped() -> Lexicon:
    """The lexicon of the files that come with the package; read once (0.3 to 0.5 s, most of it for the lemmas)."""
    folder = resources.files("analysis.taxonomy").joinpath("lexicon")
    files = {code: folder.joinpath(f"{code}.toml") for code in (NONE, *TOPICS)}
    return read_lexicon({code: file.read_text(encoding="utf-8") for code, file in files.items() if file.is_file()})


def read_lexicon(documents: Mapping[str, str]) -> Lexicon:
    """The lexicon of TOML documents by topic code; NONE may be among them.

    Raises LexiconError naming the document when it is not TOML, knows no such topic, or contradicts itself.
    """
    scales = []
    entries: dict[str, list[Entry]] = defaultdict(list)
    pairs: dict[str, list[tuple[Entry, int]]] = defaultdict(list)
    for topic, (code, document) in enumerate(documents.items()):
        table = _parse(code, document)
        scales.append(Scale(code, float(table.get("bias", 0.0)), float(table.get("threshold", DEFAULT_THRESHOLD))))
        for label, weight in _weights(code, table).items():
            sides = [_lemma_sets(code, side) for side in label.split("+")]
            if len(sides) == 1:
                _add_entry(entries, Entry(topic, weight, label, tuple(sides[0][1:])), sides[0][0])
            elif all(len(side) == 1 for side in sides):
                _add_pair(pairs, Entry(topic, weight, label, sides=len(sides)), [side[0] for side in sides])
            else:
                raise LexiconError(f"{code}.toml: {label!r}: on each side of + stands one word.")
    return Lexicon(scales, entries, pairs)


def _parse(code: str, document: str) -> dict[str, Any]:
    if code != NONE and code not in TOPICS:
        raise LexiconError(f"{code}.toml: there is no topic {code}.")
    try:
        table = tomllib.loads(document)
    except tomllib.TOMLDecodeError as error:
        raise LexiconError(f"{code}.toml: {error}") from error
    if unknown := set(table) - {"bias", "threshold", "words"}:
        raise LexiconError(f"{code}.toml: unknown setting {', '.join(sorted(unknown))}.")
    if float(table.get("threshold", DEFAULT_THRESHOLD)) <= 0:
        raise LexiconError(f"{code}.toml: the threshold must be above zero.")
    return table


def _weights(code: str, table: Mapping[str, Any]) -> dict[str, float]:
    """Entry as written -> weight; an entry twice with two weights is a mistake of the editor's."""
    weights: dict[str, float] = {}
    for group in table.get("words", ()):
        if not isinstance(group.get("weight"), (int, float)):
            raise LexiconError(f"{code}.toml: the group {group.get('why', '')!r} has no weight that is a number.")
        if unknown := set(group) - {"weight", "why", *LANGUAGES}:
            raise LexiconError(f"{code}.toml: unknown setting {', '.join(sorted(unknown))} in a group.")
        for label in _labels(group):
            if weights.setdefault(label, float(group["weight"])) != group["weight"]:
                raise LexiconError(f"{code}.toml: {label!r} stands there with two weights.")
    return weights


def _labels(group: Mapping[str, Any]) -> Iterator[str]:
    for language in LANGUAGES:
        for written in str(group.get(language, "")).split(","):
            if label := " ".join(written.split()):
                yield label


def _add_entry(index: dict[str, list[Entry]], entry: Entry, lemmas: frozenset[str]) -> None:
    for lemma in lemmas:
        index[lemma].append(entry)


def _add_pair(index: dict[str, list[tuple[Entry, int]]], pair: Entry, sides: list[frozenset[str]]) -> None:
    for number, lemmas in enumerate(sides):
        for lemma in lemmas:
            index[lemma].append((pair, number))


def _lemma_sets(code: str, label: str) -> list[frozenset[str]]:
    """The lemma set of each word, as a query would ask for it; of `=word` the form itself."""
    forms = analyse(label).forms
    if not forms or not all(forms):
        raise LexiconError(f"{code}.toml: {label!r} holds no word.")
    if "=" not in label:
        return [frozenset(_asked(form)) for form in forms]
    if len(forms) > 1:
        raise LexiconError(f"{code}.toml: {label!r}: = is for single words.")
    return [frozenset({"=" + forms[0]})]


@lru_cache(maxsize=20_000)
def _asked(form: str) -> Iterable[str]:
    return lemmas_asked(form)
