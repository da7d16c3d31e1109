"""The preview of words: a week's back-test, and what makes it quieter."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.previews import BARS, bars
from storage import subscriptions
from storage.database import Database
from tests.bot.conftest import Chatting, Newsroom

HOUR = dt.timedelta(hours=1)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=40))
def test_a_higher_count_never_has_a_lower_bar(counts: list[int]) -> None:
    drawn = [BARS.index(bar) for bar in bars(counts)]
    assert [bar > 0 for bar in drawn] == [count > 0 for count in counts]
    pairs = sorted(zip(counts, drawn, strict=True))
    assert [bar for _, bar in pairs] == sorted(drawn)
    assert max(drawn) == (len(BARS) - 1 if any(counts) else 0)


async def test_a_preview_shows_the_days_and_who_brings_most(anna: Chatting, newsroom: Newsroom) -> None:
    for hours in (1, 2, 30):
        await newsroom.post("The ferry is late.", late=hours * HOUR)
    await newsroom.post("A ferry sank.", username="island_post", title="Island Post", late=50 * HOUR)
    preview = await anna.say("ferry")
    assert "▁▁▁▁▅▅█ a day" in preview.text
    assert "Most from: Harbour News 3, Island Post 1" in preview.text
    assert "Without" not in preview.text


@pytest.fixture
def quickly_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("bot.handlers.words", "bot.previews"):
        monkeypatch.setattr(f"{module}.LOUD", 1)


@pytest.mark.usefixtures("quickly_loud")
async def test_a_loud_preview_is_made_quieter_with_one_tap(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    for number in range(8):
        await newsroom.post(f"Ferry {number}" + (" football" if number < 3 else ""))
    loud = await anna.say("ferry OR boat")
    assert "-football 62 %" in loud.text
    await anna.press(loud, "Without “football”")
    quiet = await anna.shows("I understood: (ferry OR boat) -football")
    assert quiet.message_id == loud.message_id
    assert "In the last 7 days: 5 posts." in quiet.text
    await anna.press(quiet, "Subscribe")
    await anna.shows("Subscribed")
    subscriber = await newsroom.subscriber(anna.chat_id)
    async with database.begin() as connection:
        (own,) = await subscriptions.list_for(connection, subscriber.id)
    assert own.query == "(ferry OR boat) -football"


async def test_a_button_that_names_no_word_does_nothing(anna: Chatting, newsroom: Newsroom) -> None:
    preview = await anna.say("ferry")
    for data in ("v:1", "v:0", "v:x", "v:", "v:9:9"):
        preview.buttons[0]["callback_data"] = data
        assert "not in use any more" in await anna.press_data(preview, data)
