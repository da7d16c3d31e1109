"""Which of our three languages a text is in: by its letters, then by its small words. No model, no dependency.

The reference (performance, section 3.4) measured this against detectors a hundred times slower.
"""

from __future__ import annotations

from itertools import compress

from analysis.recent import Recent
from analysis.text import Terms

UKRAINIAN_LETTERS = "іїєґ"
RUSSIAN_LETTERS = "ыэъ"  # ё is folded to е before we see it
FOREIGN_LETTERS = "ўјљњћђџќѓѕәғқңөұүһ"
"""Cyrillic letters of neither language (Belarusian, Serbian, Macedonian, Kazakh)."""

RUSSIAN_LETTER_WEIGHT = 3
"""Russian's own letters are some 2.3 % of its text, Ukrainian's some 7 % (letter frequencies): each says three times
as much."""

WORD_WEIGHT = 3
"""What one function word says, in Ukrainian letters."""

FOREIGN_SHARE = 0.008
"""From this share of foreign letters on (Belarusian ў makes twice that) a text is in another Cyrillic language."""

FOREIGN_AT_LEAST = 2
"""So many it must be, for one may stand in a name."""

WORDS_TO_JUDGE = 6
"""A Latin text of as many words holds at least one small English word, if it is English."""


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


UKRAINIAN_WORDS = _words(
    "та що як це або але чи з у й від до був була було були його її їх вже ще також під після через при які який яка"
    " де вона вони ми ви бо щоб коли дуже немає буде можна цього навіть зі із року поки тут там є в не на"
)
RUSSIAN_WORDS = _words(
    "и что как это или но с со от к ко его ее их уже еще также под после из который которая которые где она они вы"
    " чтобы когда очень нет будет можно этого даже года пока здесь о об был была было были для если только в не на"
    " до при через там"
)
ENGLISH_WORDS = _words(
    "the of and to in is for on that with as at by from it was are be has have this an will not or its after but he she"
    " they we you his her their said who what how new over into about up out more than"
)

_UKRAINIAN_ONLY = UKRAINIAN_WORDS - RUSSIAN_WORDS
_RUSSIAN_ONLY = RUSSIAN_WORDS - UKRAINIAN_WORDS


def detect(terms: Terms) -> str | None:
    """The language of a text: "ru", "uk" or "en"; None without words, or in another language as far as letters tell.

    Cyrillic against Latin is decided by the number of words with such letters, so that a Russian post about iPhone and
    Android stays Russian. A Cyrillic text without any sign of either language is taken for Russian: Ukrainian rarely
    writes twenty letters without one of its own.
    """
    scripts = bytes(map(_SCRIPTS.__getitem__, terms.forms))
    words = len(scripts) - scripts.count(_NO_WORD)
    cyrillic, latin = scripts.count(_CYRILLIC), scripts.count(_LATIN)
    if cyrillic and cyrillic * 2 >= words:
        return _cyrillic_language(_of_script(terms.forms, scripts, _CYRILLIC))
    is_latin = latin and latin * 2 > words
    return "en" if is_latin and _is_english(_of_script(terms.forms, scripts, _LATIN)) else None


_NO_WORD, _CYRILLIC, _LATIN, _OTHER = range(4)


def _script(form: str) -> int:
    """What a form is written in, told by its first letter."""
    if not form or form.isdigit():
        return _NO_WORD
    if "\u0400" <= form[0] <= "\u052f":
        return _CYRILLIC
    return _LATIN if "a" <= form[0] <= "\u024f" else _OTHER


_SCRIPTS = Recent(_script, bound=200_000)


def _of_script(forms: tuple[str, ...], scripts: bytes, script: int) -> list[str]:
    """The forms in one script."""
    return list(compress(forms, map(script.__eq__, scripts)))


def _cyrillic_language(words: list[str]) -> str | None:
    text = " ".join(words)
    if _count(text, FOREIGN_LETTERS) >= max(FOREIGN_AT_LEAST, FOREIGN_SHARE * len(text)):
        return None
    ukrainian = _count(text, UKRAINIAN_LETTERS) + WORD_WEIGHT * _hits(words, _UKRAINIAN_ONLY)
    russian = RUSSIAN_LETTER_WEIGHT * _count(text, RUSSIAN_LETTERS) + WORD_WEIGHT * _hits(words, _RUSSIAN_ONLY)
    return "uk" if ukrainian > russian else "ru"


def _is_english(words: list[str]) -> bool:
    if _hits(words, ENGLISH_WORDS):
        return True
    return len(words) < WORDS_TO_JUDGE and all(word.isascii() for word in words)


def _count(text: str, letters: str) -> int:
    return sum(map(text.count, letters))


def _hits(words: list[str], known: frozenset[str]) -> int:
    return sum(map(known.__contains__, words))
