"""How fast stored posts are found, beside PostgreSQL's own text search and tantivy on the same posts.

`python -m benchmarks.search --posts 1000000 [--json] [--searches N] [--peer-searches N] [--quick]`

The posts are generated and loaded once (`benchmarks.search_posts`; a million takes some ten minutes, as do the peers'
indexes), on the embedded PostgreSQL with its own settings. Its files are read once, so that what is measured is the
search and not the disk: a million posts fit into the memory of a small machine. Each search asks for the newest 20
posts and is made once. Times are those of the whole answer by the clock on the wall: the posts themselves with their
channels for ours, rows with their texts for PostgreSQL's own, numbers only for tantivy. `rare_vs_plain`: how many times
faster a rare word is found than by `ORDER BY posted_at DESC LIMIT 20` alone, which PostgreSQL answers by walking along
the dates. `mismatches`: results that differ from what `Query.matches` says of the newest posts.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import structlog
from sqlalchemy import select

from benchmarks.measuring import machine, median, percentile, progress, report, rounded
from benchmarks.search_mismatches import mismatches
from benchmarks.search_peers import OwnSearch, Peer, Tantivy
from benchmarks.search_posts import folder_of, read_into_memory, stored_posts
from benchmarks.search_queries import CLASSES, searches
from benchmarks.vocabulary import CACHE, vocabulary
from matching.query import Query
from matching.words import Word
from storage.database import Database
from storage.embedded import EmbeddedServer
from storage.models import PostRow
from storage.search import find, found_by, total

SAMPLE_TEXTS = 2_000
"""Stored texts, spread over all, that phrases to ask for are taken from."""

RARE_WORDS, FEWEST_POSTS, MOST_POSTS = 5, 1, 100
"""Words that are found both ways, and in how many posts they stand."""

TARGETS = {"p50_ms": 30.0, "p99_ms": 250.0, "rare_vs_plain": 50.0}
"""What issue 7 asks for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all; non-zero when a result is wrong."""
    given = _parser().parse_args(arguments)
    posts = 3_000 if given.quick and given.posts is None else given.posts or 1_000_000
    count = 8 if given.quick else given.searches
    peer_count = 3 if given.quick else given.peer_searches
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    about = machine()
    home = folder_of(posts, is_small=given.quick, cache=given.cache)
    with stored_posts(home, posts, is_small=given.quick) as server, psycopg.connect(server.url, autocommit=True) as own:
        read_into_memory(home)
        asked = searches(vocabulary(is_small=given.quick), _texts(own), count)
        ours = asyncio.run(_ours(server, asked))
        peers = _peers(server, own, home, asked, peer_count)
    report({"posts": posts, **ours, "peers": peers, "targets": TARGETS, **about}, as_json=given.json, table=_table)
    return 1 if ours["mismatches"] else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.search", description="How fast stored posts are found.")
    made.add_argument("--json", action="store_true", help="end with one JSON object on standard output")
    made.add_argument("--posts", type=int, help="how many posts (default: 1000000)")
    made.add_argument("--searches", type=int, default=200, help="searches of each class (default: 200)")
    made.add_argument("--peer-searches", type=int, default=25, help="of those, how many the peers answer (default: 25)")
    made.add_argument("--cache", type=Path, default=CACHE, help="where the loaded posts are kept (data/benchmarks)")
    made.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    return made


def _texts(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT text FROM posts WHERE id %% greatest((SELECT max(id) FROM posts) / %s, 1) = 0 ORDER BY id LIMIT %s",
        (SAMPLE_TEXTS, SAMPLE_TEXTS),
    )
    return [text for (text,) in rows]


async def _ours(server: EmbeddedServer, asked: Mapping[str, Sequence[Query]]) -> dict[str, Any]:
    """Our times by class, how much faster rare words are, and how many results are wrong."""
    database = Database(server.url)
    try:
        classes = {}
        for name in CLASSES:
            classes[name] = _times([await _timed(database, query) for query in asked[name]])
            progress(f"{name}: {classes[name]}")
        return {
            "classes": classes,
            "rare_vs_plain": await _rare_vs_plain(database, asked["word"]),
            "mismatches": await mismatches(database, asked),
        }
    finally:
        await database.close()


async def _timed(database: Database, query: Query) -> float:
    """Seconds of one search for the newest 20 posts."""
    begun = time.perf_counter()
    async with database.begin() as connection:
        await find(connection, query)
    return time.perf_counter() - begun


def _times(seconds: Sequence[float]) -> dict[str, Any]:
    return {
        "p50_ms": rounded(median(seconds) * 1000),
        "p99_ms": rounded(percentile(seconds, 0.99) * 1000),
        "searches": len(seconds),
    }


async def _rare_vs_plain(database: Database, asked: Sequence[Query]) -> float | None:
    """By the medians of both ways; None where no word is rare enough."""
    ours: list[float] = []
    plain: list[float] = []
    for query in asked:
        if not isinstance(query.root, Word) or len(ours) == RARE_WORDS:
            continue
        async with database.begin() as connection:
            matching = await total(connection, query)
        if not (matching.is_exact and FEWEST_POSTS <= matching.posts <= MOST_POSTS):
            continue
        ours.append(await _timed(database, query))
        plain.append(await _timed_plainly(database, query))
    return rounded(median(plain) / median(ours)) if ours else None


async def _timed_plainly(database: Database, query: Query) -> float:
    """Seconds of the walk along the dates, without reading the posts themselves."""
    statement = (
        select(PostRow.id).where(found_by(query)).order_by(PostRow.posted_at.desc(), PostRow.id.desc()).limit(20)
    )
    begun = time.perf_counter()
    async with database.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL statement_timeout = '120s'")
        await connection.execute(statement)
    return time.perf_counter() - begun


def _peers(
    server: EmbeddedServer,
    connection: psycopg.Connection,
    folder: Path,
    asked: Mapping[str, Sequence[Query]],
    count: int,
) -> dict[str, Any]:
    """The peers' times by class, for the first `count` searches of each."""
    makers: dict[str, Callable[[], Peer]] = {
        "postgresql_own": lambda: OwnSearch(connection),
        "tantivy": lambda: Tantivy(folder / "tantivy", connection),
    }
    measured: dict[str, Any] = {}
    for name, make in makers.items():
        peer = make()
        measured[name] = {kind: _times([_timed_peer(peer, query) for query in asked[kind][:count]]) for kind in CLASSES}
        progress(f"{name}: {measured[name]}")
    return measured


def _timed_peer(peer: Peer, query: Query) -> float:
    begun = time.perf_counter()
    peer.search(query)
    return time.perf_counter() - begun


def _table(result: Mapping[str, Any]) -> Iterable[str]:
    """A class a line, for people."""
    engines = {"ours": result["classes"], **result["peers"]}
    yield f"{'ms, p50 / p99':<14}" + "".join(f"{name:>24}" for name in engines)
    for kind in CLASSES:
        yield f"{kind:<14}" + "".join(
            f"{times[kind]['p50_ms']:>12,g} /{times[kind]['p99_ms']:>10,g}" for times in engines.values()
        )
    yield f"A rare word: {result['rare_vs_plain']} times faster than plainly. Wrong results: {result['mismatches']}."


if __name__ == "__main__":
    sys.exit(main())
