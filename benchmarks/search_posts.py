"""A database of generated posts for the benchmark of search: a year of many channels, loaded once and kept.

Terms and language come from the real analysis. Topics are drawn, a few of them often and most rarely, with their
ancestors as the pipeline stores them: invented sentences are about nothing. The way in is shorter than the pipeline's
(COPY by two processes, the indexes of words built at the end), and what search does not read is left empty.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path

import psycopg

from analysis.language import detect
from analysis.lemmas import signature
from analysis.taxonomy import TOPICS, ancestors
from analysis.text import analyse
from benchmarks.corpus import generated
from benchmarks.measuring import progress
from storage import migrations
from storage.embedded import EmbeddedServer

LAST_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SPAN = dt.timedelta(days=365)
"""When the last post was published, and how long before it the first: the year that posts are kept."""

CHANNELS = 100
"""Channels, of which each has fewer posts than the one before (number n in proportion to 1/n)."""

CHUNK = 2_000
WORKERS = 2

LOADING = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "8GB", "maintenance_work_mem": "1GB"}
"""Settings while the posts are loaded; searches are measured with PostgreSQL's own, as `channelwatch` starts it."""

COLUMNS = (
    "channel_id, message_id, text, parts, content_hash, terms, language, topics, topic_codes, has, forwarded_from,"
    " links, analysis, found_by, posted_at, seen_at"
)
WORD_INDEXES = {"ix_posts_terms": "terms", "ix_posts_topic_codes": "topic_codes"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a post stands."""

    channel_id: int
    message_id: int
    posted_at: dt.datetime


@contextmanager
def stored_posts(home: Path, count: int, *, is_small: bool = False) -> Iterator[EmbeddedServer]:
    """A running server with so many posts in `home`. The first call loads them, later ones find them there."""
    done = home / "loaded"
    if not done.exists():
        with EmbeddedServer(home, LOADING) as server:
            _load(server, count, is_small=is_small)
        done.write_text(f"{count} posts\n", encoding="utf-8")
    with EmbeddedServer(home) as server:
        migrations.upgrade(server.url)
        yield server


def folder_of(count: int, *, is_small: bool = False, cache: Path) -> Path:
    """Where so many posts are kept."""
    key = f"2|{count}|{is_small}|{CHANNELS}|{SPAN.days}|{signature()}"
    return cache / f"search-{count}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def read_into_memory(home: Path) -> None:
    """Read all that the server has stored, so that the operating system holds it."""
    progress("reading the files")
    for path in (home / "postgres" / "base").rglob("*"):
        with contextlib.suppress(OSError), path.open("rb", buffering=0) as file:  # folders, and files that go away
            while file.read(1 << 22):
                pass


def _load(server: EmbeddedServer, count: int, *, is_small: bool) -> None:
    migrations.upgrade(server.url)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("TRUNCATE channels CASCADE")  # what an interrupted run has left
        for name in WORD_INDEXES:
            connection.execute(f"DROP INDEX IF EXISTS {name}".encode())
        connection.execute(
            "INSERT INTO channels (id, username, title, state) OVERRIDING SYSTEM VALUE"
            " SELECT n, 'demo_channel_' || n, 'Channel ' || n, 'archived' FROM generate_series(1, %s) n",
            (CHANNELS,),
        )
    progress(f"writing {count:,} posts")
    texts = generated(count, is_small=is_small).texts
    _store(server.url, zip(texts, places(count), strict=True), count)
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name, column in WORD_INDEXES.items():
            progress(f"building {name}")
            connection.execute(
                f"CREATE INDEX {name} ON posts USING gin ({column}) WITH (gin_pending_list_limit=65536)".encode()
            )
        progress("vacuuming")
        connection.execute("VACUUM (ANALYZE) posts")


def places(count: int) -> Iterator[Place]:
    """The places of so many posts, from the oldest on: evenly in time, most of them in the first channels."""
    chance = random.Random(3)  # noqa: S311 - load, not secrets
    weights = list(accumulate(1 / number for number in range(1, CHANNELS + 1)))
    numbers = [0] * (CHANNELS + 1)
    for index in range(count):
        (channel,) = chance.choices(range(1, CHANNELS + 1), cum_weights=weights)
        numbers[channel] += 1
        yield Place(channel, numbers[channel], LAST_AT - SPAN * ((count - index) / count))


def _store(url: str, posts: Iterator[tuple[str, Place]], count: int) -> None:
    """Let the workers store the posts, a few chunks ahead of them at most."""
    begun, stored = time.monotonic(), 0
    running: set[Future[int]] = set()
    with ProcessPoolExecutor(WORKERS) as workers:
        while chunk := list(islice(posts, CHUNK)):
            running.add(workers.submit(copy_posts, url, chunk))
            if len(running) >= 2 * WORKERS:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                stored += sum(future.result() for future in done)
                if stored % (CHUNK * 25) < CHUNK:
                    progress(f"{stored:,} of {count:,} posts, {stored / (time.monotonic() - begun):,.0f} a second")
        for future in running:
            future.result()


def copy_posts(url: str, posts: Sequence[tuple[str, Place]]) -> int:
    """Label posts and store them, in one transaction of this process's own; how many."""
    with (
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"COPY posts ({COLUMNS}) FROM STDIN".encode()) as copy,
    ):
        for text, place in posts:
            copy.write_row(_row(text, place))
    return len(posts)


CODES = sorted(TOPICS)
TOPIC_WEIGHTS = list(accumulate(1 / number for number in range(1, len(CODES) + 1)))


def _row(text: str, place: Place) -> tuple[object, ...]:
    terms = analyse(text)
    chance = random.Random(place.channel_id * 10_000_000 + place.message_id)  # noqa: S311 - load, not secrets
    codes = set(chance.choices(CODES, cum_weights=TOPIC_WEIGHTS, k=chance.choice((0, 1, 1, 2))))
    topics = [{"code": code, "score": 1.0, "words": []} for code in sorted(codes)]
    has_link = "https://t.me/" in text
    return (
        place.channel_id,
        place.message_id,
        text,
        json.dumps([{"message_id": place.message_id}]),
        hashlib.sha256(text.encode()).digest(),
        terms.tsvector(),
        detect(terms),
        json.dumps(topics),
        sorted({above for code in codes for above in ancestors(code)}),
        ["link"] if has_link else [],
        [],
        ["t.me"] if has_link else [],
        "done",
        "replay",
        place.posted_at,
        place.posted_at,
    )
