"""What each word of a post counts as when stories are compared: a number, the same in every process.

Russian and Ukrainian share most of their lemmas once their letters are: ракети and ракеты are one lemma, область and
область, Україна and Украина. So lemmas are folded to common letters before they are numbered.
"""

from __future__ import annotations

import re
from functools import cache
from zlib import crc32

from analysis.language import ENGLISH_WORDS, RUSSIAN_WORDS, UKRAINIAN_WORDS
from analysis.lemmas import LONGEST_LOOKED_UP
from analysis.recent import Recent
from analysis.stories.commonness import shares
from analysis.stories.skeletons import actions, concepts, skeleton, weekdays
from analysis.text import LEMMAS

STOP_SHARE = 0.1
"""A lemma that so large a share of texts holds says nothing of what a text is about."""

SHORTEST = 2
"""Letters of a word that counts; numbers count at any length."""

STEM = 6
"""Letters of a lemma by which it is compared: what is derived from one word mostly tells one thing. Of 4 to 6 and
whole lemmas, 5 and 6 told the news articles of `training/learn_stories.py` apart best (0.93 of pairs in order, whole
lemmas 0.91)."""

NUMBER_WORDS = {
    word: number
    for number, words in {
        "2": "двое два двоє two", "3": "три трое троє three", "4": "четыре чотири четверо four",
        "5": "пять п'ять пятеро five", "6": "шесть шість шестеро six", "7": "семь сім семеро seven",
        "8": "восемь вісім восьмеро eight", "9": "девять дев'ять девятеро nine", "10": "десять ten",
        "11": "одиннадцать одинадцять eleven", "12": "двенадцать дванадцять twelv", "13": "тринадцать тринадцять",
        "14": "четырнадцать чотирнадцять", "15": "пятнадцать п'ятнадцять", "16": "шестнадцать шістнадцять",
        "17": "семнадцать сімнадцять", "18": "восемнадцать вісімнадцять", "19": "девятнадцать дев'ятнадцять",
        "20": "двадцать двадцять twenti", "30": "тридцать тридцять thirti", "40": "сорок forti",
        "50": "пятьдесят п'ятдесят fifti", "60": "шестьдесят шістдесят", "70": "семьдесят сімдесят",
        "80": "восемьдесят вісімдесят", "90": "девяносто дев'яносто", "100": "сто",
    }.items()
    for word in words.split()
}  # fmt: skip
"""Numbers in words, by lemma or English stem: they are compared as numbers."""

_SMALL_WORDS = UKRAINIAN_WORDS | RUSSIAN_WORDS | ENGLISH_WORDS

_DOUBLED = re.compile(r"(.)\1+")

_SHARED_LETTERS = str.maketrans(
    {"і": "и", "ї": "и", "є": "е", "ґ": "г", "ы": "и", "э": "е", "й": "и", "ь": "", "ъ": "", "'": "", "ў": "в"}
)


def common_letters(lemma: str) -> str:
    """A Cyrillic lemma in letters that Russian and Ukrainian share, without doublings; others as they are."""
    return _DOUBLED.sub(r"\1", lemma.translate(_SHARED_LETTERS))


def lemma_of(form: str) -> str:
    """The one lemma that a form is compared by: of several the first by alphabet, whatever stands around it."""
    return min(LEMMAS[form], default="")


def concept_of(form: str) -> str:
    """The concept that a form stands for; "" for most."""
    return next((concepts()[word] for word in (*LEMMAS[form], form) if word in concepts()), "")


def term_of(lemma: str) -> int:
    """The number of a lemma: even and not 0."""
    return crc32(common_letters(lemma)[:STEM].encode()) & ~1 or 2


def term_of_concept(concept: str) -> int:
    """The number of a concept: all its words count as one, in every language."""
    return crc32(b"concept " + concept.encode()) & ~1 or 2


def sound_of(form: str) -> int:
    """The number of a name's skeleton, the same in every language; 0 where its concept says more, or for none."""
    bones = "" if concept_of(form) or form[0].isdigit() else skeleton(lemma_of(form))
    return crc32(b"sound " + bones.encode()) if bones else 0


@cache
def concept_terms() -> frozenset[int]:
    """The numbers of all concepts."""
    return frozenset(map(term_of_concept, concepts().values()))


@cache
def action_terms() -> frozenset[int]:
    """The numbers of what happens."""
    return frozenset(map(term_of_concept, actions()))


@cache
def day_terms() -> frozenset[int]:
    """The numbers of the days of a week."""
    return frozenset(map(term_of_concept, weekdays()))


def _term(form: str) -> int:
    """The number that a folded form counts as."""
    if not form or len(form) > LONGEST_LOOKED_UP:
        return 0
    if form[0].isdigit():
        return crc32(form.encode()) | 1
    lemma = lemma_of(form)
    if number := NUMBER_WORDS.get(lemma):
        return _term(number)
    if len(form) < SHORTEST or form in _SMALL_WORDS or shares().get(common_letters(lemma), 0.0) >= STOP_SHARE:
        return 0
    concept = concept_of(form)
    return term_of_concept(concept) if concept else term_of(lemma)


TERMS = Recent(_term, bound=400_000)
"""Form -> its lemma's or concept's number, odd for a number, 0 when it counts for nothing; of forms seen lately."""
