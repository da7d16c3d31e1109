"""The law at large: `query.matches(post)` holds exactly when search returns the post, of many posts and queries.

`python -m benchmarks.law [--posts FILE] [--queries 200] [--generated 500] [--quick] [--json]`

First generated posts and queries of all the language (500 posts and 200 queries are 100,000 pairs), then every post of
the file, if there is one, with queries about its own words. The posts are stored as the pipeline stores them, in a
private PostgreSQL of their own. Of each query all numbers found are compared with those of the posts that match one by
one, and the first page with the newest of them. A small version is a test (tests/benchmarks/test_law.py).
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select

from analysis.labels import label
from benchmarks.corpus import Corpus, from_file, generated
from benchmarks.house import CHANNELS, House
from benchmarks.measuring import machine, progress, report
from benchmarks.queries import queries, whole_language
from matching.fields import PostFields
from matching.ids import ChannelId, MessageId
from matching.query import Query, parse
from storage.database import Database
from storage.ids import PostId
from storage.models import PostRow
from storage.post_store import store_posts
from storage.post_values import Part, Post
from storage.posts import LabelledPost
from storage.search import find, found_by

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "telegram_posts" / "posts.jsonl.gz"
"""Real posts, where they are at hand; they are no part of the project."""

FIRST_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BATCH = 200
PAGE = 50

Stored = dict[PostId, tuple[dt.datetime, PostFields]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare all; non-zero when any post differs."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.law", description="Search and matching agree.")
    made.add_argument("--json", action="store_true", help="end with one JSON object on standard output")
    made.add_argument("--posts", type=Path, default=REAL, metavar="FILE", help="JSON lines with a text, gzip or not")
    made.add_argument("--queries", type=int, default=200, help="queries about each set of posts (default: 200)")
    made.add_argument("--generated", type=int, default=500, help="generated posts (default: 500)")
    made.add_argument("--quick", action="store_true", help="generated posts only, of the hand-picked words")
    given = made.parse_args(arguments)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    about = machine()
    with House.open() as house:
        found = {"generated": _compared(house, "law", generated(given.generated, is_small=given.quick), given.queries)}
        if not given.quick and given.posts.exists():
            found["real"] = _compared(house, "law_real", from_file(given.posts, sys.maxsize), given.queries)
    wrong = sum(each["mismatches"] for each in found.values())
    report({**found, "mismatches": wrong, **about}, as_json=given.json, table=_lines)
    return 1 if wrong else 0


def _compared(house: House, name: str, corpus: Corpus, count: int) -> dict[str, int]:
    return asyncio.run(compare(house.furnished(name, []), corpus, count))


async def compare(url: str, corpus: Corpus, count: int) -> dict[str, int]:
    """Store the posts of a corpus in an empty database and try `count` queries on all of them."""
    database = Database(url)
    try:
        stored = await _store(database, corpus.texts)
        asked = about(corpus, count)
        wrong = [await _differences(database, query, stored) for query in asked]
    finally:
        await database.close()
    return {"posts": len(stored), "queries": len(asked), "pairs": len(stored) * len(asked), "mismatches": sum(wrong)}


def about(corpus: Corpus, count: int) -> list[Query]:
    """Queries about a corpus: half of them mostly words, as in the benchmarks, half of everything the language has."""
    of_words = queries(corpus.words, count - count // 2, seed=21)
    return [*of_words, *(parse(text, standing=False, stored=True) for text in whole_language(corpus.words, count // 2))]


async def _store(database: Database, texts: Iterable[str]) -> Stored:
    """Every post a minute later than the one before, some of one moment, and out of order."""
    stored: Stored = {}
    for batch in _batches(texts):
        async with database.begin() as connection:
            outcomes = await store_posts(connection, batch)
        for (post_id, _), item in zip(outcomes, batch, strict=True):
            stored[post_id] = item.post.posted_at, item.fields
    return stored


def _batches(texts: Iterable[str]) -> Iterator[list[LabelledPost]]:
    batch: list[LabelledPost] = []
    for number, text in enumerate(texts, start=1):
        at = FIRST_AT + dt.timedelta(minutes=number * 7 % 1_009)
        post = Post(ChannelId(number % CHANNELS + 1), (Part(MessageId(number), text),), at, at)
        batch.append(LabelledPost(post, label(post.text)))
        if len(batch) == BATCH:
            yield batch
            batch = []
        if number % 10_000 == 0:
            progress(f"{number:,} posts stored")
    yield batch


async def _differences(database: Database, query: Query, stored: Stored) -> int:
    """In how many posts search and matching differ, and in how many places the first page."""
    expected = [number for number, (_, fields) in stored.items() if query.matches(fields)]
    async with database.begin() as connection:
        found = set(await connection.scalars(select(PostRow.id).where(found_by(query))))
        page = [post.id for post in (await find(connection, query, limit=PAGE)).posts]
    newest = sorted(expected, key=lambda number: (stored[number][0], number), reverse=True)[:PAGE]
    wrong = len(found.symmetric_difference(expected)) + sum(
        one != other for one, other in zip(newest, page, strict=False)
    )
    wrong += abs(len(newest) - len(page))
    if wrong:
        progress(f"differs in {wrong} posts: {query}")
    return wrong


def _lines(result: Mapping[str, Any]) -> Iterable[str]:
    return (f"{name:>12}  {value}" for name, value in result.items())


if __name__ == "__main__":
    sys.exit(main())
