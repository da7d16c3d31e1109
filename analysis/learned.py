"""The learned weights beside the hand-made lists; their form is told in `analysis/taxonomy/learned/README.md`.

They are the weights of linear decisions over what a post holds, made by `training/learn_topics.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import NamedTuple

from analysis.manner import MANNERS
from analysis.taxonomy import TOPICS
from analysis.word_lists import NONE, LexiconError

LETTERS_OF_A_BEGINNING = 5
"""How much of a word's sound makes its beginning: enough to tell most families of words apart, and little enough to
hold a family together in three languages. Of 4, 5 and 6 letters the differences were below half a point of F1."""

_SOUNDS = str.maketrans(
    {
        **dict(zip("абвгґдеєзиіїйклмнопрстуфх", "abvggdeeziiiiklmnoprstufh", strict=True)),
        **dict(zip("жцчшщыэюя", "zccssieua", strict=True)),
        **dict.fromkeys("ьъ'", ""),
    }
)
_LATIN_SOUNDS = str.maketrans({"c": "k", "y": "i", "w": "v", "q": "k", "'": ""})
_DOUBLED = re.compile(r"(.)\1")


class LearnedWeights(NamedTuple):
    """What one file says. `hand`: how much the evidence of each topic's hand-made list counts here, by code.

    `words`: weights by lemma, as the analysis gives it, or by "beginning*", as `beginning` gives it. `threshold`: the
    evidence needed, above zero for topics; for NONE the evidence from which on a post is about nothing. `manner`, of
    NONE only: how much the way a post is written counts, in the order of `analysis.manner.MANNERS`; () if it does not.
    """

    threshold: float
    hand: Mapping[str, float]
    words: Mapping[str, float]
    manner: tuple[float, ...] = ()


def beginning(form: str) -> str | None:
    """How a word begins, by its sound in Latin letters: "minis" of министр, міністр and minister; None of short words
    and of those with digits."""
    if len(form) < LETTERS_OF_A_BEGINNING or (not form.isalpha() and any(map(str.isdigit, form))):
        return None
    if "a" <= form[0] <= "z":
        sound = form.replace("ph", "f").replace("ck", "k").translate(_LATIN_SOUNDS)
    else:
        sound = form.translate(_SOUNDS)
    sound = _DOUBLED.sub(r"\1", sound)
    return sound[:LETTERS_OF_A_BEGINNING] if len(sound) >= LETTERS_OF_A_BEGINNING else None


def read_learned(code: str, document: str) -> LearnedWeights:
    """The weights of a TOML document. Raises LexiconError naming the document and the fault."""
    try:
        table = tomllib.loads(document)
        threshold = float(table["threshold"])
        hand = {topic: float(weight) for topic, weight in table.get("hand", {}).items()}
        words = {
            word: float(weight)
            for weight, line in table.get("words", {}).items()
            for word in line.replace(",", " ").split()
        }
        manner = {name: float(weight) for name, weight in table.get("manner", {}).items()}
    except (tomllib.TOMLDecodeError, KeyError, ValueError, AttributeError) as error:
        raise LexiconError(f"learned/{code}.toml: {error}") from error
    if unknown := {code, *hand} - {NONE, *TOPICS}:
        raise LexiconError(f"learned/{code}.toml: there is no topic {', '.join(sorted(unknown))}.")
    if unknown := manner.keys() - (set(MANNERS) if code == NONE else set()):
        raise LexiconError(f"learned/{code}.toml: there is no manner {', '.join(sorted(unknown))} here.")
    if unknown := set(table) - {"threshold", "hand", "words", "manner"}:
        raise LexiconError(f"learned/{code}.toml: unknown setting {', '.join(sorted(unknown))}.")
    if threshold <= 0 and code != NONE:
        raise LexiconError(f"learned/{code}.toml: the threshold must be above zero.")
    return LearnedWeights(threshold, hand, words, tuple(manner.get(name, 0.0) for name in MANNERS) if manner else ())
