"""Posts over time as a picture that a phone shows well: bars, three lines to read them by, and no words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from bot.pictures import Colour, Picture, width_of

WIDTH, HEIGHT = 1200, 640
"""Pixels: nearly twice as wide as high, as a chat shows a picture from edge to edge."""

LEFT, RIGHT, TOP, BOTTOM = 40, 40, 70, 90
"""Pixels around the bars."""

DIGITS = 34
"""Height of the numbers: on a phone, which shows the picture at a third of its size, that of its small print."""

GROUND: Colour = (255, 255, 255)
LINE: Colour = (222, 226, 232)
INK: Colour = (86, 94, 108)
BAR: Colour = (42, 105, 219)
UNFINISHED: Colour = (150, 186, 244)
"""The last bar's time is not over."""

LOWEST_BAR = 5
"""Pixels of the bar of a single post: it must not look like none."""


def bar_chart(counts: Sequence[int], labels: Sequence[str]) -> bytes:
    """A PNG: a bar a count, the last one paler; `labels` stand below, digits only, "" for none."""
    picture = Picture(WIDTH, HEIGHT, GROUND)
    step = step_for(max(counts, default=0))
    top = step * max(1, math.ceil(max(counts, default=0) / step))
    gutter = width_of(str(top), DIGITS) + 24
    left, width = LEFT + gutter, WIDTH - LEFT - gutter - RIGHT
    height = HEIGHT - TOP - BOTTOM
    for value in range(0, top + 1, step):
        y = TOP + height - round(value / top * height)
        picture.fill(left, y, width, 3 if value == 0 else 2, INK if value == 0 else LINE)
        said = str(value)
        picture.write(said, left - 20 - width_of(said, DIGITS), y - DIGITS // 2, DIGITS, INK)
    edges = [left + round(place * width / len(counts)) for place in range(len(counts) + 1)]
    for place, (count, (start, end)) in enumerate(zip(counts, pairwise(edges), strict=True)):
        gap = max(2, (end - start) // 5)
        tall = max(LOWEST_BAR, round(count / top * height)) if count else 0
        colour = UNFINISHED if place == len(counts) - 1 else BAR
        picture.fill(start + gap // 2, TOP + height - tall, end - start - gap, tall, colour)
        middle = (start + end - width_of(labels[place], DIGITS)) // 2
        picture.write(labels[place], middle, TOP + height + 26, DIGITS, INK)
    return picture.png()


def step_for(highest: int) -> int:
    """Between two lines: 1, 2 or 5 with noughts, so that there are at most four above the ground."""
    step, sizes = 1, (2, 2.5, 2)
    for turn in range(60):
        if step * 4 >= highest:
            break
        step = round(step * sizes[turn % 3])
    return step
