"""Which of our three languages a text is in: by its letters, its small words, and which dictionary knows its words.

No model. The reference (performance, section 3.4) measured letters and small words against detectors a hundred times
slower; the dictionaries, which are there for the lemmas, tell short headlines and the other Cyrillic languages.
"""

from __future__ import annotations

from itertools import compress

from analysis.lemmas import knowing
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

WORDS_LOOKED_UP = 12
"""The first words of a Cyrillic text are looked up; what they do not tell, the letters of a longer text do."""

LEAST_TO_LOOK_UP = 3
"""Fewer words than that may all be names."""

KNOWN_SHARE = 0.6
"""Share of the words that one dictionary must know. Of Belarusian, Bulgarian and Serbian headlines it knows half at
most, of Russian and Ukrainian ones nearly all: names make the difference."""

FOREIGN_SIGNS = 2
"""From so many signs on, and more than the English ones, a Latin text is not English: one may stand in a name."""

FOREIGN_LOOKS = 0.4
"""Share of the words that must look foreign for their looks to count: English has names and pizza."""

WORDS_TO_JUDGE = 6
"""A Latin text of as many words with any sign of another language holds a small English word, if it is English."""


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

SHARED_WITH_ENGLISH = _words("in to on that was be an not or its about as at by he his is for has will so")
"""Words that other languages have, too, or that names hold; a text with only these may be another."""

FOREIGN_WORDS = (
    _words(
        "el los las un una uno de del en y por con para que se su il lo gli di da che non per nel della dei le les des"
        " du et dans sur au aux une der die das und von nach bei mit ein eine dem den im zum zur auf ist nicht na nad"
        " pod w z ze do po przez jest nie się ve bir bu ile için da și în cu pe la os no dos das uma em com het een van"
        " niet"
    )
    - ENGLISH_WORDS
)
FOREIGN_ENDINGS = ("a", "i", "o", "u", "ul", "ung", "keit", "ych", "ego", "ow")
FOREIGN_CLUSTERS = ("sch", "tsch", "cz", "sz", "rz", "kehr", "eux", "ij")

_UKRAINIAN_ONLY = UKRAINIAN_WORDS - RUSSIAN_WORDS
_RUSSIAN_ONLY = RUSSIAN_WORDS - UKRAINIAN_WORDS


def detect(terms: Terms) -> str | None:
    """The language of a text: "ru", "uk" or "en"; None without words, or in another language as far as letters tell.

    Cyrillic against Latin is decided by the number of words with such letters, so that a Russian post about iPhone and
    Android stays Russian. A Cyrillic text whose first words no dictionary of ours knows is in another language; one
    without any sign of either is taken for Russian: Ukrainian rarely writes twenty letters without one of its own.
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
    known = [_KNOWN[word] for word in words[:WORDS_LOOKED_UP]]
    by_ukrainian, by_russian = sum(map(_BY_UKRAINIAN.__and__, known)), sum(map(_BY_RUSSIAN.__and__, known))
    by_ukrainian //= _BY_UKRAINIAN
    if len(known) >= LEAST_TO_LOOK_UP and max(by_ukrainian, by_russian) < KNOWN_SHARE * len(known):
        return None
    ukrainian = _count(text, UKRAINIAN_LETTERS) + WORD_WEIGHT * (_hits(words, _UKRAINIAN_ONLY) + by_ukrainian)
    russian = RUSSIAN_LETTER_WEIGHT * _count(text, RUSSIAN_LETTERS)
    russian += WORD_WEIGHT * (_hits(words, _RUSSIAN_ONLY) + by_russian)
    return "uk" if ukrainian > russian else "ru"


_BY_RUSSIAN, _BY_UKRAINIAN = 1, 2


def _known(form: str) -> int:
    """Which dictionaries know a form, as a sum of the two signs."""
    return sum(_BY_RUSSIAN if language == "ru" else _BY_UKRAINIAN for language, _ in knowing(form))


_KNOWN = Recent(_known, bound=100_000)


def _is_english(words: list[str]) -> bool:
    shared = _hits(words, SHARED_WITH_ENGLISH)
    english = 2 * (_hits(words, ENGLISH_WORDS) - shared) + shared
    foreign = 2 * (_hits(words, FOREIGN_WORDS) + sum(not word.isascii() for word in words))
    looks = sum(map(_looks_foreign, words))
    if looks >= FOREIGN_LOOKS * len(words):
        foreign += looks
    if foreign >= FOREIGN_SIGNS and foreign > english:
        return False
    return bool(english) or not foreign or len(words) < WORDS_TO_JUDGE


def _looks_foreign(word: str) -> bool:
    """Whether a word ends or is spelled as English words rarely are."""
    return len(word) > 3 and (word.endswith(FOREIGN_ENDINGS) or any(map(word.__contains__, FOREIGN_CLUSTERS)))


def _count(text: str, letters: str) -> int:
    return sum(map(text.count, letters))


def _hits(words: list[str], known: frozenset[str]) -> int:
    return sum(map(known.__contains__, words))
