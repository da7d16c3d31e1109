"""/settings: quiet hours, pauses, and how each subscription comes."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.handlers.settings import hours_in
from storage import schedules, subscribers
from storage.database import Database
from storage.schedules import Coming, Terms
from tests.bot.conftest import Chatting, Newsroom


async def terms(database: Database, newsroom: Newsroom, anna: Chatting) -> Terms:
    number = (await newsroom.subscriber(anna.chat_id)).id
    async with database.begin() as connection:
        return await schedules.terms_of(connection, number)


async def coming(database: Database, newsroom: Newsroom, anna: Chatting) -> list[Coming]:
    number = (await newsroom.subscriber(anna.chat_id)).id
    async with database.begin() as connection:
        return list((await schedules.coming_of(connection, number)).values())


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("22:30-7", (1350, 420)),
        ("0 – 8:05", (0, 485)),
        ("22-24", (1320, 0)),
        ("24-0", None),
        ("7-7", None),
        ("25-7", None),
        ("22:60-7", None),
        ("at night", None),
    ],
)
def test_hours_are_read_as_people_write_them(words: str, hours: tuple[int, int] | None) -> None:
    assert hours_in(words) == hours


async def test_quiet_hours_are_written_and_shown(anna: Chatting, database: Database, newsroom: Newsroom) -> None:
    shown = await anna.say("/settings 22:30-7")
    assert "🌙 Quiet hours: 22:30–07:00; afterwards everything comes one by one" in shown.text
    assert await terms(database, newsroom, anna) == Terms(1350, 420)


async def test_hours_that_are_none_are_answered_with_an_example(anna: Chatting) -> None:
    assert "/settings 22:30-07:00" in (await anna.say("/settings 25-99")).text


async def test_quiet_hours_are_chosen_with_what_happens_meanwhile(
    anna: Chatting, database: Database, newsroom: Newsroom
) -> None:
    menu = await anna.say("/settings")
    assert "Quiet hours: none" in menu.text
    await anna.press(menu, "Quiet hours")
    await anna.press(menu, "23:00–08:00")
    await anna.shows("23:00–08:00; afterwards everything comes one by one")
    await anna.press(menu, "Quiet hours")
    await anna.press(menu, "in one message")
    await anna.shows("afterwards everything comes in one message")
    assert await terms(database, newsroom, anna) == Terms(1380, 480, "digest")
    await anna.press(menu, "Quiet hours")
    await anna.press(menu, "No quiet hours")
    await anna.shows("Quiet hours: none")


async def test_a_pause_begins_and_is_ended(anna: Chatting, database: Database, newsroom: Newsroom) -> None:
    menu = await anna.say("/settings")
    await anna.press(menu, "Pause everything")
    await anna.press(menu, "8 hours")
    await anna.shows("Everything is paused until")
    until_at = (await terms(database, newsroom, anna)).paused_until_at
    assert until_at is not None
    assert until_at - dt.datetime.now(dt.UTC) > dt.timedelta(hours=7)
    await anna.press(menu, "End the pause")
    await anna.shows("Quiet hours: none")
    assert (await terms(database, newsroom, anna)).paused_until_at is None


async def test_a_subscription_becomes_a_daily_digest(anna: Chatting, database: Database, newsroom: Newsroom) -> None:
    await anna.say("/timezone Харків")
    await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "ferry")
    menu = await anna.say("/settings")
    await anna.press(menu, "Digests")
    await anna.press(menu, "1. ferry")
    await anna.press(menu, "once a day")
    await anna.press(menu, "09")
    await anna.shows("ferry · 📰 daily at 09:00\nNext digest: ")
    (stored,) = await coming(database, newsroom, anna)
    assert (stored.pace, stored.digest_hour) == ("daily", 9)
    assert stored.next_run_at is not None
    assert stored.next_run_at.hour in (6, 7)  # in Kyiv it is nine then


async def test_a_subscription_is_let_through_quiet_hours(
    anna: Chatting, database: Database, newsroom: Newsroom
) -> None:
    await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "ferry")
    menu = await anna.say("/list")
    await anna.press(menu, "1. ferry")
    await anna.press(menu, "Digests")
    await anna.press(menu, "Let it through")
    await anna.shows("also in quiet hours")
    assert await coming(database, newsroom, anna) == [Coming(comes_through=True)]


@pytest.mark.parametrize(
    "data",
    ["set:quiet:99-99", "set:once:x", "set:way:hold", "set:pause:never", "set:x", "pace:one:77", "pace:daily:1:24",
     "pace:x:1", "pace:", "set:", "mute:77", "mute:off:77", "mute:off:x", "mute:1:word"],
)  # fmt: skip
async def test_what_is_no_button_of_ours_changes_nothing(
    anna: Chatting, database: Database, newsroom: Newsroom, data: str
) -> None:
    menu = await anna.say("/settings")
    menu.buttons[0]["callback_data"] = data
    assert "not in use any more" in await anna.press_data(menu, data)
    assert await terms(database, newsroom, anna) == Terms()


async def test_nobody_else_changes_how_a_subscription_comes(
    anna: Chatting, database: Database, newsroom: Newsroom
) -> None:
    other = await newsroom.subscriber(4_000_000)
    own = await newsroom.subscription(other, "ferry")
    menu = await anna.say("/settings")
    menu.buttons[0]["callback_data"] = f"pace:hourly:{own.id}"
    assert "not in use any more" in await anna.press_data(menu, f"pace:hourly:{own.id}")
    async with database.begin() as connection:
        assert await schedules.coming_of(connection, other.id) == {}
        assert not await schedules.set_coming(
            connection, (await newsroom.subscriber(anna.chat_id)).id, own.id, Coming()
        )


async def test_who_wants_nothing_twice_says_so_and_takes_it_back(
    anna: Chatting, database: Database, newsroom: Newsroom
) -> None:
    menu = await anna.say("/settings")
    assert "it comes once more, marked" in menu.text
    number = (await newsroom.subscriber(anna.chat_id)).id
    for label, shown, wanted in (("Never", "does not come again", True), ("Rather", "comes once more", False)):
        await anna.press(menu, label)
        await anna.shows(shown)
        async with database.begin() as connection:
            assert await subscribers.wants_at_most_once(connection, number) is wanted
