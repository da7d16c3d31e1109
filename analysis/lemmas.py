"""Which lemmas a form of a word may belong to: the sets in which a query's word and a post's word meet.

Two sets are given for one form, and they differ on purpose.

`lemmas_of` is for the words of posts, whose readings nobody can choose between: every lemma of every dictionary
that knows the form. A dictionary that does not know it guesses by its ending; guesses count only where no
dictionary knows the form, for the Ukrainian guesser invents lemmas for plain Russian words (среди from a name
"сред") and the other way round.

`lemmas_asked` is for the words of queries. Whoever types a dictionary form mostly means that word: "дорога" the
road, not a form of "дорогой"; "начало" the beginning, not "начать". So where the form is a lemma itself and not an
improbable reading, only that lemma is asked for. Measured on the development rows of morph_keywords (issue 2), F1
for Russian / Ukrainian: all parses of both 0.968 / 0.9755, without needless guesses 0.971 / 0.9758, with narrowing
0.979 / 0.977.
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
from typing import Any, NamedTuple

import structlog

from analysis.folding import fold

log = structlog.get_logger()

LONGEST_LOOKED_UP = 40
"""Longer forms than this many letters are no dictionary words; they are their own lemma."""

LEAST_HEADWORD_SHARE = 0.3
"""Share of a Russian form's uses (corpus frequencies of the dictionary) in which it must be the dictionary form of a
word that inflects for a query to ask for that word alone: путина (the fishing season, 0.02) also asks for Путин, пара
(0.79) does not ask for пар. Chosen on the development rows, of 0.3, 0.5 and 0.7: Russian F1 0.979, 0.973, 0.971; the
gain is that of two keywords mostly (род 0.31, данные 0.33), so other rows may gain less."""

LEAST_OTHER_SHARE = 0.5
"""The share that names and words without forms must exceed for the same: дома and дронов are oftener forms of дом and
дрон than the adverb and the surname, and whoever wants these types the same."""

_INFLECTED = frozenset({"NOUN", "ADJF", "INFN", "NUMR", "NPRO"})
_NAMES = frozenset({"Name", "Surn", "Patr", "Geox", "Orgn"})
"""Tags of OpenCorpora, as pymorphy3 gives them."""

_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LATIN = re.compile(r"[a-z]")
_BRAND_WITH_ENDING = re.compile(r"([a-z0-9]+)'[\u0400-\u052f]+")


def lemmas_of(form: str) -> tuple[str, ...]:
    """Every lemma that a folded form in a post may belong to, folded, sorted; empty for "" alone.

    Cyrillic: the readings of the dictionaries. Latin: the English stem; of a foreign name with a Cyrillic ending
    behind an apostrophe (facebook'у) that of the name. With a digit, in another alphabet, or longer than any word:
    the form itself.
    """
    if not form:
        return ()
    if len(form) > LONGEST_LOOKED_UP:
        return (form,)
    if brand := _BRAND_WITH_ENDING.fullmatch(form):
        return (_stem(brand[1]),)
    if any(map(str.isdigit, form)):
        return (form,)
    if _CYRILLIC.search(form):
        return tuple(sorted({reading.lemma for _, readings in _read(form) for reading in readings}))
    return (_stem(form),) if _LATIN.search(form) else (form,)


def lemmas_asked(form: str) -> tuple[str, ...]:
    """The lemmas that a folded form in a query asks for: some or all of `lemmas_of`.

    A dictionary that knows the form as a lemma of its own gives that one alone. The Russian one has corpus
    frequencies, so it also says when that reading is improbable; then neither narrows, for the Ukrainian one cannot
    know (Петра, a name of its own and a form of Петро).
    """
    if len(form) > LONGEST_LOOKED_UP or not _CYRILLIC.search(form) or any(map(str.isdigit, form)) or "'" in form:
        return lemmas_of(form)
    asked: set[str] = set()
    is_narrowed = bool(knowing(form))  # what is only guessed narrows nothing
    for language, readings in _read(form):
        is_narrowed = is_narrowed and (language != "ru" or _is_likely(form, readings))
        lemmas = {reading.lemma for reading in readings}
        asked |= {form} if is_narrowed and form in lemmas else lemmas
    return tuple(sorted(asked))


class _Reading(NamedTuple):
    """One way to read a form: its lemma, folded; its share of the form's uses (Russian only); its tags."""

    lemma: str
    share: float
    tags: frozenset[str]


def _is_likely(form: str, readings: list[_Reading]) -> bool:
    """Whether a Russian form is its own lemma often enough for a query to mean that."""
    own = [reading for reading in readings if reading.lemma == form]
    headword = [reading for reading in own if reading.tags & _INFLECTED and not reading.tags & _NAMES]
    return _total(headword) >= LEAST_HEADWORD_SHARE or _total(own) > LEAST_OTHER_SHARE


def _total(readings: list[_Reading]) -> float:
    """The readings' shares together."""
    return sum(reading.share for reading in readings)


def _read(form: str) -> list[tuple[str, list[_Reading]]]:
    """What the dictionaries that know a form make of it, by language; the guesses of all when none does."""
    return [
        (
            language,
            [
                _Reading(fold(parse.normal_form) or form, parse.score, parse.tag.grammemes)
                for parse in analyser.parse(form)
            ],
        )
        for language, analyser in knowing(form) or _analysers()
    ]


def knowing(form: str) -> list[tuple[str, Any]]:
    """The dictionaries that hold a form."""
    return [pair for pair in _analysers() if pair[1].word_is_known(form)]


@functools.cache
def _analysers() -> list[tuple[str, Any]]:
    """The dictionaries of Russian and Ukrainian, loaded when the first Cyrillic word is met (0.3 s, 40 MiB)."""
    import pymorphy3

    analysers = [("ru", pymorphy3.MorphAnalyzer(lang="ru"))]
    if _version("pymorphy3-dicts-uk"):
        analysers.append(("uk", pymorphy3.MorphAnalyzer(lang="uk")))
    else:
        log.warning("ukrainian dictionary missing, cyrillic words get russian lemmas only")
    return analysers


def signature() -> str:
    """What the lemmas depend on, in one line: the versions of the dictionaries, of the stemmer and of the rules
    here."""
    packages = ("pymorphy3", "pymorphy3-dicts-ru", "pymorphy3-dicts-uk", "pystemmer")
    return " ".join(["rules=1", *(f"{package}={_version(package)}" for package in packages)])


def _version(package: str) -> str | None:
    """The installed version of a package, None when it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


@functools.cache
def _english() -> Any:
    """The English stemmer; its own cache is slower than ours (reference/performance.md, 3.2), so it is off."""
    import Stemmer

    return Stemmer.Stemmer("english", maxCacheSize=0)


def _stem(form: str) -> str:
    """The English stem of a folded Latin form."""
    return fold(_english().stemWord(form)) or form
