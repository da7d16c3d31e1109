"""Reading the hand-made word lists behind the topics; their form is told in `analysis/taxonomy/lexicon/README.md`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from analysis.lemmas import lemmas_asked
from analysis.taxonomy import LANGUAGES, TOPICS
from analysis.text import analyse

NONE = "none"
"""The file that is no topic: advertising and chatter. What it scores is taken away from every topic."""

DEFAULT_THRESHOLD = 2.0
"""Evidence a topic needs where its file names no other: one decisive word, or two typical ones."""


class LexiconError(ValueError):
    """A word list cannot be read; the message names the file, the entry and the fault."""


class Written(NamedTuple):
    """One entry: as its file writes it, its weight, and the lemma sets of each word of each side of a pair."""

    label: str
    weight: float
    sides: tuple[tuple[frozenset[str], ...], ...]


class WordList(NamedTuple):
    """One file: what a topic's evidence is measured with, and its entries."""

    code: str
    bias: float
    threshold: float
    entries: tuple[Written, ...]


def read_word_list(code: str, document: str) -> WordList:
    """The list of a TOML document.

    Raises LexiconError when it is not TOML, knows no such topic or contradicts itself.
    """
    table = _parse(code, document)
    entries = tuple(
        Written(label, weight, tuple(_sides(code, label))) for label, weight in _weights(code, table).items()
    )
    return WordList(code, float(table.get("bias", 0.0)), float(table.get("threshold", DEFAULT_THRESHOLD)), entries)


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


def _sides(code: str, label: str) -> Iterator[tuple[frozenset[str], ...]]:
    """The lemma sets of each side; of what is no pair there is one."""
    sides = [tuple(_lemma_sets(code, side)) for side in label.split("+")]
    if len(sides) > 1 and any(len(side) > 1 for side in sides):
        raise LexiconError(f"{code}.toml: {label!r}: on each side of + stands one word.")
    yield from sides


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
