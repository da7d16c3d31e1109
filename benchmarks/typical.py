"""The pipeline that a typical monitor has, to stand beside ours: libraries as their tutorials use them.

For each post: langdetect says its language, pymorphy3 gives the lemma of every word (the likeliest reading, nothing
remembered), a loop over all subscriptions tries their regular expressions, and one transaction stores the post, with
a full-text index made by PostgreSQL's own Russian configuration, and an alert for each match.

It does less than ours: no topics, no Ukrainian dictionary, no phrases of lemmas in search, no versions of posts, no
check for what is stored already, no second look at subscriptions that changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import langdetect  # type: ignore[import-untyped]
import psycopg

from benchmarks.peers import RegexLoop
from matching.query import Query

WORD = re.compile(r"\w+")

SCHEMA = """
CREATE TABLE posts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id bigint NOT NULL, message_id bigint NOT NULL, body text NOT NULL, lemmas text NOT NULL, language text,
    posted_at timestamptz NOT NULL DEFAULT now(),
    search tsvector GENERATED ALWAYS AS (to_tsvector('russian', body)) STORED,
    UNIQUE (channel_id, message_id));
CREATE INDEX ON posts USING gin (search);
CREATE INDEX ON posts (posted_at);
CREATE TABLE alerts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id bigint NOT NULL REFERENCES posts, query_id bigint NOT NULL, sent_at timestamptz);
CREATE INDEX ON alerts (id) WHERE sent_at IS NULL;
"""


class TypicalStack:
    """A bot's ingest on a database of its own. Use as a context manager."""

    def __init__(self, url: str, queries: Iterable[Query]) -> None:
        self._loop = RegexLoop(queries)
        self._analyser = _analyser()
        langdetect.DetectorFactory.seed = 0
        self._connection = psycopg.connect(url)
        self._connection.execute(SCHEMA.encode())
        self._connection.commit()
        self._stored = 0

    def __enter__(self) -> TypicalStack:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ingest(self, texts: Sequence[str]) -> int:
        """Take posts one by one; returns how many alerts they made."""
        return sum(map(self._ingest, texts))

    def _ingest(self, text: str) -> int:
        language = _language(text)
        lemmas = " ".join(self._analyser.parse(word)[0].normal_form for word in WORD.findall(text))
        matching = self._loop.matching(text)
        self._stored += 1
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO posts (channel_id, message_id, body, lemmas, language)"
                " VALUES (1, %s, %s, %s, %s) RETURNING id",
                (self._stored, text, lemmas, language),
            )
            row = cursor.fetchone()
            if row and matching:
                cursor.executemany(
                    "INSERT INTO alerts (post_id, query_id) VALUES (%s, %s)",
                    [(row[0], number) for number in matching],
                )
        return len(matching)


def _analyser() -> Any:
    import pymorphy3

    return pymorphy3.MorphAnalyzer(lang="ru")


def _language(text: str) -> str | None:
    """As langdetect says; it raises for a text without letters."""
    try:
        return str(langdetect.detect(text))
    except langdetect.LangDetectException:
        return None
