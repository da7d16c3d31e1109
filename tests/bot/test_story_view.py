"""How an alert names who else tells its story."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts import compose_alert
from bot.message import Message
from bot.rich_text import MESSAGE_UNITS
from sandbox.bot_api.texts import checked_message, format_text
from storage.alerts import AlsoTold
from storage.ids import ChannelId, DeliveryId, MessageId
from storage.posts import StoredPost
from tests.bot.test_alerts import FOREIGN, HARBOUR, NOW, reason, spans, stored


def told(name: str, minutes: float) -> AlsoTold:
    channel = replace(HARBOUR, id=ChannelId(sum(map(ord, name)) + 9), username=f"{name.lower()}_news", title=name)
    return AlsoTold(channel, MessageId(8), NOW + dt.timedelta(minutes=minutes))


def alert(post: StoredPost, *also: AlsoTold, told_by: int | None = None, before: str | None = None,
          is_text_forgotten: bool = False) -> Message:  # fmt: skip
    return compose_alert(
        post, [reason("ferry", name="Ships")], delivery_id=DeliveryId(9), language="en", time_zone="UTC",
        is_repeat=False, now=NOW, also=also, told_by=told_by, shown_before=before, is_text_forgotten=is_text_forgotten,
    )  # fmt: skip


def test_others_are_named_with_their_delay_and_linked() -> None:
    message = alert(stored("The ferry has left."), told("Beta", 4), told("Coast", 9))
    assert "\n\nalso: Beta +4 min, Coast +9 min\n\n" in message.text.text
    assert spans(message, "text_link")[1:3] == ["Beta", "Coast"]
    assert "https://t.me/beta_news/8" in {span.url for span in message.text.spans}


@pytest.mark.parametrize(
    ("minutes", "shown"), [(0, "+1 min"), (0.5, "+1 min"), (59, "+59 min"), (61, "+1 h"), (-4, "−4 min")]
)
def test_the_delay_is_in_its_largest_unit(minutes: float, shown: str) -> None:
    assert f"also: Beta {shown}\n" in alert(stored("ferry"), told("Beta", minutes)).text.text


def test_six_are_named_and_the_others_counted() -> None:
    text = alert(stored("ferry"), *(told(name, place) for place, name in enumerate("ABCDEFGH", 1))).text.text
    assert "E +5 min, F +6 min and 2 more\n" in text


def test_an_alert_that_waited_for_channels_says_how_many_tell_and_not_that_it_is_late() -> None:
    post = replace(stored("ferry"), seen_at=NOW - dt.timedelta(hours=1), posted_at=NOW - dt.timedelta(hours=1))
    text = alert(post, told("Beta", 4), told("Coast", 9), told_by=3).text.text
    assert text.startswith("📣 3 channels tell this\nHarbour News")
    assert "⏱" not in text


def test_an_edit_shows_what_it_changed() -> None:
    text = alert(stored("The ferry has gone."), before="The ferry has left.").text.text
    assert "The ferry has gone.\n\n✏️ Changed: The ferry has left gone." in text


def test_a_deleted_post_keeps_its_text_and_says_so() -> None:
    text = alert(replace(stored("The ferry has left."), deleted_at=NOW)).text.text
    assert text.startswith("The channel has deleted this post.\n")
    assert "The ferry has left." in text


def test_a_deleted_post_whose_text_is_not_kept_says_only_that() -> None:
    post = replace(stored(""), deleted_at=NOW)
    text = alert(post, before="The ferry has left.", is_text_forgotten=True).text.text
    assert "its text is not kept." in text
    assert "ferry" not in text.replace("Ships", "")
    assert "no text" not in text


def test_a_protected_channel_shows_no_changes() -> None:
    post = stored("The ferry has gone.", channel=replace(HARBOUR, is_protected=True))
    text = alert(post, told("Beta", 4), before="The secret ferry has left.").text.text
    assert "secret" not in text
    assert "Changed" not in text


@given(FOREIGN, FOREIGN, st.lists(FOREIGN, max_size=9))
def test_any_amended_alert_is_one_that_telegram_takes(text: str, before: str, titles: list[str]) -> None:
    also = [replace(told("Beta", place), channel=replace(HARBOUR, title=title)) for place, title in enumerate(titles)]
    message = alert(replace(stored("ferry " + text), edited_at=NOW), *also, before="ferry " + before)
    assert message.text.units <= MESSAGE_UNITS
    shown = checked_message(format_text(message.text.text, "", [e.to_dict() for e in message.text.entities()]))
    assert shown.text == message.text.text
