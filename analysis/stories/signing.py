"""A post's signature, made from its text and its terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from operator import xor

from analysis.folding import fold
from analysis.recent import Recent
from analysis.stories.footers import without_footer
from analysis.stories.signature import MOST_SHINGLES, MOST_TERMS, Signature
from analysis.stories.words import TERMS, sound_of
from analysis.text import Terms, analyse

MOST_READ = 600
"""Characters of a text in which names are looked for, about as far as `MOST_TERMS` reach."""

MOST_FORMS = 64
"""Words of a text that are read: what a post is about, it says before. Of 64, 80, 110 and 200, 64 told the pairs of
`training/learn_stories.py` apart best, and it costs the least."""

_CAPITAL = "A-ZА-ЯЁІЇЄҐ"
_NAME = re.compile(rf" (?<=[\w,;:»)”’'—–-] )[(«“\"]?([{_CAPITAL}][\w'’]+(?:-[{_CAPITAL}][\w'’]+)*)")
"""A capitalised word that begins no sentence."""

_SENTENCE_END = re.compile(r"(?<=\S)(?:\n|(?<=[.!?…])\s)")

LONGEST_TITLE = 30
"""Words of a first sentence that are looked at."""

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
    run = [*filter(None, map(TERMS.__getitem__, forms))]
    kept = list(dict.fromkeys(run))
    if len(kept) > MOST_TERMS:
        del kept[MOST_TERMS:]
    names = _names(body)
    if names:
        among = frozenset(kept)
        names = [name for name in names if name[0] in among]
    return Signature.of(
        language,
        terms=kept,
        names=_once([term for term, _ in names]),
        sounds=_once([sound for _, sound in names if sound]),
        shingles=_shingles(run),
        title=_title(body, forms),
    )


def _title(text: str, forms: Sequence[str]) -> int:
    """How many terms the first sentence, or the first line, has; words are counted by the spaces between them."""
    end = _SENTENCE_END.search(text, 0, MOST_READ)
    words = min(text.count(" ", 0, end.start()) + 1 if end else len(forms), LONGEST_TITLE)
    return len({*filter(None, map(TERMS.__getitem__, forms[:words]))})


def _once(numbers: Sequence[int]) -> list[int]:
    """Numbers without repeats, in order."""
    return list(dict.fromkeys(numbers))


def _names(text: str) -> list[tuple[int, int]]:
    """Term and sound of each word that is written as a name."""
    return [*chain.from_iterable(map(_NAMED.__getitem__, _NAME.findall(text, 0, MOST_READ)))]


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
    return _once(sorted(map(xor, map(xor, run, run[1:]), run[2:]))[:MOST_SHINGLES])
