"""Charts as places and sizes in per cent, which templates draw as SVG: crisp at every width, no script. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

GAP = 0.18
"""Of a bar's room that stays free."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in per cent of the picture."""

    x: str
    y: str
    width: str
    height: str
    count: int
    begins_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class BarChart:
    """Counts over time; `one_in` as in `storage.search.Timeline`."""

    bars: tuple[Bar, ...]
    highest: int
    total: int
    begins_at: dt.datetime
    ends_at: dt.datetime
    one_in: int = 1


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on an axis."""

    x: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of a line."""

    x1: str
    y1: str
    x2: str
    y2: str


def bar_chart(counts: Sequence[int], bounds: Sequence[dt.datetime], one_in: int = 1) -> BarChart:
    """Bars of counts between moments, of which there is one more."""
    highest = max(counts, default=0)
    room = 100 / max(len(counts), 1)
    bars = []
    for place, count in enumerate(counts):
        height = 100 * count / highest if highest else 0.0
        height = max(height, 2.0) if count else 0.0  # one post among thousands can be seen, too
        x = place * room + room * GAP / 2
        bars.append(
            Bar(
                percent(x), percent(100 - height), percent(room * (1 - GAP)), percent(height), count,
                bounds[place], bounds[place + 1],
            )
        )  # fmt: skip
    return BarChart(tuple(bars), highest, sum(counts), bounds[0], bounds[-1], one_in)


def place_of(moment: dt.datetime, begins_at: dt.datetime, ends_at: dt.datetime) -> str:
    """Where on an axis a moment stands; with a little room at both ends."""
    span = (ends_at - begins_at).total_seconds()
    share = (moment - begins_at).total_seconds() / span if span > 0 else 0.0
    return percent(1.5 + 97 * min(max(share, 0.0), 1.0))


def staircase(moments: Sequence[dt.datetime], begins_at: dt.datetime, ends_at: dt.datetime) -> list[Line]:
    """How a count grew: one step up at each moment (sorted), as lines across and up."""
    lines: list[Line] = []
    height, x = 0, place_of(begins_at, begins_at, ends_at)
    for moment in moments:
        there = place_of(moment, begins_at, ends_at)
        low, high = _level(height, len(moments)), _level(height + 1, len(moments))
        lines += [Line(x, low, there, low), Line(there, low, there, high)]
        height, x = height + 1, there
    top = _level(height, len(moments))
    return [*lines, Line(x, top, place_of(ends_at, begins_at, ends_at), top)]


def ticks(begins_at: dt.datetime, ends_at: dt.datetime, count: int = 4) -> list[Tick]:
    """Evenly spaced moments, both ends among them."""
    step = (ends_at - begins_at) / max(count - 1, 1)
    moments = [begins_at + step * place for place in range(count)]
    return [Tick(place_of(moment, begins_at, ends_at), moment) for moment in moments]


def hours(until: dt.datetime, count: int) -> list[dt.datetime]:
    """The bounds of the last whole hours and of this one, until its end."""
    end = until.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
    return [end - dt.timedelta(hours=count - place) for place in range(count + 1)]


def days(until: dt.datetime, count: int, zone: dt.tzinfo) -> list[dt.datetime]:
    """The bounds of the last days and of today, as they begin in a time zone."""
    last = until.astimezone(zone).date() + dt.timedelta(days=1)
    dates = [last - dt.timedelta(days=count - place) for place in range(count + 1)]
    return [dt.datetime.combine(date, dt.time(), zone).astimezone(dt.UTC) for date in dates]


def percent(value: float) -> str:
    """As SVG takes it."""
    return f"{value:.2f}%"


def _level(height: int, most: int) -> str:
    return percent(96 - 92 * height / max(most, 1))
