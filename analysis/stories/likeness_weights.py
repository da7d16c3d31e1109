"""What each feature of two posts weighs: how much it adds to the log-odds that they report one event.

The weights of what the texts say were learned (`python -m training.learn_stories weights DATA`); those of what is known
beside the texts are set by hand, for the sets that may be learned from know neither times nor channels.
"""

from __future__ import annotations

from collections.abc import Mapping

BIAS = -3.30

LEARNED: Mapping[str, float] = {
    "first": 1.02,
    "lead": 1.44,
    "title": 2.85,
    "shorter": 1.26,
    "pairs": -3.02,
    "keys": 0.60,
    "keys_differ": -0.24,
    "names_differ": -0.56,
    "sounds_differ": -0.38,
    "numbers": 1.87,
    "measures_differ": -1.57,
    "days_differ": -1.50,
    "actions_differ": -0.67,
}
"""`first`, `lead`: how much of the other's first 5 and 10 words each holds. `title`: how much of one's first sentence
the other holds, the larger share. `shorter`: how much of the shorter text the longer one holds. `pairs`: which part
of the shorter one's pairs of neighbouring words both hold, at most half: so much is a template's. `keys` (names and
numbers among the first words), `numbers`: how far they agree. `keys_differ`, `actions_differ` (what happens): how far
each has what the other lacks. `names_differ`, `sounds_differ`, `days_differ`: whether each has what the other lacks
of names in its first sentence, of names by sound, of days of the week. `measures_differ`: whether numbers of one
thing differ (3 dead, 7 dead)."""

SET_BY_HAND: Mapping[str, float] = {
    "hours": -2.5,
    "same_channel": -1.5,
    "serial": -2.0,
    "recurring": -3.0,
    "opposed": -2.0,
}
"""`hours`: days between the posts, half a one at most: channels tell an event within hours, and later what came of
it. `same_channel`: a channel rarely tells a story twice. `serial`: what a channel posts again and again (rates,
alerts, weather) is told once each time. `recurring`: the hours between two posts of one kind of event, as a share of
the hours that such an event takes, 1 at most. `opposed`: whether one post says that something began, closed or rose,
and the other that it ended, opened or fell."""

WEIGHTS: Mapping[str, float] = {**LEARNED, **SET_BY_HAND}

ACROSS_BIAS = -4.5
ACROSS_WEIGHTS: Mapping[str, float] = {"overlap": 10.0, **SET_BY_HAND}
"""For posts in two languages: `overlap` is how much of what is the same in both languages is in both posts. Bias and
weight are set by hand, so that of joined pairs of the invented posts in `training/stories` nine in ten are right."""
