"""The weights of all topics in one number, so that one addition adds them all: so topics are fast in plain Python."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping

LANE = 32
"""Bits that one topic takes."""

HALF = 1 << (LANE - 1)
"""What a lane is lifted by, so that what speaks against a topic takes nothing from the next lane."""

FINE = 1_000
"""What a weight of 1 is in a lane."""

COARSE = 120
"""What 1 is when weights are multiplied with what is in lanes. Up to six lemmas, and eight, ten and twelve, share it
out exactly; a lane holds some 17,000 in all."""

UNSIGNED = "I"
"""The type of `array` that holds one lane an item."""


def packed(weights: Mapping[int, float]) -> int:
    """The weights by topic in one number."""
    return sum(round(weight * FINE) << (LANE * topic) for topic, weight in weights.items())


def lift(count: int) -> int:
    """HALF in so many lanes."""
    return sum(HALF << (LANE * place) for place in range(count))


def unpacked(lanes: int, lifted: int, count: int) -> array[int]:
    """What is in each of so many lanes, HALF too much. `lifted`: `lift(count)`."""
    found = array(UNSIGNED, (lanes + lifted).to_bytes(count * LANE // 8, "little"))
    if sys.byteorder == "big":
        found.byteswap()
    return found
