"""Storing posts: once, changed only by a newer version, and never lost by an edit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import MessageId, PostId
from storage.keeping import FORGOTTEN_CONTENT
from storage.post_values import Post, storable_json
from storage.post_versions import StoredVersion, stored_versions
from storage.posts import LabelledPost, Outcome


async def store_posts(
    connection: AsyncConnection,
    labelled: Sequence[LabelledPost],
    stored: Sequence[StoredVersion | None] | None = None,
) -> list[tuple[PostId, Outcome]]:
    """Store posts (no message twice in `labelled`); for each, its number and what happened, in the same order.

    `stored` is what `stored_versions` said of the same posts; without it, it is asked. Storing is idempotent: an
    unknown commit may be replayed, an archive read twice, and two readers may bring the same post. What is stored
    changes only when a version says something else and is not older, or brings another part of an album.
    """
    if stored is None:
        stored = await stored_versions(connection, [item.post for item in labelled])
    fresh = [item for item, before in zip(labelled, stored, strict=True) if before is None]
    inserted = await _insert(connection, fresh)
    late = [item for item in fresh if _key(item.post) not in inserted]  # somebody else stored them since we looked
    found = await stored_versions(connection, [item.post for item in late]) if late else []
    stored_late = {_key(item.post): before for item, before in zip(late, found, strict=True)}
    outcomes: list[tuple[PostId, Outcome]] = []
    known: list[frozenset[MessageId]] = []
    for item, before in zip(labelled, stored, strict=True):
        existing = before or stored_late.get(_key(item.post))
        if existing is None:
            outcomes.append((inserted[_key(item.post)], Outcome.NEW))
            known.append(frozenset())
        else:
            known.append(existing.message_ids)
            outcomes.append((existing.id, await _amend(connection, item, existing)))
    await _account_for(connection, zip(labelled, outcomes, known, strict=True))
    return outcomes


def _key(post: Post) -> tuple[int, MessageId]:
    return post.channel_id, post.message_id


INSERT = text(
    """
    INSERT INTO posts (channel_id, message_id, grouped_id, text, parts, reply_to, forward, views, forwards, reactions,
        content_hash, terms, language, topics, topic_codes, has, forwarded_from, links, analysis, found_by,
        posted_at, seen_at, edited_at, views_are_rounded, expires_at)
    SELECT channel_id, message_id, grouped_id, text, parts, reply_to, forward, views, forwards, reactions,
        content_hash, terms, language, topics, topic_codes, has, forwarded_from, links, analysis, found_by,
        posted_at, seen_at, edited_at, views_are_rounded, expires_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(channel_id bigint, message_id bigint, grouped_id bigint,
        text text, parts jsonb, reply_to bigint, forward jsonb, views bigint, forwards bigint, reactions jsonb,
        content_hash bytea, terms tsvector, language text, topics jsonb, topic_codes text[], has text[],
        forwarded_from text[], links text[], analysis text, found_by text,
        posted_at timestamptz, seen_at timestamptz, edited_at timestamptz, views_are_rounded boolean,
        expires_at timestamptz)
    ON CONFLICT DO NOTHING
    RETURNING id, channel_id, message_id
    """
)


async def _insert(connection: AsyncConnection, labelled: Sequence[LabelledPost]) -> dict[tuple[int, MessageId], PostId]:
    if not labelled:
        return {}
    # Everybody inserts in the same order, so that two processes with the same posts wait instead of deadlocking.
    rows = ",".join(item.row for item in sorted(labelled, key=lambda item: _key(item.post)))
    result = await connection.execute(INSERT, {"rows": f"[{rows}]"})
    return {(channel, message): PostId(number) for number, channel, message in result}


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
        analysis = r.analysis, views = coalesce(r.views, p.views),
        views_are_rounded = CASE WHEN r.views IS NULL THEN p.views_are_rounded ELSE r.views_are_rounded END,
        found_by = CASE p.found_by WHEN 'preview' THEN r.found_by ELSE p.found_by END,
        expires_at = coalesce(r.expires_at, p.expires_at), forwards = coalesce(r.forwards, p.forwards),
        reactions = coalesce(r.reactions, p.reactions), edited_at = coalesce(r.edited_at, p.edited_at),
        posted_at = least(p.posted_at, r.posted_at), message_id = least(p.message_id, r.message_id),
        grouped_id = coalesce(p.grouped_id, r.grouped_id), reply_to = coalesce(r.reply_to, p.reply_to),
        forward = coalesce(r.forward, p.forward),
        forwarded_from = CASE WHEN r.forward IS NULL THEN p.forwarded_from ELSE r.forwarded_from END
    FROM jsonb_to_record(CAST(:row AS jsonb)) AS r(message_id bigint, grouped_id bigint, reply_to bigint, forward jsonb,
        forwarded_from text[], posted_at timestamptz, text text, parts jsonb, content_hash bytea, terms tsvector,
        language text, topics jsonb, topic_codes text[], has text[], links text[], analysis text, views bigint,
        forwards bigint, reactions jsonb, edited_at timestamptz, views_are_rounded boolean, expires_at timestamptz,
        found_by text)
    WHERE p.id = :id
    """
)

COUNTERS = text(
    """
    UPDATE posts p SET views = r.views, views_are_rounded = r.rounded, forwards = r.forwards, reactions = r.reactions
    FROM (SELECT id,
            CASE WHEN :rounded AND NOT views_are_rounded AND views IS NOT NULL THEN views
                WHEN NOT :rounded AND views_are_rounded THEN coalesce(CAST(:views AS bigint), views)
                ELSE greatest(views, CAST(:views AS bigint)) END AS views,
            CASE WHEN CAST(:views AS bigint) IS NULL OR (views IS NOT NULL AND NOT views_are_rounded)
                THEN views_are_rounded ELSE :rounded END AS rounded,
            greatest(forwards, CAST(:forwards AS bigint)) AS forwards,
            coalesce(CAST(:reactions AS jsonb), reactions) AS reactions
        FROM posts WHERE id = :id) AS r
    WHERE p.id = r.id AND (p.views, p.views_are_rounded, p.forwards, p.reactions)
        IS DISTINCT FROM (r.views, r.rounded, r.forwards, r.reactions)
    """
)
"""Counts only grow, and a number that was told exactly is not replaced by one that a public page rounded."""


async def _amend(connection: AsyncConnection, item: LabelledPost, existing: StoredVersion) -> Outcome:
    post = item.post
    if existing.content_hash == FORGOTTEN_CONTENT:  # whatever comes of it, it says nothing any more
        return Outcome.UNCHANGED
    message_ids = {part.message_id for part in post.parts}
    is_whole = message_ids >= existing.message_ids  # a part alone must not replace its album (see `completed`)
    is_changed = is_whole and post.content_hash != existing.content_hash
    is_newer = existing.is_older_than(post)
    is_grown = message_ids > existing.message_ids
    is_relabelled = is_whole and not is_changed and existing.is_unlabelled and not item.labels.failed
    if is_changed and _is_told_otherwise(post, existing):
        # A public page knows no file's number or size, and an account knows all: no edit, whichever came first.
        is_changed, is_newer, is_relabelled = False, False, post.found_by != PREVIEW
    if is_changed and is_newer:
        await connection.execute(KEEP_VERSION, {"id": existing.id, "now": post.seen_at})
    elif not (is_changed and is_grown) and not is_relabelled:
        await _update_counters(connection, post, existing.id)
        return Outcome.UNCHANGED
    await connection.execute(AMEND, {"id": existing.id, "row": item.row})
    return Outcome.EDITED


PREVIEW = "preview"


def _is_told_otherwise(post: Post, existing: StoredVersion) -> bool:
    """Whether it says the same words, told once by a public page and once by an account."""
    is_by_page, was_by_page = post.found_by == PREVIEW, existing.post.found_by == PREVIEW
    return is_by_page is not was_by_page and post.text == existing.post.text


async def _update_counters(connection: AsyncConnection, post: Post, post_id: PostId) -> None:
    """Views and forwards only grow; reactions come and go, so an archive's are no news."""
    reactions = storable_json(post.reactions) if post.found_by != "replay" else None
    if post.views is not None or post.forwards is not None or reactions:
        await connection.execute(
            COUNTERS,
            {
                "id": post_id,
                "views": post.views,
                "rounded": post.views_are_rounded,
                "forwards": post.forwards,
                "reactions": json.dumps(reactions, ensure_ascii=False) if reactions else None,
            },
        )


ACCOUNT_FOR = text(
    """
    INSERT INTO channel_messages (channel_id, message_id, kind, post_id)
    SELECT c, m, k, p FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(c bigint, m bigint, k text, p bigint)
    ON CONFLICT (channel_id, message_id) DO UPDATE SET
        kind = CASE WHEN channel_messages.kind = 'gone' THEN 'gone' ELSE excluded.kind END,
        post_id = coalesce(channel_messages.post_id, excluded.post_id)
    RETURNING post_id, kind
    """
)

GONE_BEFORE = text(
    """
    UPDATE posts p SET deleted_at = m.gone_at
    FROM (SELECT post_id, max(seen_at) AS gone_at FROM channel_messages WHERE post_id = ANY(CAST(:ids AS bigint[]))
        GROUP BY post_id HAVING bool_and(kind = 'gone')) AS m
    WHERE p.id = m.post_id AND p.deleted_at IS NULL
    """
)


async def _account_for(
    connection: AsyncConnection,
    stored: Iterable[tuple[LabelledPost, tuple[PostId, Outcome], frozenset[MessageId]]],
) -> None:
    """Note what every message id is, of an unchanged post those that were not known as its own.

    One that was deleted before its post came stays gone, and so does the post.
    """
    rows = {
        (item.post.channel_id, part.message_id): ("part" if index else "post", post_id)
        for item, (post_id, outcome), known in stored
        for index, part in enumerate(item.post.parts)
        if outcome is not Outcome.UNCHANGED or part.message_id not in known
    }
    if not rows:
        return
    values = [{"c": c, "m": m, "k": kind, "p": post_id} for (c, m), (kind, post_id) in sorted(rows.items())]
    noted = await connection.execute(ACCOUNT_FOR, {"rows": json.dumps(values)})
    gone = {row.post_id for row in noted if row.kind == "gone"}
    if gone:
        await connection.execute(GONE_BEFORE, {"ids": sorted(gone)})
