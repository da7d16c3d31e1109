"""The comparison of search and matching at large, small here; and that it would see a difference."""

from __future__ import annotations

import psycopg
import pytest

from benchmarks import law
from benchmarks.corpus import Corpus, generated
from benchmarks.house import CHANNELS
from benchmarks.vocabulary import Vocabulary
from matching.query import Query, parse


@pytest.fixture
def url(database_url: str) -> str:
    """A database with channels to post in."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO channels (title, state) SELECT n::text, 'archived' FROM generate_series(1, %s) n", (CHANNELS,)
        )
    return database_url


async def test_search_finds_what_matches_of_many_posts_and_queries(url: str) -> None:
    found = await law.compare(url, generated(150, is_small=True), 60)
    assert found == {"posts": 150, "queries": 60, "pairs": 9_000, "mismatches": 0}


async def test_difference_would_be_seen(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    matches = Query.matches
    monkeypatch.setattr(Query, "matches", lambda query, fields: matches(query, fields) and fields.channel_id != 3)
    monkeypatch.setattr(law, "about", lambda corpus, count: [parse("президент")])
    found = await law.compare(url, Corpus(["президент и война"] * 10, Vocabulary({}, ""), "one text"), 1)
    assert found["mismatches"] > 0
