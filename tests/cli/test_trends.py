"""`channelwatch trends` and `stats`: figures for people and for programs."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest

from cli.trends import moments
from storage.database import Database
from tests.cli.typed import run
from tests.storage.makers import make_channel, make_post, store

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def home(home: Path, database_url: str) -> Path:
    """Three posts of the hour before this one."""

    async def fill() -> None:
        database = Database(database_url)
        news = await make_channel(database, "demo_harbour")
        at = dt.datetime.now(dt.UTC) - HOUR
        posts = (make_post(news, number, f"Ferry \x1b[2J {number}", posted_at=at, seen_at=at) for number in (1, 2, 3))
        await store(database, *posts)
        await database.close()

    asyncio.run(fill())
    return home


def test_posts_are_counted_by_the_hour_with_a_chart(home: Path) -> None:
    found = json.loads(run("trends", "ferry", "--days", "0.5", "--json"))
    assert (found["by"], found["posts"], found["is_estimate"], len(found["counts"])) == ("hour", 3, False, 12)
    assert [span["posts"] for span in found["counts"]].index(3) in (9, 10)  # 9: this hour has begun since
    shown = run("trends", "ferry", "--days", "0.5")
    assert "3 posts, most in one hour: 3" in shown
    assert "█" * 40 in shown


def test_the_last_span_holds_this_moment_and_spans_follow_each_other() -> None:
    now = dt.datetime(2026, 1, 5, 12, 30, tzinfo=dt.UTC)
    bounds = moments(now, dt.timedelta(days=2), dt.timedelta(days=1))
    assert bounds == [dt.datetime(2026, 1, day, tzinfo=dt.UTC) for day in (4, 5, 6)]
    assert moments(bounds[1], HOUR, HOUR) == [bounds[1], bounds[1] + HOUR]


def test_stats_say_what_is_stored_and_what_came_in(home: Path) -> None:
    found = json.loads(run("stats", "--days", "2", "--json"))
    assert (found["posts"], found["posts_lately"], len(found["posts_by_day"])) == (3, 3, 2)
    shown = run("stats")
    assert "3 posts in 14 days" in shown
    assert " posts in 1 day, " in run("stats", "--days", "1")
    assert "\x1b[2J" not in shown
