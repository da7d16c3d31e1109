"""Charts: places in per cent that hold for any data."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from web.charts import bar_chart, days, hours, place_of, staircase, ticks

NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def share(written: str) -> float:
    """The number before the per cent sign."""
    return float(written.removesuffix("%"))


@given(st.lists(st.integers(0, 10**9), max_size=60))
def test_bars_stay_in_the_picture_and_stand_for_their_counts(counts: list[int]) -> None:
    bounds = [NOON + HOUR * place for place in range(len(counts) + 1)]
    chart = bar_chart(counts, bounds)
    assert chart.total == sum(counts)
    for bar, count in zip(chart.bars, counts, strict=True):
        assert 0 <= share(bar.x) <= share(bar.x) + share(bar.width) <= 100.01
        assert abs(share(bar.y) + share(bar.height) - 100) < 0.02
        assert (share(bar.height) > 0) == (count > 0)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=40))
def test_a_staircase_climbs_once_for_each_moment(minutes: list[int]) -> None:
    moments = sorted(NOON + dt.timedelta(minutes=each) for each in minutes)
    lines = staircase(moments, moments[0], moments[-1])
    climbs = [line for line in lines if line.y1 != line.y2]
    assert len(climbs) == len(moments)
    assert share(lines[-1].y2) == 4.0


def test_a_moment_beyond_the_axis_stays_on_it() -> None:
    begins, ends = NOON, NOON + HOUR
    places = [place_of(moment, begins, ends) for moment in (NOON - HOUR, NOON, ends, ends + HOUR)]
    assert places == ["1.50%", "1.50%", "98.50%", "98.50%"]
    assert place_of(NOON, NOON, NOON) == "1.50%"


def test_hours_end_with_the_present_one() -> None:
    bounds = hours(NOON + dt.timedelta(minutes=59), 3)
    assert bounds == [NOON - 2 * HOUR, NOON - HOUR, NOON, NOON + HOUR]


def test_days_begin_where_the_operator_is() -> None:
    zone = dt.timezone(dt.timedelta(hours=3))
    bounds = days(dt.datetime(2026, 1, 5, 22, 30, tzinfo=dt.UTC), 2, zone)
    assert [bound.hour for bound in bounds] == [21, 21, 21]
    assert bounds[-1] > dt.datetime(2026, 1, 5, 22, 30, tzinfo=dt.UTC)


def test_ticks_stand_at_both_ends() -> None:
    found = ticks(NOON, NOON + 3 * HOUR)
    assert [tick.at for tick in found] == [NOON + HOUR * place for place in range(4)]
