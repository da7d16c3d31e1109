"""How likely two posts report one event: a logistic over a few features, each of which can be shown.

The features are shares of what the posts say, weighted by how rare each word is in the window. The weights were
learned from news articles and invented pairs (`training/learn_stories.py`, decision 13).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from math import exp, sqrt

from analysis.stories.reading import Reading

FEATURES = ("lead", "overlap", "names", "numbers", "names_differ", "numbers_differ", "hours", "same_channel", "serial")
"""`lead`: how much of each post's first words the other holds; `overlap`: of all words; `names`, `numbers`: of those that
could be shared; `names_differ`, `numbers_differ`: what each has and the other has not; `hours`: days between them;
`same_channel`; `serial`: the channel has posted the like before."""

BIAS = -2.7
WEIGHTS: Mapping[str, float] = {
    "lead": 3.6,
    "overlap": 0.85,
    "names": 0.85,
    "numbers": 1.4,
    "names_differ": -0.6,
    "numbers_differ": -0.8,
    "hours": -0.4,
    "actions": 0.25,
    "actions_differ": -0.85,
    "same_channel": -1.5,
    "serial": -2.0,
}

ACROSS_BIAS = -4.2
ACROSS_WEIGHTS: Mapping[str, float] = {**WEIGHTS, "lead": 3.0, "overlap": 5.0}
"""For posts of two languages: `lead` and `overlap` are then of names, numbers and concepts only."""

NEUTRAL = 0.5
"""A feature's value where neither post says anything of the kind."""

_NOT_TOLD: Mapping[str, float] = {
    **{"names": NEUTRAL, "numbers": NEUTRAL, "actions": NEUTRAL},
    **{"names_differ": 0.0, "numbers_differ": 0.0, "actions_differ": 0.0},
}

FEWEST_ACROSS = 3
"""Names, numbers or concepts that posts of two languages must share to be comparable."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What was found of two posts: each feature's value, and what it adds to the log-odds of one event."""

    values: Mapping[str, float]
    shares: Mapping[str, float]
    bias: float

    @property
    def similarity(self) -> float:
        """The probability, from 0 to 1."""
        return _logistic(self.bias + sum(self.shares.values()))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of two posts beside their texts. `hours`: between their times of posting."""

    hours: float = 0.0
    same_channel: bool = False
    serial: bool = False


NOTHING_KNOWN = Circumstances()


def compare(first: Reading, second: Reading, circumstances: Circumstances = NOTHING_KNOWN) -> Likeness:
    """Compare two posts, whichever comes first."""
    is_across = first.signature.language != second.signature.language
    bias, weights = (ACROSS_BIAS, ACROSS_WEIGHTS) if is_across else (BIAS, WEIGHTS)
    values = _sounding(first, second) if is_across else _wording(first, second)
    values |= _telling_apart(first, second, is_across=is_across)
    values["hours"] = min(abs(circumstances.hours) / 24, 3.0)
    values["same_channel"] = float(circumstances.same_channel)
    values["serial"] = float(circumstances.serial)
    return Likeness(values, {name: weights[name] * value for name, value in values.items()}, bias)


def _wording(first: Reading, second: Reading) -> dict[str, float]:
    """How much of the one's words the other holds."""
    common = first.terms & second.terms
    return {
        "lead": (_held(first, first.lead, common) + _held(second, second.lead, common)) / 2,
        "overlap": _cosine(first, first.terms, second, second.terms),
    }


def _sounding(first: Reading, second: Reading) -> dict[str, float]:
    """The same for posts of two languages, by what is the same in both."""
    if len(first.sounds & second.sounds) < FEWEST_ACROSS:
        return {"lead": 0.0, "overlap": 0.0}
    cosine = _cosine(first, first.sounds, second, second.sounds)
    return {"lead": cosine, "overlap": cosine}


def _telling_apart(first: Reading, second: Reading, *, is_across: bool) -> dict[str, float]:
    """Names and numbers: shared, or different in the two."""
    if is_across:
        return dict(_NOT_TOLD)
    common = first.terms & second.terms
    actions, actions_differ = _agreement(first, first.actions, second, second.actions, common)
    names, names_differ = _agreement(first, first.names, second, second.names, common)
    numbers, numbers_differ = _agreement(first, first.numbers, second, second.numbers, common)
    return {
        "names": names,
        "numbers": numbers,
        "actions": actions,
        "names_differ": names_differ,
        "numbers_differ": numbers_differ,
        "actions_differ": actions_differ,
    }


def _agreement(
    first: Reading, of_first: Set[int], second: Reading, of_second: Set[int], common: Set[int]
) -> tuple[float, float]:
    """How far two sets agree, and how far each holds what the other lacks; what only one adds is no disagreement."""
    shared = first.weight((of_first | of_second) & common)
    apart = min(first.weight(of_first - common), second.weight(of_second - common))
    if shared + apart == 0:
        return NEUTRAL, 0.0
    return shared / (shared + apart), apart / (1 + shared + apart)


def _held(reading: Reading, part: Set[int], common: Set[int]) -> float:
    """Which share of a part of a post, by weight, is common."""
    total = reading.weight(part)
    return reading.weight(part & common) / total if total else 0.0


def _cosine(first: Reading, of_first: Set[int], second: Reading, of_second: Set[int]) -> float:
    """The weight of what both hold, by the geometric mean of what each holds."""
    totals = first.weight(of_first) * second.weight(of_second)
    return first.weight(of_first & of_second) / sqrt(totals) if totals else 0.0


def _logistic(odds: float) -> float:
    return 1 / (1 + exp(-max(min(odds, 30.0), -30.0)))
