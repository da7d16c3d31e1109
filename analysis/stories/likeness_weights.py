"""What each feature of two posts weighs: how much it adds to the log-odds that they report one event.

The weights of what the texts say were learned (`python -m training.learn_stories weights DATA`); those of what is known
beside the texts are set by hand, for the sets that may be learned from know neither times nor channels.
"""

from __future__ import annotations

from collections.abc import Mapping

BIAS = -2.75

LEARNED: Mapping[str, float] = {
    "first": 2.16,
    "lead": 1.70,
    "shorter": 1.44,
    "keys": 0.75,
    "keys_differ": -1.31,
    "numbers": 1.01,
    "numbers_differ": -0.70,
    "actions_differ": -0.71,
}
"""`first`, `lead`: how much of the other's first 5 and 10 words each holds; `shorter`: how much of the shorter text the
longer one holds; `keys` (names and numbers among the first words), `numbers`: how far they agree; `_differ`: how far
each has what the other lacks; `actions`: what happens."""

SET_BY_HAND: Mapping[str, float] = {"hours": -2.5, "same_channel": -1.5, "serial": -2.0}
"""`hours`: days between the posts, half a one at most: channels tell an event within hours, and later what came of it.
`same_channel`: a channel rarely tells a story twice. `serial`: what a channel posts again and again (rates, alerts,
weather) is told once each time."""

WEIGHTS: Mapping[str, float] = {**LEARNED, **SET_BY_HAND}

ACROSS_BIAS = -4.5
ACROSS_WEIGHTS: Mapping[str, float] = {"overlap": 10.0, **SET_BY_HAND}
"""For posts in two languages: `overlap` is how much of what is the same in both languages is in both posts. Bias and
weight are set by hand, so that of joined pairs of the invented posts in `training/stories` nine in ten are right."""
