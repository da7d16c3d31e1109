"""How likely two posts report one event: a logistic over a few features, each of which can be shown.

The features are shares of what the posts say, weighted by how rare each word is in the window. What they weigh was
learned from news articles and invented posts (`training/learn_stories.py`; decision 13).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from math import exp, sqrt

from analysis.stories.likeness_weights import ACROSS_BIAS, ACROSS_WEIGHTS, BIAS, SET_BY_HAND, WEIGHTS
from analysis.stories.reading import Reading
from analysis.stories.recurring import are_opposed, hours_of

NEUTRAL = 0.5
"""A feature's value where neither post says anything of the kind."""

MOST_DAYS = 0.5
"""Posts half a day apart and two days apart differ no more by their times: a late copy is still a copy."""

MOST_PAIRS = 0.5
"""Posts of which more than half is in the same order are copies: templates speak against one event, copies do not."""

LEAST_SHARED = 0.2
"""Posts that share a smaller part of what the shorter one says are not compared any further."""

FEWEST_SHARED = 3
"""Words that posts must share to be compared, where they do not say the same altogether: a word or two are a topic."""

FEWEST_ACROSS = 3
"""Names, numbers or concepts that posts in two languages must share to be compared."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of two posts beside their texts. `hours`: between their times of posting."""

    hours: float = 0.0
    same_channel: bool = False


NOTHING_KNOWN = Circumstances()


@dataclass(frozen=True, slots=True)
class Likeness:
    """What was found of two posts: each feature's value, and what it adds to the log-odds of one event."""

    values: Mapping[str, float]
    shares: Mapping[str, float]
    bias: float

    @property
    def similarity(self) -> float:
        """How likely the two report one event, from 0 to 1."""
        odds = self.bias + sum(self.shares.values())
        return 1 / (1 + exp(-max(min(odds, 30.0), -30.0)))

    def in_a_series(self) -> Likeness:
        """The same, when one of the two is known to be of a series."""
        values = {**self.values, "serial": 1.0}
        return Likeness(values, {**self.shares, "serial": SET_BY_HAND["serial"]}, self.bias)


def compare(
    first: Reading, second: Reading, weights: Mapping[int, float], circumstances: Circumstances = NOTHING_KNOWN
) -> Likeness:
    """Compare two posts, whichever comes first. `weights`: how much each term says (`Frequencies.weights`)."""
    values = _Comparison(first, second, weights).values()
    values["hours"] = min(abs(circumstances.hours) / 24, MOST_DAYS)
    values["same_channel"] = float(circumstances.same_channel)
    values["opposed"] = float(are_opposed(first.sides, second.sides))
    shared = first.kinds & second.kinds
    values["recurring"] = min(abs(circumstances.hours) / hours_of(shared), 1.0) if shared else 0.0
    is_across = first.language != second.language
    bias, factors = (ACROSS_BIAS, ACROSS_WEIGHTS) if is_across else (BIAS, WEIGHTS)
    return Likeness(values, {name: factors[name] * value for name, value in values.items()}, bias)


def may_be_alike(first: Reading, second: Reading, weights: Mapping[int, float]) -> bool:
    """A quick look, before two posts are compared in full: whether they share enough of what either says."""
    weight = weights.__getitem__
    if first.language != second.language:
        return len(first.ground & second.ground) >= FEWEST_ACROSS
    common = first.terms & second.terms
    if len(common) < FEWEST_SHARED and first.terms != second.terms:
        return False
    shared = sum(map(weight, common))
    shorter = first.terms if len(first.terms) < len(second.terms) else second.terms
    return shared >= LEAST_SHARED * sum(map(weight, shorter))


class _Comparison:
    """Two posts side by side, with what their words weigh."""

    def __init__(self, first: Reading, second: Reading, weights: Mapping[int, float]) -> None:
        self._first, self._second = first, second
        self._weight = weights.__getitem__
        self._common = first.terms & second.terms

    def values(self) -> dict[str, float]:
        """The features that the texts give."""
        first, second = self._first, self._second
        if first.language != second.language:
            return {"overlap": self._cosine(first.ground, second.ground)}
        keys, keys_differ = self._agreement(first.keys, second.keys)
        return {
            "first": self._held(first.first, second.first),
            "lead": self._held(first.lead, second.lead),
            "title": max(self._share(first.title), self._share(second.title)),
            "shorter": self._total(self._common) / (min(map(self._total, (first.terms, second.terms))) or 1.0),
            "pairs": min(len(first.pairs & second.pairs) / (min(len(first.pairs), len(second.pairs)) or 1), MOST_PAIRS),
            "keys": keys,
            "keys_differ": keys_differ,
            "names_differ": _differ(
                first.title & first.names - second.terms, second.title & second.names - first.terms
            ),
            "sounds_differ": _differ(first.sounds - second.sounds, second.sounds - first.sounds),
            "numbers": self._agreement(first.numbers, second.numbers)[0],
            "measures_differ": self._measures_differ(),
            "days_differ": _differ(first.days - second.days, second.days - first.days),
            "actions_differ": self._agreement(first.actions, second.actions)[1],
        }

    def _measures_differ(self) -> float:
        """Whether a number differs of what both count: the dead, roubles, reservoirs; 1 when two do."""
        first, second = self._first.measured, self._second.measured
        differing = sum(first[word].isdisjoint(second[word]) for word in first.keys() & second.keys())
        return min(differing, 2) / 2

    def _total(self, terms: Set[int]) -> float:
        return sum(map(self._weight, terms))

    def _held(self, of_first: Set[int], of_second: Set[int]) -> float:
        """How much of a part of each post the other holds, on average."""
        return (self._share(of_first) + self._share(of_second)) / 2

    def _share(self, part: Set[int]) -> float:
        """Which share of a part, by weight, both posts hold."""
        return self._total(part & self._common) / (self._total(part) or 1.0)

    def _cosine(self, of_first: Set[int], of_second: Set[int]) -> float:
        """The weight of what both hold, by the geometric mean of what each holds."""
        totals = self._total(of_first) * self._total(of_second)
        return self._total(of_first & of_second) / sqrt(totals) if totals else 0.0

    def _agreement(self, of_first: Set[int], of_second: Set[int]) -> tuple[float, float]:
        """How far two parts agree, and how far each holds what the other post lacks.

        What only one of them adds is no disagreement: a longer post tells more.
        """
        shared = (of_first | of_second) & self._common
        only_first, only_second = of_first - self._common, of_second - self._common
        if not (only_first and only_second):
            return (1.0 if shared else NEUTRAL), 0.0
        agreeing, apart = self._total(shared), min(self._total(only_first), self._total(only_second))
        return agreeing / (agreeing + apart), apart / (1 + agreeing + apart)


def _differ(only_first: Set[int], only_second: Set[int]) -> float:
    """1 when each of two posts says of one kind what the other does not."""
    return float(bool(only_first) and bool(only_second))
