"""Which small changes make a query find less."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from analysis.labels import SURE
from analysis.topics import TopicScore
from bot.narrowing import Kind, loud_words, ways_around, without_word
from matching.query import parse
from storage.back_tests import Words
from storage.channels import Channel
from storage.ids import ChannelId, MessageId, PostId
from storage.posts import StoredPost

NOW = dt.datetime(2026, 3, 8, 15, 30, tzinfo=dt.UTC)
FERRY = parse("ferry")
HUNDRED = tuple(PostId(number) for number in range(100))


def words(in_matches: dict[str, int], in_others: dict[str, int] | None = None) -> Words:
    return Words(HUNDRED, HUNDRED, in_matches, in_others or {})


def a_post(channel: int = 3) -> StoredPost:
    told = Channel(ChannelId(channel), None, "harbour_news", "Harbour News", "active", None, False)
    nothing: frozenset[str] = frozenset()
    return StoredPost(
        PostId(1), told, MessageId(5), "", (), "en", (), nothing, nothing, nothing, nothing, None, None, NOW, NOW, None,
        None,
    )  # fmt: skip


def test_words_frequent_in_the_matches_and_rare_elsewhere_are_loud() -> None:
    found = words({"football": 30, "today": 40, "stadium": 10, "once": 1}, {"today": 35})
    assert [way.what for way in loud_words(FERRY, found)] == ["football", "stadium"]


def test_what_the_query_asks_for_is_never_left_out() -> None:
    assert loud_words(parse("ferry football*"), words({"ferries": 50, "ferry": 50})) == []
    assert loud_words(parse('"late ferry"'), words({"ferry": 50, "late": 50})) == []


def test_forms_of_one_word_count_together_and_stand_as_they_are_mostly_written() -> None:
    (way,) = loud_words(parse("паром"), words({"матча": 12, "матч": 20, "матче": 8}))
    assert way.what == "матч"
    assert str(way.query) == "паром -матч"


def test_a_word_is_left_out_of_all_alternatives() -> None:
    way = without_word(parse("ferry OR boat"), "football")
    assert way is not None
    assert str(way.query) == "(ferry OR boat) -football"


def test_what_is_no_single_word_of_a_query_is_not_offered() -> None:
    assert without_word(FERRY, "late ferry") is None


def test_a_post_can_be_kept_away_by_word_channel_and_topic() -> None:
    found = words({"football": 4, "unique": 1, "today": 30}, {"today": 30})
    ways = ways_around(FERRY, a_post(), found, {"sport"})
    assert [(way.kind, str(way.query)) for way in ways] == [
        (Kind.WORD, "ferry -football"),
        (Kind.CHANNEL, "ferry -channel:3"),
        (Kind.TOPIC, "ferry -topic:sport"),
    ]


def test_a_channel_or_topic_that_was_asked_for_is_not_left_out() -> None:
    query = parse("channel:3 topic:sport:strict", stored=True)
    assert ways_around(query, a_post(), words({}), {"sport"}) == []


def test_a_topic_that_the_post_is_not_surely_about_can_be_asked_for_strictly() -> None:
    query = parse("topic:sport OR ferry topic:conflict -topic:weather", stored=True)
    post = replace(a_post(), topics=(TopicScore("conflict", SURE, ()), TopicScore("sport", 1.1, ())))
    (way,) = ways_around(query, post, words({}), {"sport", "conflict"})[1:]
    assert (way.kind, way.what) == (Kind.STRICTER, "sport")
    assert str(way.query) == "topic:sport:strict OR (ferry topic:conflict -topic:weather)"


def test_a_topic_that_is_also_left_out_is_not_made_stricter() -> None:
    query = parse("topic:sport -(ferry topic:sport)", stored=True)
    assert [way.kind for way in ways_around(query, a_post(), words({}), {"sport"})] == [Kind.CHANNEL]
