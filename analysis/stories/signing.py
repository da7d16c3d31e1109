"""A post's signature, made from its text and its terms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import xor

from analysis.folding import fold
from analysis.recent import Recent
from analysis.stories.footers import without_footer
from analysis.stories.signature import MOST_SHINGLES, MOST_TERMS, Signature
from analysis.stories.words import TERMS, sound_of
from analysis.text import Terms, analyse

MOST_READ = 1_500
"""Characters of a text in which names are looked for, about as far as `MOST_TERMS` reach."""

MOST_FORMS = 200
"""Words of a text that are read: what a post is about, it says before."""

_CAPITAL = "A-ZА-ЯЁІЇЄҐ"
_NAME = re.compile(rf" (?<=[\w,;:»)”’'—–-] )[(«“\"]?([{_CAPITAL}][\w'’]+(?:-[{_CAPITAL}][\w'’]+)*)")
"""A capitalised word that begins no sentence."""

LONGEST_IN_CAPITALS = 6
"""Letters of an abbreviation."""

SHINGLE = 3
"""Words of a shingle."""


def sign(text: str, terms: Terms, language: str | None) -> Signature:
    """The signature of a text; `terms` and `language` are what `analyse` and `detect` say of it."""
    body = without_footer(text)
    forms = terms.forms
    if len(body) < len(text):
        forms = forms[: len(forms) - len(analyse(text[len(body) :]).forms)]
    forms = forms[:MOST_FORMS]
    run = list(filter(None, map(TERMS.__getitem__, forms)))
    kept = list(dict.fromkeys(run))[:MOST_TERMS]
    among = frozenset(kept)
    names = [name for name in _names(body) if name[0] in among]
    return Signature.of(
        language,
        len(forms),
        terms=kept,
        names=_once([term for term, _ in names]),
        numbers=[term for term in kept if term & 1],
        sounds=_once([sound for _, sound in names if sound]),
        shingles=_shingles(run),
    )


def _once(numbers: Sequence[int]) -> list[int]:
    """Numbers without repeats, in order."""
    return list(dict.fromkeys(numbers))


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Term and sound of each word that is written as a name."""
    return chain.from_iterable(map(_NAMED.__getitem__, _NAME.findall(text, 0, MOST_READ)))


def _named(name: str) -> tuple[tuple[int, int], ...]:
    """Terms and sounds of a name as written; a hyphen joins several. In capitals it must be short: headlines shout."""
    parts = [part for part in re.split("[-–]", name) if len(part) <= LONGEST_IN_CAPITALS or not part.isupper()]
    return tuple((TERMS[form], sound_of(form)) for form in map(fold, parts) if TERMS[form])


_NAMED = Recent(_named, bound=50_000)


def _shingles(run: Sequence[int]) -> list[int]:
    """The smallest numbers of the runs of three words that count: MinHash by its k smallest values (Broder 1997).

    Terms are as good as random, so their exclusive or is, too; the order within three words does not matter to it.
    """
    if len(run) < SHINGLE:
        return sorted(set(run))
    return sorted(set(map(xor, map(xor, run, run[1:]), run[2:])))[:MOST_SHINGLES]
