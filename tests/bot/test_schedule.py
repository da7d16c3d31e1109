"""The next moment by a person's clock: laws over zones and years, and the days on which clocks change."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schedule import HOUR, next_digest, pause_end, quiet_window

BERLIN, KYIV = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Kyiv")
ZONES = ("UTC", "Europe/Berlin", "Europe/Kyiv", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
         "Pacific/Apia", "Africa/Casablanca", "America/St_Johns")  # fmt: skip

zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.integers(1_293_840_000, 1_893_456_000).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))
"""From 2011, when Samoa left out a day, to 2030."""


def utc(*numbers: int) -> dt.datetime:
    return dt.datetime(*numbers, tzinfo=dt.UTC)  # type: ignore[misc, arg-type]


def local_days(count: int, hour: int, zone: dt.tzinfo, after: dt.datetime) -> list[dt.datetime]:
    found = []
    for _ in range(count):
        moment = next_digest("daily", hour, zone, after)
        assert moment is not None
        assert moment > after
        found.append(moment)
        after = moment
    return found


@given(zones, moments, st.integers(0, 23))
def test_a_daily_digest_comes_once_a_day_whatever_the_clock_does(zone: ZoneInfo, after: dt.datetime, hour: int) -> None:
    found = local_days(10, hour, zone, after)
    days = [moment.astimezone(zone).date() for moment in found]
    assert len(set(days)) == 10
    assert all(22 * HOUR <= later - earlier <= 26 * HOUR for earlier, later in pairwise(found))


@given(zones, moments, st.integers(0, 23), st.integers(0, 86_400))
def test_looking_again_before_the_moment_gives_the_same_one(
    zone: ZoneInfo, after: dt.datetime, hour: int, seconds: int
) -> None:
    first = next_digest("daily", hour, zone, after)
    later = after + dt.timedelta(seconds=seconds)
    assert first is not None
    assert later >= first or next_digest("daily", hour, zone, later) == first


@given(zones, moments)
def test_an_hourly_digest_is_never_more_than_an_hour_away(zone: ZoneInfo, after: dt.datetime) -> None:
    first = next_digest("hourly", None, zone, after)
    assert first is not None
    assert dt.timedelta(0) < first - after <= HOUR


def test_an_hour_that_comes_twice_has_one_digest_and_one_that_is_left_out_has_one() -> None:
    assert local_days(3, 2, BERLIN, utc(2026, 10, 23, 22)) == [
        utc(2026, 10, 24, 0), utc(2026, 10, 25, 0), utc(2026, 10, 26, 1),
    ]  # fmt: skip
    assert local_days(3, 2, BERLIN, utc(2026, 3, 27, 23)) == [
        utc(2026, 3, 28, 1), utc(2026, 3, 29, 1), utc(2026, 3, 30, 0),
    ]  # fmt: skip


def test_after_a_stop_of_days_there_is_one_next_moment() -> None:
    assert next_digest("daily", 9, KYIV, utc(2026, 6, 10, 12)) == utc(2026, 6, 11, 6)


def test_what_comes_at_once_has_no_moment() -> None:
    assert next_digest("instant", None, KYIV, utc(2026, 6, 10)) is None


@pytest.mark.parametrize(
    ("now", "from_at", "until_at"),
    [
        (utc(2026, 6, 10, 12), utc(2026, 6, 10, 19), utc(2026, 6, 11, 4)),  # by day: the next
        (utc(2026, 6, 10, 19), utc(2026, 6, 10, 19), utc(2026, 6, 11, 4)),
        (utc(2026, 6, 11, 3), utc(2026, 6, 10, 19), utc(2026, 6, 11, 4)),  # after midnight: yesterday's
        (utc(2026, 6, 11, 4), utc(2026, 6, 11, 19), utc(2026, 6, 12, 4)),
    ],
)
def test_quiet_hours_go_over_midnight(now: dt.datetime, from_at: dt.datetime, until_at: dt.datetime) -> None:
    window = quiet_window(22 * 60, 7 * 60, KYIV, now)
    assert (window.from_at, window.until_at) == (from_at, until_at)


def test_quiet_hours_that_end_in_an_hour_that_comes_twice_end_in_the_second() -> None:
    window = quiet_window(0, 150, BERLIN, utc(2026, 10, 25, 0, 15))
    assert window.until_at == utc(2026, 10, 25, 1, 30)


@given(zones, moments, st.integers(0, 1439), st.integers(0, 1439))
def test_quiet_hours_end_after_now_and_follow_each_other(
    zone: ZoneInfo, now: dt.datetime, start: int, end: int
) -> None:
    if start == end:
        end = (end + 1) % 1440
    window = quiet_window(start, end, zone, now)
    assert window.from_at < window.until_at > now
    following = quiet_window(start, end, zone, window.until_at)
    assert following.from_at > window.from_at
    assert quiet_window(start, end, zone, max(now, window.from_at)) == window


def test_a_pause_until_monday_ends_in_the_morning_of_the_next_one() -> None:
    assert pause_end("monday", KYIV, utc(2026, 6, 10, 12)) == utc(2026, 6, 15, 5)
    assert pause_end("monday", KYIV, utc(2026, 6, 15, 5)) == utc(2026, 6, 22, 5)
    assert pause_end("8h", KYIV, utc(2026, 6, 10, 12)) == utc(2026, 6, 10, 20)
