"""What an alert says, and the answer to "why?": pure values in, a message out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.labels import label
from bot.alerts import compose_alert, compose_why
from bot.message import Message
from bot.rich_text import MESSAGE_UNITS
from sandbox.bot_api.texts import checked_message, format_text
from storage.channels import Channel
from storage.ids import ChannelId, DeliveryId, MessageId, PostId, SubscriberId, SubscriptionId, TelegramChannelId
from storage.post_values import Medium, Part
from storage.posts import StoredPost
from storage.subscriptions import Subscription

NOW = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)
HARBOUR = Channel(ChannelId(3), TelegramChannelId(77), "harbour_news", "Harbour News", "active", None, False)


def stored(text: str, *, channel: Channel = HARBOUR, kinds: tuple[str, ...] = ()) -> StoredPost:
    labels = label(text)
    parts = (Part(MessageId(5), text), *(Part(MessageId(6 + i), "", (), Medium(kind)) for i, kind in enumerate(kinds)))
    return StoredPost(
        id=PostId(1), channel=channel, message_id=MessageId(5), text=text, parts=parts, language=labels.language,
        topics=labels.topics, topic_codes=labels.topic_codes, has=frozenset(kinds), forwarded_from=frozenset(),
        links=frozenset(), views=None, forwards=None, posted_at=NOW, seen_at=NOW, edited_at=None, deleted_at=None,
    )  # fmt: skip


def reason(query: str, *, name: str | None = None, number: int = 1) -> Subscription:
    return Subscription(SubscriptionId(number), SubscriberId(1), name or query, query, "active")


def alert(post: StoredPost, *reasons: Subscription, is_repeat: bool = False, language: str = "en",
          time_zone: str = "UTC", now: dt.datetime = NOW, is_replay: bool = False) -> Message:  # fmt: skip
    return compose_alert(
        post, reasons, delivery_id=DeliveryId(9), language=language, time_zone=time_zone, is_repeat=is_repeat, now=now,
        is_replay=is_replay,
    )  # fmt: skip


def seen_after(late: dt.timedelta) -> StoredPost:
    return replace(stored("ferry"), posted_at=NOW - late)


def spans(message: Message, kind: str) -> list[str]:
    return [message.text.text[span.start : span.end] for span in message.text.spans if span.kind == kind]


def test_an_alert_shows_channel_time_words_reasons_and_link() -> None:
    message = alert(stored("The ferries have left."), reason("ferry", name="Ships"))
    assert message.text.text.split("\n") == [
        "Harbour News · 12:00 UTC",
        "",
        "The ferries have left.",
        "",
        "🔔 Ships",
        "https://t.me/harbour_news/5",
    ]
    assert spans(message, "bold") == ["Harbour News", "ferries"]
    assert {span.url for span in message.text.spans if span.url} == {"https://t.me/harbour_news/5"}


def test_an_alert_has_a_why_a_mute_and_an_open_button() -> None:
    ((why, mute, go),) = alert(stored("ferry"), reason("ferry")).buttons
    assert (why.data, mute.data) == ("w:9", "mute:9")
    assert go.url == "https://t.me/harbour_news/5"


def test_a_channel_without_a_name_has_no_open_button_but_its_link() -> None:
    message = alert(stored("ferry", channel=replace(HARBOUR, username=None)), reason("ferry"))
    assert len(message.buttons[0]) == 2
    assert message.text.text.endswith("https://t.me/c/77/5")


def test_an_archive_that_telegram_never_named_has_no_link() -> None:
    message = alert(stored("ferry", channel=replace(HARBOUR, username=None, telegram_id=None)), reason("ferry"))
    assert spans(message, "text_link") == []


def test_words_of_every_reason_are_bold() -> None:
    message = alert(stored("The ferry met a whale."), reason("ferry"), reason("whale", number=2))
    assert spans(message, "bold")[1:] == ["ferry", "whale"]


def test_a_repeat_begins_with_its_mark() -> None:
    assert alert(stored("ferry"), reason("ferry"), is_repeat=True).text.text.startswith("↻ possibly repeated\n")


@pytest.mark.parametrize(
    ("late", "ago"),
    [
        (dt.timedelta(minutes=2, seconds=1), "2 min"),
        (dt.timedelta(minutes=9, seconds=59), "9 min"),
        (dt.timedelta(minutes=61), "1 h"),
        (dt.timedelta(hours=47, minutes=59), "47 h"),
        (dt.timedelta(days=2), "2 d"),
    ],
)
def test_a_post_that_was_found_late_says_how_late(late: dt.timedelta, ago: str) -> None:
    first = alert(seen_after(late), reason("ferry")).text.text.split("\n")[0]
    assert first.startswith("⏱ published ")
    assert first.endswith(f"UTC, seen {ago} later")


def test_the_time_of_a_late_post_is_that_of_the_subscriber() -> None:
    text = alert(seen_after(dt.timedelta(minutes=9)), reason("ferry"), time_zone="Europe/Kyiv").text.text
    assert text.startswith("⏱ published 13:51 EET, seen 9 min later\n")


def test_a_post_that_was_found_soon_is_not_late() -> None:
    assert "⏱" not in alert(seen_after(dt.timedelta(minutes=2)), reason("ferry")).text.text


def test_a_post_that_an_archive_brought_is_not_late() -> None:
    assert "⏱" not in alert(seen_after(dt.timedelta(days=300)), reason("ferry"), is_replay=True).text.text


def test_an_alert_that_waited_here_says_so_and_names_the_day() -> None:
    text = alert(stored("ferry"), reason("ferry"), now=NOW + dt.timedelta(days=1)).text.text
    assert text.startswith("⏱ late")
    assert "5 Mar, 12:00 UTC" in text


def test_an_edited_post_says_so() -> None:
    assert "12:00 UTC · edited" in alert(replace(stored("ferry"), edited_at=NOW), reason("ferry")).text.text


def test_the_time_is_that_of_the_subscriber() -> None:
    assert "14:00 EET" in alert(stored("ferry"), reason("ferry"), time_zone="Europe/Kyiv").text.text
    assert "12:00 UTC" in alert(stored("ferry"), reason("ferry"), time_zone="Nowhere/Such").text.text


def test_a_protected_channel_shows_no_words_of_its_own() -> None:
    post = stored("The secret ferry", channel=replace(HARBOUR, is_protected=True))
    for message in (
        alert(post, reason("ferry", name="Ships")),
        compose_why(post, [reason("ferry", name="Ships")], usernames={}, language="en"),
    ):
        assert "secret" not in message.text.text
    assert alert(post, reason("ferry")).text.text.endswith("https://t.me/harbour_news/5")


def test_a_long_post_is_shown_around_its_first_match() -> None:
    text = "before " * 400 + "ferry " + "after " * 400
    message = alert(stored(text), reason("ferry"))
    body = message.text.text.split("\n\n")[1]
    assert "ferry" in body
    assert body.startswith("…before")
    assert body.endswith("after…")
    assert len(body) <= 610


def test_a_post_without_words_says_what_it_carries() -> None:
    assert "🖼 photo ×2, 📎 document" in alert(stored("", kinds=("photo", "photo", "document"))).text.text


def test_topics_are_named_in_the_subscribers_language() -> None:
    post = stored("Ракетний удар і атака дронів на фронті: війська, обстріл, наступ, армія.")
    assert [topic.code for topic in post.topics[:2]] == ["conflict", "strikes"]
    said = alert(post, reason("topic:conflict"), language="uk").text.text
    assert "\nТеми: Ракетні удари та дрони, " in said
    assert "Війна і мир" not in said


def test_only_a_public_picture_shows_a_preview() -> None:
    assert alert(stored("ferry"), reason("ferry")).preview().is_disabled
    assert alert(stored("ferry", kinds=("photo",)), reason("ferry")).preview().url == "https://t.me/harbour_news/5"
    hidden = replace(HARBOUR, is_protected=True)
    assert alert(stored("ferry", channel=hidden, kinds=("photo",)), reason("ferry")).preview().is_disabled


def test_a_query_that_cannot_be_read_any_more_does_not_stop_the_alert() -> None:
    assert "The ferry" in alert(stored("The ferry"), reason("((")).text.text


def test_why_names_the_subscription_its_query_and_the_words_in_place() -> None:
    post = stored("word " * 100 + "the ferry sank " + "word " * 100)
    message = compose_why(
        post, [reason("ferry channel:3", name="Ships")], usernames={ChannelId(3): "harbour_news"}, language="en"
    )
    assert "Ships: ferry channel:@harbour_news" in message.text.text
    assert "the ferry sank" in message.text.text
    assert "ferry" in spans(message, "bold")
    assert len(message.text.text) < 400


def test_why_tells_the_words_behind_a_topic() -> None:
    post = stored("Rockets hit the front line; troops, shelling, the army's offensive, a missile strike.")
    text = compose_why(post, [reason("topic:conflict")], usernames={}, language="en").text.text
    assert "War and peace, because of " in text
    assert "War and peace › " in text
    assert " %)" in text


FOREIGN = st.text(alphabet="ferry whale ф🚀👩\u200d👧\u0301\u202e\ud83d\x00\n*_<&{}@#/.:", max_size=900)


@given(FOREIGN, FOREIGN, st.booleans(), st.booleans())
def test_any_post_becomes_a_message_that_telegram_takes(text: str, title: str, repeat: bool, edited: bool) -> None:
    post = stored("ferry " + text, channel=replace(HARBOUR, title=title))
    post = replace(post, edited_at=NOW if edited else None)
    reasons = [reason("ferry OR whale", name=text[:60] or "x"), reason("@name OR #tag OR ferry", number=2)]
    messages = [alert(post, *reasons, is_repeat=repeat), compose_why(post, reasons, usernames={}, language="uk")]
    for message in messages:
        assert message.text.units <= MESSAGE_UNITS
        shown = checked_message(format_text(message.text.text, "", [e.to_dict() for e in message.text.entities()]))
        assert shown.text == message.text.text


def test_a_deleted_subscription_is_named_as_such_and_no_more() -> None:
    deleted = Subscription(SubscriptionId(2), SubscriberId(1), "", "", "deleted")
    text = compose_why(stored("Ferry late"), [reason("ferry"), deleted], usernames={}, language="en").text.text
    assert "ferry: ferry" in text
    assert text.count("deleted since") == 1
    assert "\n: " not in text
