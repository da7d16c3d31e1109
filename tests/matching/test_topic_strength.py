"""How sure a topic must be: `topic:code:strict`."""

from __future__ import annotations

import datetime as dt

import pytest

from analysis.labels import SURE, Labels, sure_codes
from analysis.text import analyse
from analysis.topics import TopicScore
from matching.fields import PostFields
from matching.ids import ChannelId
from matching.names import Names
from matching.percolator import Percolator
from matching.query import QueryError, parse

NOTHING: frozenset[str] = frozenset()


def fields(score: float, code: str = "strikes") -> PostFields:
    labels = Labels(analyse("Ferry"), "en", (TopicScore(code, score, ()),))
    return PostFields(
        labels.terms, ChannelId(1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "en", labels.topic_codes, NOTHING, NOTHING,
        NOTHING, sure_topics=labels.sure_codes,
    )  # fmt: skip


def test_a_strict_topic_wants_more_than_just_enough() -> None:
    normal, strict = parse("topic:conflict"), parse("topic:conflict:strict")
    assert [normal.matches(fields(score)) for score in (1.0, SURE)] == [True, True]
    assert [strict.matches(fields(score)) for score in (1.0, SURE - 0.001, SURE)] == [False, False, True]


def test_the_percolator_agrees() -> None:
    percolator: Percolator[int] = Percolator()
    percolator.add(1, parse("topic:conflict:strict -topic:sport:strict"))
    assert [percolator.match(fields(score)) for score in (1.0, SURE)] == [set(), {1}]
    assert percolator.match(fields(SURE, "sport")) == set()


@pytest.mark.parametrize("asked", ["topic:conflict:Strict", "topic:война_и_мир:строго", "topic:16000000:суворо"])
def test_it_is_asked_for_in_three_languages_and_written_in_one(asked: str) -> None:
    assert str(parse(asked)) == "topic:conflict:strict"


def test_another_strength_is_explained_where_it_stands() -> None:
    with pytest.raises(QueryError, match="“very” says nothing of a topic") as refused:
        parse("ferry topic:conflict:very")
    assert (refused.value.position, refused.value.suggestion) == (12, "ferry topic:conflict:strict")


def test_a_misspelt_topic_is_mended_before_its_strength() -> None:
    with pytest.raises(QueryError, match="Near it: conflict"):
        parse("topic:confict:strict")


def test_an_own_topic_holds_or_does_not() -> None:
    assert str(parse("topic:harbour:strict", names=Names({"harbour": "harbour"}, {}))) == "topic:harbour"
    assert sure_codes([TopicScore("harbour", 1.0, ())]) == NOTHING
