"""What each piece of the query language means, and what is said of queries that mean nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from analysis.text import analyse
from matching.fields import PostFields
from matching.ids import ChannelId, ChannelSetId
from matching.names import Names
from matching.nodes import tsquery
from matching.query import QueryError, highlights, parse

NOTHING: frozenset[str] = frozenset()
MOMENT = dt.datetime(2026, 1, 31, 22, 30, tzinfo=dt.UTC)


def post(text: str) -> PostFields:
    return PostFields(analyse(text), ChannelId(5), MOMENT, "ru", NOTHING, NOTHING, NOTHING, NOTHING)


def has(query: str, text: str) -> bool:
    return parse(query).matches(post(text))


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("путин перемирие OR мир", "(путин перемирие) OR мир"),
        ("а (б | в) -г", "а (б OR в) -г"),
        ("а ИЛИ б АБО в || г", "а OR б OR в OR г"),
        ("НЕ а б NOT в", "-а б -в"),
        ("а AND б", "а б"),
        ("а -(-б)", "а б"),
        ("а -(б в)", "а -(б в)"),
        ("((а))", "а"),
        ("Ёлка", "елка"),
        ("об’єкт", "об'єкт"),
        ("Івано-Франківськ", '"івано франківськ"'),
        ("=Івано-Франківськ", '"=івано =франківськ"'),
        ("1,5", '"1 5"'),
        ("«мирный план»", '"мирный план"'),
        ('"мир"', "мир"),
        ('"=стали план*"', '"=стали план*"'),
        ("#Мир_и_Дом @News_Kremlin", "#мир_и_дом @news_kremlin"),
        ("channel:news_kremlin", "channel:@news_kremlin"),
        ("channel:https://t.me/News_Kremlin", "channel:@news_kremlin"),
        ("channel:12", "channel:12"),
        ("мир LANG:UK", "мир lang:uk"),
        ("from:@BBC", "from:@bbc"),
        ("link:https://www.BBC.co.uk/news", "link:bbc.co.uk"),
        ("topic:16000000", "topic:conflict"),
        ("дрон* –донбасс", "дрон* -донбасс"),
        ("москва, киев.", "москва киев"),
    ],
)
def test_what_was_understood_is_echoed(typed: str, understood: str) -> None:
    assert str(parse(typed)) == understood


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("война", "После войны"),
        ("войны", "Это война"),
        ("Київ", "у Києві"),
        ("рік", "двадцять років"),
        ("день", "сто дней"),
        ("Байден", "словам Байдена"),
        ("путина", "Путин сказал"),
        ("люди", "много людей"),
        ("шёл", "он шел"),
        ("house", "two houses"),
        ("=стали", "люди СТАЛИ"),
        ("вой*", "войсками"),
        ("#новости", "вот #Новости"),
        ("новости", "вот #Новости"),
        ("@bbc_news", "see @BBC_News"),
        ('"мирный план"', "о мирном плане"),
        ('"мирный пла*"', "о мирном планировании"),
        ("івано-франківський", "на Івано-Франківщині й івано-франківський"),
        ("facebook", "в Facebook'е"),
        ("Москва", "Моcквa"),
        ("мир -война", "мир"),
        ("мир OR война", "войне"),
    ],
)
def test_a_query_finds(query: str, text: str) -> None:
    assert has(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("=стали", "сталь"),
        ("вой*", "увой"),
        ("#новости", "новости"),
        ("@bbc_news", "bbc_news"),
        ("bbc", "@bbc"),
        ("example", "https://example.com/example"),
        ('"мирный план"', "план мирный"),
        ('"мирный план"', "мирный и план"),
        ("мир -война", "мир после войны"),
        ("дорога", "дорогие друзья"),
        ("channel:@someone мир", "мир"),
    ],
)
def test_a_query_does_not_find(query: str, text: str) -> None:
    assert not has(query, text)


def test_stored_fields_are_asked_for() -> None:
    fields = replace(
        post("мир"),
        topics=frozenset({"conflict"}),
        has=frozenset({"photo"}),
        forwarded_from=frozenset({"@bbc", "1001"}),
        links=frozenset({"news.bbc.co.uk", "bbc.co.uk", "co.uk"}),
    )
    for holding in (
        "channel:5",
        "topic:conflict",
        "мир lang:ru",
        "мир has:photo",
        "from:1001",
        "from:@bbc",
        "link:bbc.co.uk",
    ):
        assert parse(holding).matches(fields), holding
    for failing in ("channel:6", "topic:sport", "мир lang:uk", "мир has:poll", "from:1002", "link:cnn.com"):
        assert not parse(failing).matches(fields), failing


def test_days_begin_in_the_time_zone_of_the_asker() -> None:
    fields = post("мир")  # 22:30 UTC on 31 January is 1 February in Kyiv
    kyiv = ZoneInfo("Europe/Kyiv")
    for query, in_kyiv, in_utc in [
        ("мир after:2026-02-01", True, False),
        ("мир before:01.02.2026", False, True),
        ("мир after:2026-01-31", True, True),
    ]:
        assert parse(query, standing=False, timezone=kyiv).matches(fields) is in_kyiv
        assert parse(query, standing=False).matches(fields) is in_utc


@pytest.mark.parametrize(
    ("typed", "position", "message", "suggestion"),
    [
        ("", 0, "empty", None),
        ('мир "план', 4, "not closed", 'мир "план"'),
        ('мир "', 4, "not closed", "мир"),
        ("мир (план", 4, "not closed", "мир (план)"),
        ("мир (", 4, "not closed", "мир"),
        ("мир) план", 3, "closes nothing", "мир план"),
        ('мир ""', 4, "no word between", None),
        ("мир ()", 4, "nothing between", None),
        ("мир OR", 4, "must follow “OR”", "мир"),
        ("| мир", 0, "must stand before “|”", "мир"),
        ("мир OR | план", 4, "must follow “OR”", "мир | план"),
        ("мир NOT", 4, "must follow “NOT”", "мир"),
        ("мир - план", 4, "must touch", None),
        ("chanel:bbc мир", 0, "no field “chanel:”", "channel:bbc мир"),
        ("примечание:всё мир", 0, "no field", '"примечание всё" мир'),
        ("мир lang:", 9, "needs a value", None),
        ("мир lang:ua", 9, "knows en, ru, uk", "мир lang:uk"),
        ("has:foto мир", 4, "knows", "has:photo мир"),
        ("topic:confict", 6, "Near it: conflict", "topic:conflict"),
        ("link:bbc", 5, "no site", "link:bbc.com"),
        ("channel:@имя", 8, "no username", None),
        ("мир дв*", 4, "At least 3 letters", "мир дв"),
        ("мир д*м", 5, "only at the end", "мир дм*"),
        ("=дом*", 0, "use one of them", "дом*"),
        ('"ми* план"', 3, "last word", '"ми план"'),
        ('"@bbc_news мир"', 1, "mention cannot stand in a phrase", None),
        ("мир 👍", 4, "no word in “👍”", None),
        ("мир #", 4, "hashtag has letters", None),
        ("#мир-дом", 0, "one run", "#мир"),
        ("@имя", 0, "Latin letters", "имя"),
        ("https://www.bbc.com/x мир", 0, "link is no word", "link:bbc.com мир"),
        ("мир story:5", 4, "not available", None),
        ("in:-mine мир", 3, "no name of a channel set", None),
        ("мир after:2026-01-01", 4, "for searches", None),
        ("lang:ru", 0, "far too much", None),
        ("-мир -план", 0, "far too much", None),
        ("мир OR -план", 7, "far too much", None),
        ("мир OR (lang:ru has:photo)", 8, "far too much", None),
        ("м" * 301, 300, "301 characters", None),
        ("мир " * 31, 0, "31 words", None),
        ("(" * 9 + "мир" + ")" * 9, 8, "at most 8 deep", None),
    ],
)
def test_an_error_says_what_where_and_what_instead(
    typed: str, position: int, message: str, suggestion: str | None
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed)
    assert message in caught.value.message
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)


@pytest.mark.parametrize("value", ["2026-13-01", "вчера", "31.02.2026"])
def test_a_day_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(f"мир after:{value}", standing=False)
    assert "no day" in caught.value.message
    assert caught.value.position == len("мир after:")


def test_limits_are_reached_but_not_passed() -> None:
    parse("м" * 300)
    parse(" ".join(["мир"] * 30))
    parse("(" * 8 + "мир" + ")" * 8)


def test_what_was_accepted_parses_again_when_a_resolved_channel_made_it_longer() -> None:
    query = parse("м" * 287 + " channel:@b_b")
    longer = query.resolve({"b_b": ChannelId(1234567890)})
    with pytest.raises(QueryError):
        parse(str(longer))
    assert parse(str(longer), stored=True) == longer


def test_forms_of_one_word_are_one_canonical_query() -> None:
    assert parse("война мир").canonical == parse("(мир) МИР войны").canonical
    assert parse("-(-а OR -б)").canonical == parse("б а").canonical
    assert parse("=война").canonical != parse("война").canonical


def test_channels_are_stored_by_number_and_shown_by_name() -> None:
    query = parse("мир (channel:@BBC OR channel:cnn)")
    assert query.channel_names() == {"bbc", "cnn"}
    resolved = query.resolve({"bbc": ChannelId(3)})
    assert str(resolved) == "мир (channel:3 OR channel:@cnn)"
    assert resolved.render({ChannelId(3): "bbc_renamed"}) == "мир (channel:@bbc_renamed OR channel:@cnn)"


NAMES = Names(
    {"harbour": "harbour", "гавань": "harbour", "война в порту": "harbour"},
    {"war-desk": ChannelSetId(5), "порты": ChannelSetId(6)},
)


@pytest.mark.parametrize("asked", ["in:war-desk", "in:War-Desk", 'in:"war-desk"', "in:#5"])
def test_channel_sets_are_stored_by_number_and_shown_by_name(asked: str) -> None:
    query = parse(asked, names=NAMES)
    assert str(query) == "in:#5"
    assert query.render({}, NAMES.by_set) == "in:war-desk"
    assert query.matches(replace(post(""), sets=frozenset({ChannelSetId(5)})))
    assert not query.matches(replace(post(""), sets=frozenset({ChannelSetId(6)})))


def test_a_set_that_nobody_has_looked_up_matches_nothing() -> None:
    query = parse("in:war-desk")
    assert query.set_names() == {"war-desk"}
    assert not query.matches(replace(post(""), sets=frozenset({ChannelSetId(5)})))


@pytest.mark.parametrize("asked", ["topic:harbour", "topic:Гавань", 'topic:"Война в порту"', "topic:война_в_порту"])
def test_own_topics_are_asked_for_by_code_and_by_any_name(asked: str) -> None:
    assert str(parse(asked, names=NAMES)) == "topic:harbour"


def test_what_was_accepted_parses_when_its_topic_and_its_set_are_gone() -> None:
    query = parse("topic:harbour in:#5", names=NAMES)
    assert parse(str(query), stored=True) == query
    with pytest.raises(QueryError, match="no topic"):
        parse(str(query))


@pytest.mark.parametrize(
    ("asked", "position", "message", "suggestion"),
    [
        ("мир topic:harbor", 10, "Near it: harbour", "мир topic:harbour"),
        ("мир in:war-dsk", 7, "There are war-desk, порты.", "мир in:war-desk"),
        ("мир in:zzz", 7, "no channel set “zzz”", None),
    ],
)
def test_what_the_operator_has_not_named_is_refused_with_the_nearest(
    asked: str, position: int, message: str, suggestion: str | None
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(asked, names=NAMES)
    assert message in caught.value.message
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)


def test_words_become_a_quoted_tsquery() -> None:
    assert tsquery(parse("п'ять* -=об'єкт").root) == "('=п''ять':* & !'=об''єкт')"
    assert tsquery(parse('"house =мир" OR #tag').root) == "(('hous' <-> '=мир') | '#tag')"
    assert tsquery(parse("мир lang:ru").root) is None


def test_highlights_are_the_words_asked_for() -> None:
    text = "О мирном плане: #Мир_и_Дом, мир и войны."
    query = parse('"мирный план" OR #мир_и_дом OR мир -войны')
    assert [text[start:end] for start, end in highlights(query, text)] == ["мирном плане", "#Мир_и_Дом", "мир"]


def test_overlapping_highlights_are_one() -> None:
    assert highlights(parse('"мирный план" план'), "мирный план") == [(0, 11)]
