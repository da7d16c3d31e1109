"""The percolator against its specification."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from analysis.text import analyse
from matching import rows
from matching.fields import PostFields
from matching.ids import ChannelId
from matching.nodes import And, Not
from matching.percolator import Percolator
from matching.query import Query, parse
from matching.rows import EMPTY
from matching.words import Phrase, Word
from tests.matching.strategies import long_texts, phrases, post_fields, queries, texts, words


def post(text: str) -> PostFields:
    nothing: frozenset[str] = frozenset()
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return PostFields(analyse(text), ChannelId(1), moment, "ru", nothing, frozenset({"photo"}), nothing, nothing)


@given(st.lists(queries(), min_size=1, max_size=12), st.lists(post_fields(), min_size=1, max_size=4))
@settings(deadline=None)
def test_percolator_finds_what_brute_force_finds(standing: list[Query], posts: list[PostFields]) -> None:
    percolator: Percolator[int] = Percolator()
    for key, query in enumerate(standing):
        percolator.add(key, query)
    for fields in posts:
        assert percolator.match(fields) == {key for key, query in enumerate(standing) if query.matches(fields)}


@given(st.lists(queries(), min_size=1, max_size=12), post_fields(), st.lists(texts, max_size=5))
@settings(deadline=None)
def test_a_sample_changes_the_filing_but_not_the_matches(
    standing: list[Query], fields: PostFields, sample: list[str]
) -> None:
    percolator: Percolator[int] = Percolator(map(analyse, sample))
    for key, query in enumerate(standing):
        percolator.add(key, query)
    assert percolator.match(fields) == {key for key, query in enumerate(standing) if query.matches(fields)}
    assert len(percolator) == len(standing)


@given(st.lists(queries(max_leaves=4), min_size=1, max_size=6), post_fields(long_texts))
@settings(deadline=None, max_examples=25)
def test_texts_beyond_what_postgresql_keeps_match_by_what_it_keeps(standing: list[Query], fields: PostFields) -> None:
    percolator: Percolator[int] = Percolator()
    for key, query in enumerate(standing):
        percolator.add(key, query)
    assert percolator.match(fields) == {key for key, query in enumerate(standing) if query.matches(fields)}


rows_of_words = st.lists(st.sampled_from(["мир", "мира", "дом", "дома", "и"]), max_size=8).map(" ".join)


@given(st.lists(phrases(), min_size=1, max_size=4), words, rows_of_words)
@settings(deadline=None)
def test_phrases_need_their_words_side_by_side(asked: list[Phrase], word: Word, text: str) -> None:
    standing = [Query(phrase) for phrase in asked] + [Query(And((word, Not(phrase)))) for phrase in asked]
    percolator: Percolator[int] = Percolator()
    for key, query in enumerate(standing):
        percolator.add(key, query)
    fields = post(text)
    assert percolator.match(fields) == {key for key, query in enumerate(standing) if query.matches(fields)}


@given(queries(standing=False), post_fields())
@settings(deadline=None)
def test_dates_are_verified_by_the_query_itself(query: Query, fields: PostFields) -> None:
    percolator: Percolator[str] = Percolator()
    percolator.add("only", query)
    assert percolator.match(fields) == ({"only"} if query.matches(fields) else set())


class Interleaved(RuleBasedStateMachine):
    """Adds, removals, replacements and posts in any order."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.percolator: Percolator[int] = Percolator()
        self.model: dict[int, Query] = {}

    @rule(target=keys, key=st.integers(0, 5), query=queries(max_leaves=5))
    def add(self, key: int, query: Query) -> int:
        self.percolator.add(key, query)
        self.model[key] = query
        return key

    @rule(key=keys)
    def remove(self, key: int) -> None:
        if key in self.model:
            del self.model[key]
            self.percolator.remove(key)

    @rule(fields=post_fields())
    def match(self, fields: PostFields) -> None:
        expected = {key for key, query in self.model.items() if query.matches(fields)}
        assert self.percolator.match(fields) == expected

    @invariant()
    def keys_are_counted(self) -> None:
        assert len(self.percolator) == len(self.model)

    def teardown(self) -> None:
        for key in self.model:
            self.percolator.remove(key)
        assert_nothing_is_left(self.percolator)


TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = settings(deadline=None, max_examples=30, stateful_step_count=20)


def assert_nothing_is_left(percolator: Percolator[int]) -> None:
    """No part of the percolator holds anything but its counter of numbers and tokens that were seen."""
    tables, features = vars(percolator._tables), vars(percolator._features)
    assert not any(value for name, value in tables.items() if name != "_touch"), "a table still holds an alternative"
    assert not any(value for name, value in features.items() if name != "_numbers")
    assert all(row == EMPTY for row in percolator._rows.values())
    assert not percolator._by_canonical


def test_queries_that_ask_the_same_are_evaluated_once() -> None:
    percolator: Percolator[str] = Percolator()
    percolator.add("first", parse("война мир"))
    percolator.add("second", parse("мир AND ВОЙНЫ"))
    assert len(percolator._by_canonical) == 1
    assert percolator.match(post("мир после войны")) == {"first", "second"}


def test_one_of_two_keys_of_a_query_can_go() -> None:
    percolator: Percolator[str] = Percolator()
    percolator.add("first", parse("война"))
    percolator.add("second", parse("война"))
    percolator.remove("first")
    assert percolator.match(post("война")) == {"second"}


def test_an_unknown_key_cannot_be_removed() -> None:
    with pytest.raises(KeyError):
        Percolator[str]().remove("nobody")


def test_a_query_added_after_a_word_was_seen_still_finds_it() -> None:
    percolator: Percolator[str] = Percolator()
    percolator.add("first", parse("мир"))
    assert percolator.match(post("город и мир")) == {"first"}
    percolator.add("word", parse("города"))
    percolator.add("head", parse("горо*"))
    percolator.add("exact", parse("=город"))
    assert percolator.match(post("город и мир")) == {"first", "word", "head", "exact"}


def test_adding_and_removing_a_query_forgets_only_its_words() -> None:
    percolator: Percolator[str] = Percolator()
    percolator.add("first", parse("мир город"))
    percolator.match(post("мир, город, война, войны, дом, #дом, @bbc_news"))
    seen = set(percolator._rows)
    percolator.add("second", parse("война"))
    assert seen - set(percolator._rows) == {"война", "войны"}
    percolator.match(post("война и войны"))
    percolator.remove("second")
    assert seen - set(percolator._rows) == {"война", "войны"}
    percolator.add("third", parse("дом* -@bbc_news -#дом"))
    assert seen - set(percolator._rows) == {"война", "войны", "дом", "#дом", "@bbc_news"}


def test_what_is_remembered_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_TOKENS", 7)
    percolator: Percolator[str] = Percolator()
    percolator.add("only", parse("слово5 слово17"))
    for number in range(20):
        percolator.add("other", parse(f"слово{number}"))
        assert percolator.match(post(f"слово{number} слово5 слово17 ещё")) == {"only", "other"}
        assert len(percolator._rows) <= 7
        assert sum(map(len, percolator._rows._by_head.values())) <= 7


def test_many_keys_of_one_word_go_one_by_one() -> None:
    percolator: Percolator[int] = Percolator()
    for key in range(50):
        percolator.add(key, parse("война" if key % 2 else "война OR мир"))
    for key in range(50):
        assert percolator.match(post("войны")) == set(range(key, 50))
        percolator.remove(key)
    assert_nothing_is_left(percolator)


def test_a_phrase_longer_than_the_text_does_not_match() -> None:
    percolator: Percolator[str] = Percolator()
    percolator.add("repeated", parse('"мир мир мир мир мир"'))
    percolator.add("alternating", parse('"мир дом мир дом мир"'))
    for text in ("мир", "мир мир", "мир мир мир", "мир дом мир", "мир дом мир дом"):
        assert percolator.match(post(text)) == set()
    assert percolator.match(post("дом мир дом мир дом мир")) == {"alternating"}


def test_a_product_of_ors_beyond_the_cap_is_verified() -> None:
    wide = "(a1 OR a2 OR a3 OR a4 OR a5) (b1 OR b2 OR b3 OR b4 OR b5) (c1 OR c2 OR c3 OR c4) (d1 OR d2)"
    percolator: Percolator[str] = Percolator()
    percolator.add("wide", parse(wide))
    (filed,) = {filed for entry in percolator._by_canonical.values() for filed in entry.filed[:1]}
    assert filed.check is not None, "200 alternatives should be beyond the cap"
    assert filed.check.query is not None
    assert percolator.match(post("a3 b5 c1 d2")) == {"wide"}
    assert percolator.match(post("a3 b5 c1")) == set()


def test_an_excluded_phrase_of_three_words_excludes_only_itself() -> None:
    percolator: Percolator[str] = Percolator()
    percolator.add("only", parse('мир -"война и мир"'))
    assert percolator.match(post("война и мир")) == set()
    assert percolator.match(post("война и дом, дом и мир")) == {"only"}
