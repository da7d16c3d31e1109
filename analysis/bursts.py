"""Whether a word, a name or a topic is heard far above its usual rate. Pure: the numbers come from `storage.rates`.

What is counted are voices: posts that are no reposts (forwards, near-copies), three an hour of one channel at most.
What is usual is a share of all voices, not a number of them: nights, weekends, outages and new channels change how much
is posted, not what of it a word has (decision 24).
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

from analysis.calendar_words import CALENDAR_WORDS
from analysis.language import ENGLISH_WORDS, RUSSIAN_WORDS, UKRAINIAN_WORDS
from analysis.text import LEMMAS, analyse, spans

SPAN = dt.timedelta(hours=1)
"""What is heard is counted over the last hour."""

HISTORY = dt.timedelta(days=28)
"""What is usual is learned from so many days: four of each day of the week."""

WARM_HOURS = 72
"""Hours with posts that must be known before anything counts as unusual: each hour of the day three times."""

LEAST_VOICES, LEAST_CHANNELS = 7, 3
"""Fewer are no burst, however rare the word: one editor's subject, or one message told on."""

LEAST_USUAL = 1.0
"""Voices an hour below which nothing is usual: what is said once a month is not 500 times its rate with one post."""

SPREAD = 0.5
"""How much of its rate a word's rate varies by itself from day to day, beside chance: news words are no dice."""

OPENS, LASTS = 5.0, 2.0
"""Deviations from which a burst opens, and below which it is over: 7 voices of a rare word, 3.5 times the rate of a
common one; less than 2 times that to end it, so that nothing opens and ends by turns."""

QUIET = dt.timedelta(minutes=30)
"""A burst ends when it has not lasted for so long."""

REST = dt.timedelta(hours=6)
"""What ended less long ago and comes again is the same burst: nobody is told twice."""

TOPIC = "topic:"
"""Before the code of a topic, where words and topics are counted together."""

SHARED = 0.5
"""Words of which one's posts hold so large a share of the other's burst together: one event brings many words."""

SHORTEST = 3
"""Letters of a word that may burst."""

NAMED_SHARE = 0.8
"""A word that is written with a capital inside sentences so often is a name."""

COMPANIONS = 5
"""Words beside the first that people are shown of a burst."""

LONGEST_IN_CAPITALS = 6
"""Letters of an abbreviation: longer ones in capitals are headlines that shout."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How many voices of how many channels have said something in the last hour."""

    what: str
    voices: int
    channels: int


@dataclass(frozen=True, slots=True)
class Past:
    """Voices that said something: in all the weeks, at this time of the day (an hour around it), in the last day."""

    weeks: int = 0
    same_hours: int = 0
    last_day: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the weeks before: hours with posts, all their voices in the same three ways, and how few voices
    of an hour are kept (`least`)."""

    hours: int
    voices: Past
    least: float

    @property
    def is_warm(self) -> bool:
        """Whether it is long enough to say what is usual."""
        return self.hours >= WARM_HOURS


def usual(past: Past, history: History, voices: int) -> float:
    """How many of so many voices would say it on a usual day: by the highest of the three shares.

    The time of day is for greetings, forecasts and rates of exchange; the last day makes what lasts usual by itself.
    """
    pairs = (
        (past.weeks, history.voices.weeks),
        (past.same_hours, history.voices.same_hours),
        (past.last_day, history.voices.last_day),
    )
    share = max((said / of for said, of in pairs if of > 0), default=0.0)
    return max(share * voices, LEAST_USUAL, history.least - 1)


def score(voices: int, expected: float) -> float:
    """How many deviations above the expected number: Poisson's, widened by what words vary from day to day."""
    return (voices - expected) / math.sqrt(expected + (SPREAD * expected) ** 2)


def opens(heard: Heard, expected: float) -> bool:
    """Whether a burst begins."""
    is_enough = heard.voices >= LEAST_VOICES and heard.channels >= LEAST_CHANNELS
    return is_enough and score(heard.voices, expected) >= OPENS


def lasts(heard: Heard, expected: float) -> bool:
    """Whether a burst that has begun goes on."""
    return score(heard.voices, expected) >= LASTS


def may_burst(what: str) -> bool:
    """Whether it says what a post is about: a topic, or a word that is no function word, number or date."""
    if what.startswith(TOPIC):
        return True
    if len(what) < SHORTEST or any(sign.isdigit() for sign in what):
        return False
    return what not in _say_nothing()


@cache
def _say_nothing() -> frozenset[str]:
    """Function words and those of the calendar, with all their lemmas."""
    words = RUSSIAN_WORDS | UKRAINIAN_WORDS | ENGLISH_WORDS | CALENDAR_WORDS
    return frozenset(chain.from_iterable((word, *LEMMAS[word]) for word in words))


def gathered(ordered: Sequence[str], posts: Mapping[str, Collection[int]]) -> list[list[str]]:
    """What bursts in the same posts, together: each group led by the first of its members in the given order."""
    groups: list[list[str]] = []
    for what in ordered:
        mine = frozenset(posts.get(what, ()))
        for group in groups:
            if overlap(mine, frozenset(posts.get(group[0], ()))) >= SHARED:
                group.append(what)
                break
        else:
            groups.append([what])
    return groups


def overlap(some: frozenset[int], others: frozenset[int]) -> float:
    """The share of the smaller set that is in the larger one."""
    return len(some & others) / min(len(some), len(others)) if some and others else 0.0


@dataclass(frozen=True, slots=True)
class Written:
    """How people write a lemma."""

    shown: str
    is_name: bool
    form: str = ""
    """Their most frequent form of it."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One word of a text: its form, how it is written there, and whether it stands inside a sentence."""

    form: str
    raw: str
    is_inside: bool


def occurrences(texts: Iterable[str]) -> list[Occurrence]:
    """All words of these texts."""
    found = []
    for text in texts:
        for form, (start, end) in zip(analyse(text).forms, spans(text), strict=False):
            if form:
                raw = text[start:end]
                shouts = raw.isupper() and len(raw) > LONGEST_IN_CAPITALS
                found.append(Occurrence(form, raw, _is_inside(text, start) and not shouts))
    return found


def companions(lead: Written, lemmas: Iterable[str], said: Sequence[Occurrence]) -> list[str]:
    """How the other words of a burst are written, the first few; two lemmas of one form are one word."""
    seen = {lead.form}
    found: list[str] = []
    for lemma in lemmas:
        if len(found) == COMPANIONS:
            break
        each = written(lemma, said)
        if each.form and each.form not in seen:
            seen.add(each.form)
            found.append(each.shown)
    return found


def written(lemma: str, said: Iterable[Occurrence]) -> Written:
    """How people write the lemma: an English stem is no word, and names have capitals."""
    mine = [each for each in said if lemma in LEMMAS[each.form]]
    if not mine:
        return Written(lemma, is_name=False)
    forms = Counter(each.form for each in mine)
    form = forms.most_common(1)[0][0]
    shown = lemma if lemma in forms or not lemma.isascii() else form
    inside = [each.raw[0].isupper() for each in mine if each.is_inside]
    if inside.count(True) < max(2.0, NAMED_SHARE * len(inside)):
        return Written(shown, is_name=False, form=form)
    raw = Counter(each.raw for each in mine).most_common(1)[0][0]
    is_short = raw.isupper() and len(raw) <= LONGEST_IN_CAPITALS
    return Written(shown.upper() if is_short else shown.title(), is_name=True, form=form)


def _is_inside(text: str, start: int) -> bool:
    """Whether a word begins no sentence: a letter, a digit or a comma stands before the space before it."""
    before = text[max(0, start - 2) : start]
    return len(before) == 2 and before[1] in " -«" and (before[0].isalnum() or before[0] in ",;»)–—-")
