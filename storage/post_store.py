"""Storing posts: once, changed only by a newer version, and never lost by an edit."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import PostId
from storage.post_values import Part, Post
from storage.posts import LabelledPost, Outcome


async def with_stored_parts(connection: AsyncConnection, posts: Sequence[Post]) -> list[Post]:
    """The posts, those of albums completed by the parts that are stored already.

    A late part, or an edit of one part, arrives alone; the post is the whole album.
    """
    albums = [post for post in posts if post.grouped_id is not None]
    if not albums:
        return list(posts)
    rows = await connection.execute(
        text(
            "SELECT p.channel_id, p.grouped_id, p.parts, p.posted_at, p.edited_at FROM posts p"
            " JOIN unnest(CAST(:channels AS bigint[]), CAST(:groups AS bigint[])) AS k(c, g)"
            " ON p.channel_id = k.c AND p.grouped_id = k.g"
        ),
        {"channels": [post.channel_id for post in albums], "groups": [post.grouped_id for post in albums]},
    )
    stored = {(channel, group): (parts, posted, edited) for channel, group, parts, posted, edited in rows}
    return [_completed(post, stored.get((post.channel_id, post.grouped_id))) for post in posts]


def _completed(post: Post, stored: tuple[list[dict[str, Any]], dt.datetime, dt.datetime | None] | None) -> Post:
    if stored is None:
        return post
    parts, posted_at, edited_at = stored
    by_id = {part.message_id: part for part in map(Part.from_json, parts)}
    added = {part.message_id for part in post.parts} - by_id.keys()
    by_id.update({part.message_id: part for part in post.parts})
    edits = [moment for moment in (post.edited_at, edited_at) if moment]
    return replace(
        post,
        parts=tuple(by_id[number] for number in sorted(by_id)),
        posted_at=min(post.posted_at, posted_at),
        # A part that came late makes the album newer than what is stored, though nobody edited it.
        edited_at=max(edits) if edits else (post.posted_at if added else None),
    )


@dataclass(frozen=True, slots=True)
class _Existing:
    id: PostId
    content_hash: bytes
    edited_at: dt.datetime | None
    analysis: str


async def store_posts(connection: AsyncConnection, labelled: Sequence[LabelledPost]) -> list[tuple[PostId, Outcome]]:
    """Store posts (each key once in `labelled`); for each, its number and what happened, in the same order.

    Storing is idempotent: an unknown commit may be replayed, an archive read twice, and two readers may bring the
    same post. What is stored changes only when a version says something else and is not older.
    """
    existing = await _existing(connection, [item.post for item in labelled])
    fresh = [item for item in labelled if _key(item.post) not in existing]
    inserted = await _insert(connection, fresh)
    if len(inserted) < len(fresh):  # somebody else stored some of them since we looked
        existing |= await _existing(connection, [item.post for item in fresh if _key(item.post) not in inserted])
    outcomes = []
    for item in labelled:
        key = _key(item.post)
        if key in inserted:
            outcomes.append((inserted[key], Outcome.NEW))
        else:
            outcomes.append(await _amend(connection, item, existing[key]))
    await _account_for(connection, zip(labelled, outcomes, strict=True))
    return outcomes


def _key(post: Post) -> tuple[int, str, int]:
    if post.grouped_id is not None:
        return post.channel_id, "album", post.grouped_id
    return post.channel_id, "message", post.message_id


async def _existing(connection: AsyncConnection, posts: Sequence[Post]) -> dict[tuple[int, str, int], _Existing]:
    rows = await connection.execute(
        text(
            "SELECT k.c, k.m, k.g, p.id, p.content_hash, p.edited_at, p.analysis"
            " FROM unnest(CAST(:channels AS bigint[]), CAST(:messages AS bigint[]), CAST(:groups AS bigint[]))"
            " AS k(c, m, g) JOIN posts p ON p.channel_id = k.c AND CASE WHEN k.g IS NULL"
            " THEN p.message_id = k.m ELSE p.grouped_id = k.g END"
            " ORDER BY p.id FOR UPDATE OF p"
        ),
        {
            "channels": [post.channel_id for post in posts],
            "messages": [post.message_id for post in posts],
            "groups": [post.grouped_id for post in posts],
        },
    )
    return {
        (channel, "message", message) if group is None else (channel, "album", group): _Existing(*found)
        for channel, message, group, *found in rows
    }


INSERT = text(
    """
    INSERT INTO posts (channel_id, message_id, grouped_id, text, parts, reply_to, forward, views, forwards, reactions,
        content_hash, terms, language, topics, topic_codes, has, forwarded_from, links, analysis, found_by,
        posted_at, seen_at, edited_at)
    SELECT channel_id, message_id, grouped_id, text, parts, reply_to, forward, views, forwards, reactions,
        content_hash, terms, language, topics, topic_codes, has, forwarded_from, links, analysis, found_by,
        posted_at, seen_at, edited_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(channel_id bigint, message_id bigint, grouped_id bigint,
        text text, parts jsonb, reply_to bigint, forward jsonb, views bigint, forwards bigint, reactions jsonb,
        content_hash bytea, terms tsvector, language text, topics jsonb, topic_codes text[], has text[],
        forwarded_from text[], links text[], analysis text, found_by text,
        posted_at timestamptz, seen_at timestamptz, edited_at timestamptz)
    ON CONFLICT DO NOTHING
    RETURNING id, channel_id, message_id, grouped_id
    """
)


async def _insert(connection: AsyncConnection, labelled: Sequence[LabelledPost]) -> dict[tuple[int, str, int], PostId]:
    if not labelled:
        return {}
    # Everybody inserts in the same order, so that two processes with the same posts wait instead of deadlocking.
    rows = sorted((_row(item) for item in labelled), key=lambda row: (row["channel_id"], row["message_id"]))
    result = await connection.execute(INSERT, {"rows": json.dumps(rows, ensure_ascii=False)})
    return {
        (channel, "message", message) if group is None else (channel, "album", group): PostId(number)
        for number, channel, message, group in result
    }


def _row(item: LabelledPost) -> dict[str, Any]:
    post = item.post
    return {
        "channel_id": post.channel_id,
        "message_id": post.message_id,
        "grouped_id": post.grouped_id,
        "reply_to": post.reply_to,
        "forward": post.forward.to_json() if post.forward else None,
        "forwarded_from": sorted(post.forwarded_from),
        "found_by": post.found_by,
        "posted_at": post.posted_at.isoformat(),
        "seen_at": post.seen_at.isoformat(),
        **_changing(item),
    }


def _changing(item: LabelledPost) -> dict[str, Any]:
    """The columns that an edit replaces."""
    post, labels = item.post, item.labels
    return {
        "text": post.text,
        "parts": [part.to_json() for part in post.parts],
        "content_hash": "\\x" + post.content_hash.hex(),
        "terms": labels.terms.tsvector(),
        "language": labels.language,
        "topics": [{"code": topic.code, "score": topic.score, "words": topic.words} for topic in labels.topics],
        "topic_codes": sorted(labels.topic_codes),
        "has": sorted(post.has),
        "links": sorted(post.links),
        "analysis": "failed" if labels.failed else "done",
        "views": post.views,
        "forwards": post.forwards,
        "reactions": post.reactions,
        "edited_at": post.edited_at.isoformat() if post.edited_at else None,
    }


KEEP_VERSION = text(
    """
    INSERT INTO post_versions (post_id, version, text, parts, content_hash, edited_at, replaced_at)
    SELECT id, (SELECT count(*) + 1 FROM post_versions WHERE post_id = p.id), text, parts, content_hash, edited_at, :now
    FROM posts p WHERE id = :id
    """
)

AMEND = text(
    """
    UPDATE posts p SET text = r.text, parts = r.parts, content_hash = r.content_hash, terms = r.terms,
        language = r.language, topics = r.topics, topic_codes = r.topic_codes, has = r.has, links = r.links,
        analysis = r.analysis, views = coalesce(r.views, p.views), forwards = coalesce(r.forwards, p.forwards),
        reactions = coalesce(r.reactions, p.reactions), edited_at = coalesce(r.edited_at, p.edited_at)
    FROM jsonb_to_record(CAST(:row AS jsonb)) AS r(text text, parts jsonb, content_hash bytea, terms tsvector,
        language text, topics jsonb, topic_codes text[], has text[], links text[], analysis text, views bigint,
        forwards bigint, reactions jsonb, edited_at timestamptz)
    WHERE p.id = :id
    """
)

COUNTERS = text(
    "UPDATE posts SET views = greatest(views, :views), forwards = greatest(forwards, :forwards) WHERE id = :id"
    " AND (views IS DISTINCT FROM greatest(views, :views) OR forwards IS DISTINCT FROM greatest(forwards, :forwards))"
)


async def _amend(connection: AsyncConnection, item: LabelledPost, existing: _Existing) -> tuple[PostId, Outcome]:
    post = item.post
    changed = post.content_hash != bytes(existing.content_hash)
    newer = post.edited_at is not None and (existing.edited_at is None or post.edited_at >= existing.edited_at)
    relabelled = existing.analysis == "failed" and not item.labels.failed and not changed
    if changed and newer:
        await connection.execute(KEEP_VERSION, {"id": existing.id, "now": post.seen_at})
    elif not relabelled:
        if post.views is not None or post.forwards is not None:
            await connection.execute(
                COUNTERS, {"id": existing.id, "views": post.views or 0, "forwards": post.forwards or 0}
            )
        return existing.id, Outcome.UNCHANGED
    await connection.execute(AMEND, {"id": existing.id, "row": json.dumps(_changing(item), ensure_ascii=False)})
    return existing.id, Outcome.EDITED


async def _account_for(
    connection: AsyncConnection, stored: Iterable[tuple[LabelledPost, tuple[PostId, Outcome]]]
) -> None:
    rows = [
        {"c": item.post.channel_id, "m": part.message_id, "k": "part" if index else "post", "p": post_id}
        for item, (post_id, outcome) in stored
        if outcome is not Outcome.UNCHANGED
        for index, part in enumerate(item.post.parts)
    ]
    rows.sort(key=lambda row: (row["c"], row["m"]))
    if rows:
        await connection.execute(
            text(
                "INSERT INTO channel_messages (channel_id, message_id, kind, post_id)"
                " SELECT c, m, k, p"
                " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(c bigint, m bigint, k text, p bigint)"
                " ON CONFLICT (channel_id, message_id) DO UPDATE SET kind = excluded.kind, post_id = excluded.post_id"
                " WHERE channel_messages.kind <> 'gone'"
            ),
            {"rows": json.dumps(rows)},
        )
