"""Others that search the same posts: PostgreSQL's own text search as its manual shows it, and tantivy.

What is comparable: each is asked for the newest 20 posts that match the same tree. What is not: both work on stems
(Snowball's; Ukrainian goes through the Russian stemmer, there being none of its own), so they miss and over-match forms
that our lemmas get right; their beginnings of words are beginnings of stems. tantivy gives the numbers of posts and
nothing else, and knows no edits, no deletions and no transactions.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, LiteralString, Protocol

import psycopg
import tantivy

from benchmarks.measuring import progress
from benchmarks.peers import Stems
from matching.conditions import After, Before, Channel, Topic
from matching.nodes import And, Node
from matching.query import Query
from matching.words import Phrase, Prefix, Word

LIMIT = 20

TIME_LIMIT = "20s"
"""A search of PostgreSQL's that takes longer is stopped, and counted with that time."""

INDEX_BYTES = 500_000_000
"""What tantivy's writer may hold in memory."""


class Peer(Protocol):
    """An engine that holds the posts."""

    def search(self, query: Query) -> int:
        """Ask for the newest LIMIT matches; how many there are of them."""


class OwnSearch:
    """PostgreSQL's own: `to_tsvector('russian', text)` in a column with a GIN index, and ORDER BY date LIMIT."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._fill()
        connection.execute(f"SET statement_timeout = '{TIME_LIMIT}'".encode())

    def _fill(self) -> None:
        """Make the table, unless an earlier run has."""
        if self._connection.execute("SELECT to_regclass('peer_posts_posted_at')").fetchone() != (None,):
            return
        progress("PostgreSQL's own search: reading the posts")
        for statement in OWN_TABLE:
            self._connection.execute(statement)

    def search(self, query: Query) -> int:
        """The posts, by the plan that the planner likes best."""
        conditions, values = _own_conditions(query.root)
        statement = f"SELECT id, posted_at, channel_id, text FROM peer_posts WHERE {conditions} {NEWEST}"  # noqa: S608
        try:
            return len(self._connection.execute(statement.encode(), values).fetchall())
        except psycopg.errors.QueryCanceled:
            return 0


NEWEST = f"ORDER BY posted_at DESC, id DESC LIMIT {LIMIT}"

OWN_TABLE: tuple[LiteralString, ...] = (
    "SET maintenance_work_mem = '1GB'",
    "DROP TABLE IF EXISTS peer_posts",
    (
        "CREATE TABLE peer_posts AS SELECT id, posted_at, channel_id, topic_codes, text,"
        " to_tsvector('russian', text) AS body FROM posts ORDER BY id"
    ),
    "ALTER TABLE peer_posts ADD PRIMARY KEY (id)",
    "CREATE INDEX ON peer_posts USING gin (body)",
    "CREATE INDEX ON peer_posts USING gin (topic_codes)",
    "CREATE INDEX ON peer_posts (channel_id, posted_at, id)",
    "VACUUM (ANALYZE) peer_posts",
    "CREATE INDEX peer_posts_posted_at ON peer_posts (posted_at, id)",
    "RESET maintenance_work_mem",
)


def _own_conditions(node: Node) -> tuple[str, list[Any]]:
    match node:
        case And(parts):
            inner = [_own_conditions(part) for part in parts]
            return " AND ".join(text for text, _ in inner), [value for _, values in inner for value in values]
        case Word(form):
            return "body @@ plainto_tsquery('russian', %s)", [form]
        case Phrase(parts):
            return "body @@ phraseto_tsquery('russian', %s)", [" ".join(map(str, parts))]
        case Prefix(head):
            return "body @@ to_tsquery('russian', %s)", [f"{head}:*"]
        case Channel(channel):
            return "channel_id = %s", [channel]
        case Topic(code):
            return "topic_codes @> ARRAY[%s]", [code]
        case After(at=moment):
            return "posted_at >= %s", [moment]
        case Before(at=moment):
            return "posted_at < %s", [moment]
        case _:
            raise TypeError(f"no peer understands {type(node).__name__}")


class Tantivy:
    """tantivy, with dates as a fast field by which it sorts."""

    def __init__(self, folder: Path, connection: psycopg.Connection) -> None:
        self._stems = Stems()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="position")
        builder.add_text_field("topics", stored=False, tokenizer_name="whitespace", index_option="basic")
        builder.add_integer_field("id", stored=True, fast=True)
        builder.add_integer_field("channel", indexed=True, fast=True)
        builder.add_integer_field("posted_at", indexed=True, fast=True)
        self._schema = builder.build()
        if not (folder / "filled").exists():
            self._fill(folder, connection)
        self._searcher = tantivy.Index(self._schema, path=str(folder)).searcher()

    def _fill(self, folder: Path, connection: psycopg.Connection) -> None:
        progress("tantivy: reading the posts")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        index = tantivy.Index(self._schema, path=str(folder))
        writer = index.writer(INDEX_BYTES, 1)
        for number, channel, posted_at, topics, text in _rows(connection):
            body = " ".join(self._stems.of(text))
            row = {"id": number, "channel": channel, "posted_at": _micros(posted_at)}
            writer.add_document(tantivy.Document(body=body, topics=" ".join(topics), **row))
        writer.commit()
        writer.wait_merging_threads()
        (folder / "filled").touch()

    def search(self, query: Query) -> int:
        """The numbers of the posts."""
        hits = self._searcher.search(self._compiled(query.root), LIMIT, count=False, order_by_field="posted_at").hits
        return len([self._searcher.doc(address)["id"] for _, address in hits])

    def _compiled(self, node: Node) -> Any:
        match node:
            case And(parts):
                dates = [part for part in parts if isinstance(part, After | Before)]
                others = [self._compiled(part) for part in parts if part not in dates]
                days = [self._days(dates)] if dates else []
                return tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in (*others, *days)])
            case Word(form):
                return tantivy.Query.term_query(self._schema, "body", self._stems[form])
            case Prefix(head):
                return tantivy.Query.regex_query(self._schema, "body", f"{re.escape(head)}.*")
            case Phrase(parts):
                return tantivy.Query.phrase_query(self._schema, "body", [self._stems[str(part)] for part in parts])
            case Channel(channel):
                return tantivy.Query.term_query(self._schema, "channel", channel)
            case Topic(code):
                return tantivy.Query.term_query(self._schema, "topics", code)
            case _:
                raise TypeError(f"no peer understands {type(node).__name__}")

    def _days(self, dates: Sequence[Node]) -> Any:
        begins = [_micros(part.at) for part in dates if isinstance(part, After)]
        ends = [_micros(part.at) for part in dates if isinstance(part, Before)]
        return tantivy.Query.range_query(
            self._schema, "posted_at", tantivy.FieldType.Integer, max(begins), min(ends), include_upper=False
        )


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def _rows(connection: psycopg.Connection) -> Iterator[tuple[Any, ...]]:
    with connection.transaction(), connection.cursor("posts_for_tantivy") as cursor:
        cursor.itersize = 5_000
        yield from cursor.execute("SELECT id, channel_id, posted_at, topic_codes, text FROM posts ORDER BY id")
