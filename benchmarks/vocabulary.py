"""The words that posts are written in and queries ask for: lemmas with their forms, the most frequent first.

Russian and Ukrainian: hand-picked words, then random lemmas of pymorphy3's dictionaries in their dictionary forms.
English: hand-picked words, then words made of syllables, with the usual endings; so nothing has to be installed and
every machine has the same ones.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.wordlists import FUNCTION_WORDS, NEWS_WORDS

CACHE = Path(__file__).resolve().parent.parent / "data" / "benchmarks"
"""Where the vocabulary is kept between runs; git ignores `data/`. It may be deleted at any time."""

SIZES = {"ru": 40_000, "uk": 30_000, "en": 25_000}
"""Lemmas by language: some 70,000 forms in a few thousand posts, more than real news has (reference: performance)."""

MOST_FORMS = 10
SHORTEST, LONGEST = 3, 14
"""Forms of a lemma that occur; letters of a random lemma."""

_SHUFFLE = 7
_OPEN_CLASSES = frozenset({"NOUN", "ADJF", "INFN", "VERB"})
"""Parts of speech, as pymorphy3 names them, that random lemmas are of."""

_ONSETS = re.findall(
    r"\w+", "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr r s sh sl sp st str t th tr v w"
)
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ee", "ou")
_CODAS = ("", "", "", "n", "r", "l", "t", "nd", "st", "ck", "m")
_ENDINGS = ("", "s", "ed", "ing")

Lemma = tuple[str, list[str]]
"""A lemma and the forms it is printed in."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Language ("ru", "uk", "en") -> lemmas by rank, and where they come from, for the report."""

    lemmas: dict[str, list[Lemma]]
    origin: str


def vocabulary(*, is_small: bool = False, cache: Path = CACHE) -> Vocabulary:
    """The generated vocabulary. `is_small`: only the hand-picked words, at once and without a cache.

    The first call takes some 15 seconds, later ones read the file in `cache`.
    """
    if is_small:
        return Vocabulary({language: _first(language) for language in SIZES}, "hand-picked words only")
    path = cache / f"vocabulary-{hashlib.sha256(_signature().encode()).hexdigest()[:12]}.json"
    if path.exists():
        return Vocabulary(json.loads(path.read_text(encoding="utf-8")), _signature())
    lemmas = {language: _all(language) for language in SIZES}
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(lemmas, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(path)
    return Vocabulary(lemmas, _signature())


def _signature() -> str:
    """What the vocabulary depends on."""
    dictionaries = ", ".join(f"{name} {version(name)}" for name in ("pymorphy3-dicts-ru", "pymorphy3-dicts-uk"))
    return f"{dictionaries}, English from syllables, {'+'.join(map(str, SIZES.values()))} lemmas"


def _all(language: str) -> list[Lemma]:
    """All lemmas of a language, the hand-picked ones first."""
    chance = random.Random(_SHUFFLE)  # noqa: S311 - load, not secrets
    chosen = _first(language)
    taken = {lemma for lemma, _ in chosen}
    for lemma, forms in _english(chance) if language == "en" else _slavic(language, chance):
        if len(chosen) >= SIZES[language]:
            break
        if lemma not in taken:
            taken.add(lemma)
            chosen.append((lemma, forms))
    return chosen


def _first(language: str) -> list[Lemma]:
    """The hand-picked words; those of the news with their forms."""
    news = [word for word in NEWS_WORDS[language].split() if word not in FUNCTION_WORDS[language].split()]
    if language == "en":
        inflected = [(word, [_attached(word, ending) for ending in _ENDINGS]) for word in news]
    else:
        analyser = _analyser(language)
        inflected = [(word, _inflected(analyser, word)) for word in news]
    return [(word, [word]) for word in FUNCTION_WORDS[language].split()] + inflected


def _inflected(analyser: Any, word: str) -> list[str]:
    """The forms of a word in its likeliest reading, itself among them."""
    forms = sorted({parse.word for parse in analyser.parse(word)[0].lexeme} - {word})
    return [word, *forms[: MOST_FORMS - 1]]


def _analyser(language: str) -> Any:
    import pymorphy3

    return pymorphy3.MorphAnalyzer(lang=language)


def _slavic(language: str, chance: random.Random) -> Iterator[Lemma]:
    """Dictionary lemmas in random order, each with its forms.

    Only first forms of paradigms are taken from the dictionary, which gives the others: a hundred times faster than
    asking for the lemma of every form.
    """
    dictionary = _analyser(language).dictionary
    found: dict[str, int] = {}
    for word, (paradigm, index) in dictionary.words.iteritems():
        if index == 0 and SHORTEST <= len(word) <= LONGEST and word.replace("'", "").isalpha():
            found.setdefault(word, paradigm)
    words = sorted(found)
    chance.shuffle(words)
    for word in words:
        paradigm = dictionary.build_paradigm_info(found[word])
        prefix, tag, suffix = paradigm[0]
        if tag.POS not in _OPEN_CLASSES:
            continue
        stem = word[len(prefix) : len(word) - len(suffix)]
        forms = sorted({before + stem + after for before, _, after in paradigm})
        yield word, chance.sample(forms, min(len(forms), MOST_FORMS))


def _english(chance: random.Random) -> Iterator[Lemma]:
    """Words of two or three syllables that look English, for ever."""
    while True:
        syllables = chance.choice((2, 2, 3))
        word = "".join(chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(syllables))
        word += chance.choice(_CODAS)
        if len(word) <= LONGEST:
            yield word, [_attached(word, ending) for ending in _ENDINGS]


def _attached(word: str, ending: str) -> str:
    """A word with an ending."""
    if ending in ("ed", "ing") and word.endswith("e"):
        return word[:-1] + ending
    return word + ending
