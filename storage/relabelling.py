"""Stored posts labelled anew, newest first: what is to be done, how far it is, and writing it without harm.

Only labels are written, and only those that differ: an update of a post writes to all of its indexes. Nobody is owed
anything by it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text

from analysis.labels import Labels
from analysis.topics import TopicScore
from storage.database import Connection, prefer_indexes
from storage.ids import PostId
from storage.models import PostRow, RelabellingRow
from storage.post_values import Post
from storage.posts import POST_COLUMNS, post_of


@dataclass(frozen=True, slots=True)
class Goal:
    """What makes the labels that posts should have; each part changes whenever it would label otherwise."""

    labels_version: str
    terms_version: str
    own_version: str


@dataclass(frozen=True, slots=True)
class Relabelling:
    """What is being done, or was done last."""

    goal: Goal
    is_whole: bool
    with_terms: bool
    next_id: int | None
    posts: int
    changed: int
    asked_at: dt.datetime
    finished_at: dt.datetime | None
    changed_at: dt.datetime

    @property
    def is_done(self) -> bool:
        """Whether all posts have the labels that the goal makes."""
        return self.finished_at is not None


async def read(connection: Connection) -> Relabelling | None:
    """How it stands; None before any ingest of this release has run."""
    row = (await connection.execute(select(RelabellingRow.__table__))).first()
    if row is None:
        return None
    goal = Goal(row.labels_version, row.terms_version, row.own_version)
    return Relabelling(
        goal, row.is_whole, row.with_terms, row.next_id, row.posts, row.changed, row.asked_at, row.finished_at,
        row.changed_at,
    )  # fmt: skip


async def aim(connection: Connection, goal: Goal) -> None:
    """Begin from the newest post if what is stored was labelled by anything else; else nothing changes.

    What was not finished is not forgotten: labels that were to be made wholly anew still are. Of terms nothing is known
    at first: they are taken to be right.
    """
    await connection.execute(AIM, {"labels": goal.labels_version, "terms": goal.terms_version, "own": goal.own_version})


AIM = text(
    """
    INSERT INTO relabelling AS r (id, labels_version, terms_version, own_version, is_whole, with_terms, asked_at)
    VALUES (1, :labels, :terms, :own, true, false, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET
        labels_version = excluded.labels_version, terms_version = excluded.terms_version,
        own_version = excluded.own_version,
        is_whole = (r.labels_version, r.terms_version) <> (excluded.labels_version, excluded.terms_version)
            OR r.is_whole AND r.finished_at IS NULL,
        with_terms = r.terms_version <> excluded.terms_version OR r.with_terms AND r.finished_at IS NULL,
        next_id = NULL, posts = 0, changed = 0, asked_at = clock_timestamp(), finished_at = NULL, changed_at = now()
    WHERE (r.labels_version, r.terms_version, r.own_version)
        <> (excluded.labels_version, excluded.terms_version, excluded.own_version)
    """
)


async def ask_for_all(connection: Connection) -> bool:
    """Let the running ingest label everything anew; False before any ingest of this release has run."""
    return (await connection.execute(ASK_FOR_ALL)).first() is not None


ASK_FOR_ALL = text("UPDATE relabelling SET labels_version = '', changed_at = now() RETURNING id")


async def begin(connection: Connection) -> bool:
    """Set out, as soon as no batch is open that began before the goal was known: it labels by what was before.

    Whoever begins later reads the counter of definitions, and labels its posts by the goal itself.
    """
    return (await connection.execute(BEGIN)).first() is not None


BEGIN = text(
    """
    UPDATE relabelling SET next_id = (SELECT coalesce(max(id), 0) + 1 FROM posts), changed_at = now()
    WHERE next_id IS NULL AND NOT EXISTS (
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'channelwatch'
            AND pid <> pg_backend_pid() AND xact_start <= asked_at)
    RETURNING id
    """
)
"""Our own transactions last some seconds at most (`storage.database`)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A post, and the labels that it has."""

    id: PostId
    post: Post
    content_hash: bytes
    language: str | None
    topics: tuple[TopicScore, ...]


async def next_posts(connection: Connection, below: int, limit: int) -> tuple[list[Stored], int]:
    """The newest posts below a number, and the number below which the next ones are; 0 at the end.

    Left out are posts whose text is forgotten, and those that wait for their analysis to be tried again.
    """
    await prefer_indexes(connection)
    rows = (await connection.execute(PAGE.where(PostRow.id < below).limit(limit))).all()
    found = [
        Stored(PostId(row.id), post_of(row), bytes(row.content_hash), row.language, _scores(row.topics))
        for row in rows
        if row.content_hash and row.analysis == "done"
    ]
    return found, rows[-1].id if len(rows) == limit else 0


def _scores(topics: Sequence[dict[str, Any]]) -> tuple[TopicScore, ...]:
    return tuple(
        TopicScore(topic["code"], topic["score"], tuple((word, share) for word, share in topic["words"]))
        for topic in topics
    )


PAGE = select(
    *POST_COLUMNS, PostRow.id, PostRow.content_hash, PostRow.language, PostRow.topics, PostRow.analysis
).order_by(PostRow.id.desc())


async def write(connection: Connection, labelled: Sequence[tuple[Stored, Labels]], *, with_terms: bool) -> list[PostId]:
    """Give posts their labels; those that had others. A post that was edited since it was read has new ones already."""
    rows = [_row(stored, labels, with_terms=with_terms) for stored, labels in labelled]
    if not rows:
        return []
    values = {"rows": json.dumps(rows, ensure_ascii=False)}
    # In the order in which batches lock posts, so that neither waits for the other in a circle.
    await connection.execute(LOCK, values)
    return [PostId(number) for (number,) in await connection.execute(WRITE, values)]


def _row(stored: Stored, labels: Labels, *, with_terms: bool) -> dict[str, Any]:
    return {
        "id": stored.id,
        "content_hash": "\\x" + stored.content_hash.hex(),
        "language": labels.language,
        "topics": [{"code": topic.code, "score": topic.score, "words": topic.words} for topic in labels.topics],
        "topic_codes": sorted(labels.topic_codes),
        "terms": labels.terms.tsvector() if with_terms else None,
    }


LOCK = text(
    """
    SELECT p.id FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint) JOIN posts p ON p.id = r.id
    ORDER BY p.id FOR UPDATE OF p
    """
)

WRITE = text(
    """
    UPDATE posts p SET language = r.language, topics = r.topics, topic_codes = r.topic_codes,
        terms = coalesce(r.terms, p.terms)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id bigint, content_hash bytea, language text, topics jsonb,
        topic_codes text[], terms tsvector)
    WHERE p.id = r.id AND p.content_hash = r.content_hash
        AND (p.language IS DISTINCT FROM r.language OR p.topics <> r.topics OR p.topic_codes <> r.topic_codes
            OR p.terms <> coalesce(r.terms, p.terms))
    RETURNING p.id
    """
)


async def note_progress(connection: Connection, before: Relabelling, next_id: int, posts: int, changed: int) -> bool:
    """Note that all posts from `next_id` on are done. False when another process was faster, or the goal is new."""
    row = await connection.execute(
        NOTE,
        {"before": before.next_id, "asked": before.asked_at, "next": next_id, "posts": posts, "changed": changed},
    )
    return row.first() is not None


NOTE = text(
    """
    UPDATE relabelling SET next_id = :next, posts = posts + :posts, changed = changed + :changed, changed_at = now(),
        finished_at = CASE WHEN CAST(:next AS bigint) = 0 THEN now() END
    WHERE next_id = :before AND asked_at = :asked RETURNING id
    """
)


async def count_left(connection: Connection, relabelling: Relabelling) -> int:
    """How many posts are still to be looked at."""
    if relabelling.is_done:
        return 0
    statement = select(func.count()).select_from(PostRow)
    if relabelling.next_id is not None:
        statement = statement.where(PostRow.id < relabelling.next_id)
    return int(await connection.scalar(statement) or 0)
