"""/trend and its picture."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.handlers.trend import caption_of, days_until, hours_until, labels_of
from bot.texts.en import ENGLISH
from storage.trends import Trend
from tests.bot.conftest import Chatting, Newsroom

KYIV = ZoneInfo("Europe/Kyiv")
AFTER_THE_CHANGE = dt.datetime(2026, 3, 30, 9, 20, tzinfo=dt.UTC)
"""In Kyiv the clocks went forward the day before."""


def test_days_are_those_of_the_chats_clock_one_of_them_an_hour_short() -> None:
    bounds = days_until(AFTER_THE_CHANGE, KYIV)
    assert len(bounds) == 31
    assert {moment.astimezone(KYIV).time() for moment in bounds[:-1]} == {dt.time(0)}
    lengths = {later - earlier for earlier, later in pairwise(bounds[:-1])}
    assert lengths == {dt.timedelta(hours=23), dt.timedelta(hours=24)}


def test_hours_are_of_one_length_whatever_the_clock_does() -> None:
    bounds = hours_until(AFTER_THE_CHANGE, ZoneInfo("Asia/Kathmandu"))
    assert len(bounds) == 49
    assert {later - earlier for earlier, later in pairwise(bounds[:-1])} == {dt.timedelta(hours=1)}
    assert bounds[-2].astimezone(ZoneInfo("Asia/Kathmandu")).minute == 0


def test_labels_are_digits_today_the_last_of_them() -> None:
    days = labels_of(days_until(AFTER_THE_CHANGE, KYIV), KYIV, by_hour=False)
    assert days[-4:] == ["27", "", "", "30"]
    hours = labels_of(hours_until(AFTER_THE_CHANGE, KYIV), KYIV, by_hour=True)
    assert [label for label in hours if label] == ["12", "18", "00", "06", "12", "18", "00", "06", "12"]


def test_the_caption_has_the_numbers_of_the_picture() -> None:
    bounds = days_until(AFTER_THE_CHANGE, KYIV)
    found = Trend((*[2] * 27, 9, 1, 0), one_in=4)
    said = caption_of("ferry", found, bounds, KYIV, ENGLISH, by_hour=False).text
    assert "ferry: 64 posts in the last 30 days." in said
    assert "Most on 28 Mar: 9." in said
    assert "Half of the days had 2 or less" in said
    assert "one post in 4" in said


async def test_a_trend_is_a_picture_and_its_button_shows_the_hours(anna: Chatting, newsroom: Newsroom) -> None:
    for days in (0, 0, 3):
        await newsroom.post("The ferry is late.", late=dt.timedelta(days=days))
    shown = await anna.say("/trend ferry")
    assert "ferry: 3 posts in the last 30 days." in shown.text
    assert shown.media is not None
    await anna.press(shown, "The last 48 hours")
    hours = await anna.shows("ferry: 2 posts in the last 48 hours.")
    assert hours.media is not None


async def test_a_trend_of_nothing_needs_no_picture(anna: Chatting) -> None:
    shown = await anna.say("/trend ferry")
    assert "ferry: 0 posts in the last 30 days." in shown.text
    assert shown.media is None


async def test_a_trend_needs_words_that_can_be_read(anna: Chatting) -> None:
    assert "/trend drone" in (await anna.say("/trend")).text
    assert "Did you mean" in (await anna.say("/trend ferry topic:economi")).text
    assert "@nobody" in (await anna.say("/trend channel:@nobody")).text
