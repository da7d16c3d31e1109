"""How many posts were found, of what and when: exactly, or estimated and said so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import ColumnElement, func, select

from analysis.labels import Labels
from analysis.text import analyse
from analysis.topics import TopicScore
from matching.query import Query, parse
from storage.database import Database
from storage.post_store import store_posts
from storage.posts import LabelledPost
from storage.search import (
    Facets,
    FacetValue,
    Scope,
    Timeline,
    Total,
    Unit,
    counting,
    facets,
    found_by,
    timeline,
    total,
)
from storage.search.timelines import MOST_SPANS, bounds
from tests.storage.makers import NOON, make_channel, make_post, rows_of, store

STORM = parse("шторм")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NEVER = dt.timedelta(0)
"""A budget that leaves only the sample."""


@pytest.fixture
async def stored(database: Database) -> Database:
    """Three posts of one channel and one of another, on some topics, in two languages and on two days."""
    north, south = await make_channel(database, "demo_north"), await make_channel(database, "demo_south")
    said = [
        (north, "шторм", "ru", "conflict", NOON),
        (north, "шторм", "ru", "economy", NOON),
        (north, "шторм", None, None, NOON + DAY),
        (south, "шторм", "uk", "conflict", NOON + DAY),
        (south, "ветер", "uk", "conflict", NOON + DAY),
    ]
    items = [
        LabelledPost(
            make_post(channel, number, text, posted_at=at),
            Labels(analyse(text), language, (TopicScore(topic, 1.0, ()),) if topic else ()),
        )
        for number, (channel, text, language, topic, at) in enumerate(said, start=1)
    ]
    async with database.begin() as connection:
        await store_posts(connection, items)
    return database


async def counted(database: Database, query: Query = STORM, budget: dt.timedelta = DAY) -> Facets:
    async with database.begin() as connection:
        return await facets(connection, query, budget=budget)


def by_value(values: Iterable[FacetValue]) -> dict[str, int]:
    return {value.label: value.posts for value in values}


async def test_posts_are_counted_by_channel_topic_language_and_day(stored: Database) -> None:
    found = await counted(stored)
    assert by_value(found.channels) == {"@demo_north": 3, "@demo_south": 1}
    assert by_value(found.topics) == {"conflict": 2, "economy": 1}
    assert by_value(found.languages) == {"ru": 2, "uk": 1, "": 1}
    assert by_value(found.days) == {"2026-01-06": 2, "2026-01-05": 2}
    assert found.one_in == 1


async def test_each_value_says_how_to_ask_for_it(stored: Database) -> None:
    found = await counted(stored)
    asks = [values[0].asks for values in (found.channels, found.topics, found.languages, found.days)]
    assert asks == ["channel:1", "topic:conflict", "lang:ru", "after:2026-01-06 before:2026-01-07"]
    narrowed = parse(f"шторм {' '.join(asks[:3])}")
    assert by_value((await counted(stored, narrowed)).topics) == {"conflict": 1}


async def test_another_channel_and_language_can_be_chosen_instead(stored: Database) -> None:
    found = await counted(stored, parse("шторм channel:1 lang:ru"))
    assert by_value(found.channels) == {"@demo_north": 2}  # of those in Russian
    assert by_value(found.languages) == {"ru": 2, "": 1}  # of those of the channel
    assert [value.is_chosen for value in found.languages] == [True, False]
    assert by_value(found.topics) == {"conflict": 1, "economy": 1}


async def test_a_channel_alone_is_not_left_out(stored: Database) -> None:
    assert by_value((await counted(stored, parse("channel:2 lang:uk"))).channels) == {"@demo_south": 2}


async def test_days_are_the_askers(stored: Database) -> None:
    async with stored.begin() as connection:
        found = await facets(connection, STORM, timezone=ZoneInfo("Pacific/Kiritimati"))  # fourteen hours ahead
    assert by_value(found.days) == {"2026-01-07": 2, "2026-01-06": 2}


async def test_sample_gives_estimates_and_says_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SAMPLE", 10)
    news = await make_channel(database)
    await store(database, *(make_post(news, number, "шторм") for number in range(40)))
    async with database.begin() as connection:
        estimated = await total(connection, STORM, budget=NEVER)
        exact = await total(connection, STORM)
        found = await facets(connection, STORM, budget=NEVER)
        chart = await timeline(connection, STORM, budget=NEVER)
    assert (exact.posts, exact.is_exact) == (40, True)
    assert (estimated.posts, estimated.one_in, estimated.is_exact) == (40, 4, False)
    assert (found.channels[0].posts, found.one_in) == (40, 4)
    assert (sum(span.posts for span in chart.spans), chart.one_in) == (40, 4)


async def test_slow_disk_leaves_the_small_sample(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "TRIAL", 5)
    monkeypatch.setattr(counting, "SAMPLE_BUDGET", NEVER)
    news = await make_channel(database)
    await store(database, *(make_post(news, number, "шторм") for number in range(40)))
    async with database.begin() as connection:
        assert await total(connection, STORM, budget=NEVER) == Total(40, 8)
        monkeypatch.setattr(counting, "SAMPLE_BUDGET", DAY)
        assert await total(connection, STORM, budget=NEVER) == Total(40, 1)


async def test_counting_that_takes_too_long_gives_way_to_a_sample(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "SAMPLE", 3)
    seconds = iter((20, 0))

    async with stored.begin() as connection:

        async def counted(condition: ColumnElement[bool]) -> int:
            await rows_of(connection, "SELECT pg_sleep(:seconds)", seconds=next(seconds))
            return int(await connection.scalar(select(func.count()).where(condition)) or 0)

        budget = dt.timedelta(milliseconds=50)
        assert await counting.count_or_estimate(connection, found_by(STORM), counted, budget) == (2, 2)


@pytest.mark.parametrize("budget", [NEVER, DAY])
async def test_counting_leaves_nothing_set_behind(stored: Database, budget: dt.timedelta) -> None:
    async with stored.begin() as connection:
        await facets(connection, STORM, budget=budget)
        assert await rows_of(connection, "SHOW statement_timeout") == [("30s",)]
        assert await rows_of(connection, "SHOW enable_bitmapscan") == [("on",)]


async def test_deleted_posts_are_counted_on_request(stored: Database) -> None:
    async with stored.begin() as connection:
        await connection.exec_driver_sql("UPDATE posts SET deleted_at = now() WHERE message_id = 1")
        assert (await total(connection, STORM)).posts == 3
        assert (await total(connection, STORM, scope=Scope(deleted=True))).posts == 4


async def drawn(database: Database, asked: str = "шторм", **fields: object) -> Timeline:
    async with database.begin() as connection:
        return await timeline(connection, parse(asked, standing=False), **fields)  # type: ignore[arg-type]


async def test_timeline_counts_every_hour_of_a_short_time(stored: Database) -> None:
    found = await drawn(stored, begins_at=NOON - HOUR, ends_at=NOON + 3 * HOUR)
    assert found.unit is Unit.HOUR
    assert [span.posts for span in found.spans] == [0, 2, 0, 0]
    assert found.spans[1].begins_at == NOON


async def test_timeline_follows_the_querys_own_days(stored: Database) -> None:
    found = await drawn(stored, "шторм after:2026-01-01 before:2026-01-11", unit=Unit.DAY)
    assert [span.posts for span in found.spans] == [0, 0, 0, 0, 2, 2, 0, 0, 0, 0]


async def test_timeline_of_an_empty_store_is_empty(database: Database) -> None:
    assert (await drawn(database)).spans == ()


@pytest.mark.parametrize(
    ("days", "unit"), [(1, Unit.HOUR), (4, Unit.HOUR), (5, Unit.DAY), (120, Unit.DAY), (121, Unit.WEEK)]
)
async def test_unit_is_chosen_by_the_time(stored: Database, days: int, unit: Unit) -> None:
    found = await drawn(stored, begins_at=NOON, ends_at=NOON + days * DAY)
    assert found.unit is unit
    assert len(found.spans) <= MOST_SPANS


def test_spans_begin_where_the_askers_days_do_over_a_change_of_the_clock() -> None:
    zone = ZoneInfo("Europe/Kyiv")  # an hour less on 29 March 2026
    begins_at = dt.datetime(2026, 3, 28, 5, tzinfo=zone)
    days = bounds(begins_at, begins_at + 2 * DAY, Unit.DAY, zone)
    assert [moment.astimezone(zone).isoformat() for moment in days] == [
        "2026-03-28T00:00:00+02:00", "2026-03-29T00:00:00+02:00", "2026-03-30T00:00:00+03:00",
        "2026-03-31T00:00:00+03:00",
    ]  # fmt: skip
    hours = bounds(days[1], days[2], Unit.HOUR, zone)
    assert len(hours) == 23 + 1


def test_weeks_begin_on_mondays() -> None:
    weeks = bounds(NOON, NOON + 20 * DAY, Unit.WEEK, dt.UTC)
    assert [moment.date().isoformat() for moment in weeks] == ["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26"]
