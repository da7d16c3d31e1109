"""A private PostgreSQL with everything that the pipeline meets: channels, subscribers and their subscriptions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from matching.ids import ChannelId, MessageId
from matching.query import Query
from storage import migrations
from storage.embedded import EmbeddedServer
from storage.post_values import Part, Post

CHANNELS = 50

SUBSCRIPTIONS_EACH = 10
"""Subscriptions of one subscriber."""


class House:
    """A running server in a temporary folder with PostgreSQL's own settings: every commit waits for the disk.

    Numbers of messages go on from call to call, so that no post is stored twice.
    """

    def __init__(self, folder: Path, server: EmbeddedServer) -> None:
        self._folder = folder
        self._server = server
        self._numbers = count()

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[House]:
        """Start it, and remove it with all its data at the end."""
        with (
            TemporaryDirectory(prefix="channelwatch-benchmark-") as folder,
            EmbeddedServer(Path(folder)) as server,
        ):
            yield cls(Path(folder), server)

    def create(self, name: str) -> str:
        """A new, empty database; its address."""
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._server.url_of(name)

    def furnished(self, name: str, queries: Sequence[Query]) -> str:
        """A new database with our schema, CHANNELS channels (numbers from 1) and every query as a subscription."""
        url = self.create(name)
        migrations.upgrade(url)
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO channels (username, title, state)"
                " SELECT 'channel' || n, 'Channel ' || n, 'archived' FROM generate_series(1, %s) n",
                (CHANNELS,),
            )
            connection.execute(
                "INSERT INTO subscribers (chat_id, chat_type, language, state)"
                " SELECT n, 'private', 'ru', 'active' FROM generate_series(1, %s) n",
                (len(queries) // SUBSCRIPTIONS_EACH + 1,),
            )
            subscribe(connection, queries)
        with psycopg.connect(url, autocommit=True) as connection:
            # As autovacuum does within a minute. Not the empty tables: foreign keys checked by plans made then scan.
            connection.execute("ANALYZE channels, subscribers, subscriptions")
        return url

    def posts(self, texts: Sequence[str]) -> list[Post]:
        """New posts that say these texts, in all channels by turns."""
        now = dt.datetime.now(dt.UTC)
        return [
            Post(ChannelId(number % CHANNELS + 1), (Part(MessageId(number + 1), text),), now, now)
            for number, text in zip(self._numbers, texts, strict=False)
        ]

    def seconds(self) -> float:
        """CPU seconds of the server's processes that are running now, so far."""
        postmaster = psutil.Process(int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0]))
        total = 0.0
        for process in (postmaster, *postmaster.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total


def subscribe(connection: psycopg.Connection, queries: Sequence[Query]) -> None:
    """Make every query an active subscription, as a bot would have done one by one: an hour's work otherwise."""
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY subscriptions (subscriber_id, name, query, canonical, state, version) FROM STDIN") as copy,
    ):
        for number, query in enumerate(queries):
            text = str(query)
            copy.write_row((number // SUBSCRIPTIONS_EACH + 1, text, text, query.canonical, "active", 1))
    connection.execute("UPDATE subscription_counter SET version = 1")
