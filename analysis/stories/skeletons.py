"""What a name sounds like in any of our three languages: its consonants, in a spelling that all of them share.

Кличко, Klitschko and Klychko are one skeleton; so are Харків, Харьков and Kharkiv. Vowels and doublings are dropped,
for transliterations differ in them most. Words that no sound connects (США and US, ракета and missile) are in a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

SHORTEST = 3
"""Consonants that a skeleton needs: shorter ones are shared by too many words. What matters is in the table."""

DAYS = "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
"""Words whose concepts say on which day something happened."""

_CYRILLIC = str.maketrans(
    {
        "б": "b", "в": "v", "г": "g", "ґ": "g", "х": "g", "д": "d", "ж": "s", "з": "s", "с": "s", "ш": "s", "щ": "s",
        "к": "k", "л": "l", "м": "m", "н": "n", "п": "p", "р": "r", "т": "t", "ф": "f", "ц": "ts", "ч": "c",
        **dict.fromkeys("аеёиоуыэюяіїєйьъў'", ""),
    }
)  # fmt: skip
"""Cyrillic consonants as Latin ones; г, ґ and х are one, and all sibilants are one, for transliterations mix them."""

_LATIN_PAIRS = re.compile(r"tsch|shch|tch|sch|dzh|kh|zh|sh|ch|cz|ts|tz|th|ph|ck|c(?=[eiy])|[a-z]")
_LATIN_SOUNDS = {
    "tsch": "c", "shch": "s", "tch": "c", "sch": "s", "dzh": "s", "kh": "g", "zh": "s", "sh": "s", "ch": "c", "cz": "c",
    "ts": "ts", "tz": "ts", "th": "t", "ph": "f", "ck": "k",
    **{letter: letter for letter in "bdfgklmnprstv"},
    **dict.fromkeys("aeiouy", ""), "c": "k", "h": "g", "j": "s", "q": "k", "w": "v", "x": "ks", "z": "s",
}  # fmt: skip

_VOWELS = frozenset("аеёиоуыэюяіїєaeiouy")


@cache
def concepts() -> Mapping[str, str]:
    """Lemma, English stem or word -> the concept it stands for; of several lines that hold it the first counts."""
    found: dict[str, str] = {}
    for _, words in _lines():
        for word in words:
            found.setdefault(word, words[0])
    return found


@cache
def actions() -> frozenset[str]:
    """The concepts of what happens; who and what it happens to are the others."""
    lines = (line.split()[1] for line in _text().splitlines() if line and not line.startswith("#"))
    return frozenset(name[1:] for name in lines if name.startswith("*"))


@cache
def weekdays() -> frozenset[str]:
    """The concepts of the days of a week."""
    return frozenset(name for name in map(concepts().get, DAYS) if name)


@cache
def concept_shares() -> Mapping[str, float]:
    """Concept -> the share of news posts that hold one of its words, as general knowledge has it."""
    return {words[0]: share for share, words in _lines()}


def _lines() -> list[tuple[float, list[str]]]:
    """The hand-made table: a share, then words of one meaning, of which the first names the concept."""
    lines = (line.replace("*", "").split() for line in _text().splitlines() if line and not line.startswith("#"))
    return [(float(share), words) for share, *words in lines]


def _text() -> str:
    return files(__package__).joinpath("concepts.tsv").read_text(encoding="utf-8")


def skeleton(word: str) -> str:
    """The skeleton of a folded word or lemma; "" for one of too few consonants.

    >>> skeleton("кличко") == skeleton("klitschko")
    True
    """
    sounds = word.replace("дж", "ж").translate(_CYRILLIC)
    sounds = (
        "".join(_LATIN_SOUNDS.get(piece, "") for piece in _LATIN_PAIRS.findall(sounds)) if word[:1] < "а" else sounds
    )
    bones = re.sub(r"(.)\1+", r"\1", sounds)
    if len(bones) < SHORTEST:
        return ""
    return ("a" if word[0] in _VOWELS else "") + bones
