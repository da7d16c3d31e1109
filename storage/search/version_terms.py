"""The words of earlier versions: found, ranked, and analysed where that has not been done yet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from analysis.text import analyse
from matching.query import Query
from storage.ids import PostId
from storage.models import PostRow, PostVersionRow, VersionTermsRow
from storage.search.conditions import Scope, earlier_versions, visible
from storage.search.newest import Match

AT_ONCE = 4_000
"""Versions that one search analyses, if that has not been done: less than a second."""

MISSING = text(
    """
    SELECT v.post_id, v.version, v.text FROM post_versions v
    WHERE NOT EXISTS (SELECT FROM post_version_terms t WHERE t.post_id = v.post_id AND t.version = v.version)
    ORDER BY v.post_id DESC, v.version DESC LIMIT :limit
    """
)

FILE = text(
    """
    INSERT INTO post_version_terms (post_id, version, terms)
    SELECT r.post_id, r.version, r.terms
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(post_id bigint, version bigint, terms tsvector)
    JOIN post_versions v ON v.post_id = r.post_id AND v.version = r.version
    ON CONFLICT DO NOTHING
    """
)


async def file_versions(connection: AsyncConnection, limit: int = AT_ONCE) -> bool:
    """Analyse earlier versions that have not been, those of the newest posts first. Whether some are left."""
    rows = (await connection.execute(MISSING, {"limit": limit + 1})).all()
    if rows:
        # In a thread: what else the program does must not wait for it.
        filed = await asyncio.to_thread(_analysed, rows[:limit])
        await connection.execute(FILE, {"rows": filed})
    return len(rows) > limit


def _analysed(versions: Sequence[Any]) -> str:
    """Versions with their terms, as FILE takes them."""
    filed = [
        {"post_id": row.post_id, "version": row.version, "terms": analyse(row.text).tsvector()} for row in versions
    ]
    return json.dumps(filed, ensure_ascii=False)


async def newest_versions(
    connection: AsyncConnection, query: Query, scope: Scope, within: Sequence[ColumnElement[bool]], limit: int
) -> dict[Match, int]:
    """The newest posts of which an earlier version has the words, each with the latest such version."""
    latest = func.max(VersionTermsRow.version).label("version")
    rows = await connection.execute(
        earlier_versions(query)
        .with_only_columns(PostRow.posted_at, PostRow.id, latest)
        .where(visible(PostRow.id.is_not(None), scope), *within)
        .group_by(PostRow.posted_at, PostRow.id)
        .order_by(PostRow.posted_at.desc(), PostRow.id.desc())
        .limit(limit)
    )
    return {Match(posted_at, PostId(number)): version for posted_at, number, version in rows}


async def version_texts(connection: AsyncConnection, versions: Sequence[tuple[PostId, int]]) -> dict[PostId, str]:
    """What these versions said, by post."""
    if not versions:
        return {}
    wanted = dict(versions)
    rows = await connection.execute(
        select(PostVersionRow.post_id, PostVersionRow.version, PostVersionRow.text).where(
            PostVersionRow.post_id.in_(wanted)
        )
    )
    return {PostId(post_id): said for post_id, version, said in rows if wanted[PostId(post_id)] == version}
