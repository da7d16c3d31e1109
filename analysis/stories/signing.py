"""A post's signature, made from its text and its terms."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.folding import fold
from analysis.recent import Recent
from analysis.stories.footers import without_footer
from analysis.stories.signature import MOST_SHINGLES, MOST_TERMS, Signature
from analysis.stories.words import WORDS, Word
from analysis.text import Terms, analyse

MOST_READ = 1_500
"""Characters of a text in which names are looked for, about as far as `MOST_TERMS` reach."""

MOST_FORMS = 200
"""Words of a text that are read: what a post is about, it says before."""

_CAPITAL = "A-ZА-ЯЁІЇЄҐ"
_NAME = re.compile(
    rf"(?<=[^\W_]|[,;:»)”'’—–-]) [(«“\"]?([{_CAPITAL}][\w'’]+(?:-[{_CAPITAL}][\w'’]+)*)"
)
"""A capitalised word that begins no sentence."""

_SHINGLE_FACTORS = 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35
"""Odd 32-bit constants (golden ratio; murmur3's mixers): words in another order make another shingle."""

_MASK = 0xFFFFFFFF


def sign(text: str, terms: Terms, language: str | None) -> Signature:
    """The signature of a text; `terms` and `language` are what `analyse` and `detect` say of it."""
    body = without_footer(text)
    forms = terms.forms
    if len(body) < len(text):
        forms = forms[: len(forms) - len(analyse(text[len(body) :]).forms)]
    forms = forms[:MOST_FORMS]
    words = list(map(WORDS.__getitem__, dict.fromkeys(forms)))
    kept: dict[int, Word] = {}
    for word in words:
        if word.term and word.term not in kept:
            kept[word.term] = word
            if len(kept) == MOST_TERMS:
                break
    names = [term for term in _names(body) if term in kept]
    numbers = [term for term in kept if term & 1]
    named = frozenset(names)
    sounds = dict.fromkeys([word.sound for term, word in kept.items() if word.sound and (word.is_concept or term in named)])
    return Signature.of(language, len(forms), list(kept), names, numbers, list(sounds), _shingles(forms))


def _names(text: str) -> Sequence[int]:
    """The terms of the words that are written as names, each once."""
    found = _NAME.findall(text, 0, MOST_READ)
    return list(dict.fromkeys([term for name in found for term in _NAME_TERMS[name]]))


def _name_terms(name: str) -> tuple[int, ...]:
    """The terms of a name as written; a hyphen joins several. In capitals it must be short, for headlines shout."""
    parts = re.split("[-–]", name)
    return tuple(WORDS[fold(part)].term for part in parts if WORDS[fold(part)].term and not (part.isupper() and len(part) > 6))


_NAME_TERMS = Recent(_name_terms, bound=50_000)


def _shingles(forms: Sequence[str]) -> list[int]:
    """The smallest numbers of the runs of three words that count: MinHash by its k smallest values (Broder 1997)."""
    run = [word.term for word in map(WORDS.__getitem__, forms) if word.term]
    if len(run) < 3:
        run += [1] * (3 - len(run)) if run else []
    first, second, third = _SHINGLE_FACTORS
    mixed = {
        ((a * first + b * second + c * third) * first >> 7) & _MASK
        for a, b, c in zip(run, run[1:], run[2:], strict=False)
    }
    return sorted(mixed)[:MOST_SHINGLES]
