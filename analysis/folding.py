"""Folding: the one spelling under which every way of writing a word is filed and asked for.

Folded away (design, "The query language"): case; ё to е; the many apostrophes to one; characters that Unicode holds
to be compatible (full-width letters, ligatures); stress marks and invisible characters inside a word (soft hyphen,
joiners); and look-alike letters of the other alphabet inside a word, with which writers evade filters and keyboards
slip.
"""

from __future__ import annotations

import re
import unicodedata

APOSTROPHES = "'’ʼ‘ʹ`´′＇՚ʻ\u02bd\uff40\u201b"
"""Characters that stand for an apostrophe between two letters; the first is the one they are folded to."""

INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Characters with no width that may stand inside a word: soft hyphen, zero-width space and joiners, byte order mark."""

_LATIN_TWINS = "abcehikmoptxy"
_CYRILLIC_TWINS = "авсенікмортху"
_TO_CYRILLIC = str.maketrans(_LATIN_TWINS, _CYRILLIC_TWINS)
_TO_LATIN = str.maketrans(_CYRILLIC_TWINS, _LATIN_TWINS)
_TO_APOSTROPHE = str.maketrans(dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(INVISIBLE, ""))
_TO_PLAIN_E = str.maketrans("ёѐѝ", "ееи")

_PLAIN_CYRILLIC = re.compile("[а-яёіїєґ]+")
_LATIN = re.compile(r"[a-z]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LATIN_ONLY_SHAPE = re.compile(rf"[a-z](?<![{_LATIN_TWINS}])")
_CYRILLIC_ONLY_SHAPE = re.compile(rf"[\u0400-\u052f](?<![{_CYRILLIC_TWINS}])")


def fold(word: str) -> str:
    """Fold one word: the same for every case and spelling of it, made of letters, digits and inner apostrophes.

    Folding a folded word changes nothing. A string without a letter or digit folds to "".
    """
    lowered = word.lower()
    if word.isascii():
        return lowered if word.isalnum() else _letters_only(lowered.translate(_TO_APOSTROPHE))
    if _PLAIN_CYRILLIC.fullmatch(lowered):
        return lowered.replace("ё", "е")
    return _fold_with_care(word)


def _fold_with_care(word: str) -> str:
    """The whole of folding, for words that hold anything beyond plain letters of one alphabet."""
    folded = word.translate(_TO_APOSTROPHE)
    for _ in range(2):  # a compatible form may itself hold an upper-case letter or a mark: "K" (Kelvin), "ẛ̣"
        folded = unicodedata.normalize("NFKC", folded).casefold()
    folded = folded.translate(_TO_APOSTROPHE).translate(_TO_PLAIN_E)
    return "'".join(_one_alphabet(part) for part in _letters_only(folded).split("'"))


def _letters_only(folded: str) -> str:
    """Drop what is neither letter, digit nor an apostrophe between such (stress marks, signs out of compatible
    forms)."""
    kept = "".join(sign for sign in folded if sign.isalnum() or sign == "'")
    return "'".join(part for part in kept.split("'") if part)


def _one_alphabet(part: str) -> str:
    """Bring look-alikes home: a part mixing two alphabets belongs to the one that has letters of a shape of its own.

    If every Latin letter of it has a Cyrillic twin, the part is Cyrillic; else if every Cyrillic letter has a Latin
    twin, it is Latin; else it really mixes both (a brand with a Russian ending) and stays.
    """
    if not (_LATIN.search(part) and _CYRILLIC.search(part)):
        return part
    if not _LATIN_ONLY_SHAPE.search(part):
        return part.translate(_TO_CYRILLIC)
    if not _CYRILLIC_ONLY_SHAPE.search(part):
        return part.translate(_TO_LATIN)
    return part
