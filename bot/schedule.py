"""When: the next digest, the quiet hours that are or come next, the end of a pause. Pure: a person's clock, in UTC out.

A person's day has one digest, whatever the clock does. An hour that a clock change leaves out is taken as the one that
it jumps to; of an hour that comes twice the first counts, except where quiet hours end: they last until the second.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from storage.schedules import Pace

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)

MORNING = 8
"""The hour at which a pause until Monday ends."""

Pause = Literal["1h", "8h", "day", "monday"]

PAUSES: tuple[Pause, ...] = ("1h", "8h", "day", "monday")
"""Pauses to choose from (issue 6)."""


@dataclass(frozen=True, slots=True)
class Window:
    """Quiet hours of one night, as moments."""

    from_at: dt.datetime
    until_at: dt.datetime


def next_digest(pace: Pace, hour: int | None, zone: dt.tzinfo, after: dt.datetime) -> dt.datetime | None:
    """The first moment after `after` at which a digest is due; None for what comes at once. `hour`: of daily ones."""
    if pace == "hourly":
        local = after.astimezone(zone)
        since = dt.timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return (after - since + HOUR).astimezone(dt.UTC)
    if pace == "daily":
        today = after.astimezone(zone).date()
        days = (today + DAY * ahead for ahead in range(-1, 4))
        return min(moment for day in days if (moment := _moment(day, 60 * (hour or 0), zone)) > after)
    return None


def quiet_window(from_minute: int, until_minute: int, zone: dt.tzinfo, now: dt.datetime) -> Window:
    """The quiet hours that hold now, or else the next ones. Minutes are those of the day; they may go over midnight."""
    today = now.astimezone(zone).date()
    overnight = DAY if until_minute <= from_minute else dt.timedelta(0)
    for ahead in range(-2, 5):
        day = today + DAY * ahead
        window = Window(_moment(day, from_minute, zone), _moment(day + overnight, until_minute, zone, fold=1))
        if window.from_at < window.until_at and window.until_at > now:
            return window
    raise AssertionError("a week without a night")  # no clock leaves out an hour on five days in a row


def pause_end(pause: Pause, zone: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    """When a pause that begins now ends: "monday" is the morning of the next Monday."""
    if pause == "monday":
        today = now.astimezone(zone).date()
        mondays = (today + DAY * ahead for ahead in range(9) if (today + DAY * ahead).weekday() == 0)
        return min(moment for day in mondays if (moment := _moment(day, 60 * MORNING, zone)) > now)
    return now + {"1h": HOUR, "8h": 8 * HOUR, "day": DAY}[pause]


def _moment(day: dt.date, minute: int, zone: dt.tzinfo, *, fold: int = 0) -> dt.datetime:
    """The moment at which that day's clock shows that minute."""
    return dt.datetime.combine(day, dt.time(*divmod(minute, 60), fold=fold), zone).astimezone(dt.UTC)
