"""A scheduled digest: stories, the most told first, every post linked, within one message."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.message import Message
from bot.rich_text import MESSAGE_UNITS, MOST_ENTITIES
from bot.story_digests import compose_story_digest
from sandbox.bot_api.texts import checked_message, format_text
from storage.alerts import AlsoTold
from storage.digest_stories import DigestStory, StoryDigest
from storage.ids import ChannelId, MessageId
from tests.bot.test_alerts import FOREIGN, HARBOUR, NOW, reason, stored

HOUR = dt.timedelta(hours=1)
LIGHT = replace(HARBOUR, id=ChannelId(2), username="lighthouse", title="Lighthouse")


def told(text: str, number: int = 5, also: int = 0) -> DigestStory:
    post = replace(stored(text), message_id=MessageId(number), posted_at=NOW - 3 * HOUR)
    others = tuple(AlsoTold(LIGHT, MessageId(each), post.posted_at + HOUR) for each in range(1, also + 1))
    return DigestStory(post, others, also + 1)


def digest(*stories: DigestStory, count: int | None = None, is_repeat: bool = False) -> StoryDigest:
    posts = sum(story.told for story in stories)
    asked = (reason("ferry", name="Ships"),)
    return StoryDigest(stories, posts, count or len(stories), NOW - 3 * HOUR, NOW - HOUR, asked, is_repeat)


def composed(asked: StoryDigest) -> Message:
    return compose_story_digest(asked, language="en", time_zone="UTC", now=NOW)


def test_a_digest_shows_its_span_and_each_story_with_all_who_tell_it() -> None:
    message = composed(digest(told("The ferry has left.", also=1), told("A ferry\n\nis back.", 6)))
    assert message.text.text.split("\n") == [
        "📰 2 stories, 09:00 UTC – 11:00 UTC",
        "",
        "Harbour News · 09:00 UTC",
        "The ferry has left.",
        "https://t.me/harbour_news/5",
        "also: Lighthouse",
        "",
        "Harbour News · 09:00 UTC",
        "A ferry is back.",
        "https://t.me/harbour_news/6",
        "",
        "🔔 Ships",
    ]
    links = {span.url for span in message.text.spans if span.url}
    assert links == {"https://t.me/harbour_news/5", "https://t.me/harbour_news/6", "https://t.me/lighthouse/1"}


def test_a_repeated_digest_begins_with_its_mark() -> None:
    assert composed(digest(told("ferry"), is_repeat=True)).text.text.startswith("↻ possibly repeated\n")


def test_what_does_not_fit_is_counted_with_the_search_that_finds_it() -> None:
    text = composed(digest(*[told("ferry " * 40, number) for number in range(1, 41)], count=100)).text.text
    shown = text.count("https://t.me/harbour_news/")
    assert 10 < shown < 40
    assert f"and {100 - shown} stories more. To see them, search with /search ferry after:" in text


def test_of_a_story_that_very_many_tell_the_rest_is_counted() -> None:
    story = replace(told("ferry", also=12), told=200)
    assert "and 187 more" in composed(digest(story)).text.text


def test_a_protected_channels_words_are_not_in_a_digest() -> None:
    story = told("secret ferry")
    hidden = replace(story, post=replace(story.post, channel=replace(HARBOUR, is_protected=True)))
    assert "secret" not in composed(digest(hidden)).text.text


@given(st.lists(st.tuples(FOREIGN, st.integers(0, 12)), min_size=1, max_size=40))
def test_telegram_takes_every_digest(said: list[tuple[str, int]]) -> None:
    message = composed(digest(*[told(text, number, also) for number, (text, also) in enumerate(said, 1)]))
    assert message.text.units <= MESSAGE_UNITS
    assert len(message.text.spans) <= MOST_ENTITIES
    entities = [entity.to_dict() for entity in message.text.entities()]
    assert checked_message(format_text(message.text.text, "", entities)).text == message.text.text
