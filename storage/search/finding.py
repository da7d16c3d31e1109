"""Posts that a query matches, page by page: newest first or by relevance, as they stand or as they once were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.query import Query
from storage.ids import PostId
from storage.models import ChannelRow, PostRow
from storage.posts import COLUMNS, StoredPost, stored_post
from storage.search.bounds import BUDGET, Watch, bounded
from storage.search.conditions import PLAIN, Scope, holds
from storage.search.cursors import Cursor, Sort, mark
from storage.search.newest import Frame, Match, newest
from storage.search.relevance import RANKED, ranked
from storage.search.version_terms import file_versions, newest_versions, version_texts


@dataclass(frozen=True, slots=True)
class Hit:
    """One post that was found."""

    post: StoredPost
    version: int | None
    """None where the post as it stands has what is asked for; else the latest earlier version that has."""
    text: str
    """What has the words: the post's text, or that version's."""
    score: float | None
    """By relevance only: the higher the better, comparable within one search."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page."""

    hits: tuple[Hit, ...]
    next_cursor: Cursor | None
    """Where the next page begins; None when there is nothing behind this one."""
    is_partial: bool = False
    """Whether some earlier versions have not been analysed yet, and could not be found."""

    @property
    def posts(self) -> tuple[StoredPost, ...]:
        """The posts of the page."""
        return tuple(hit.post for hit in self.hits)


@dataclass(frozen=True, slots=True)
class _Place:
    """A match on its page."""

    match: Match
    version: int | None
    score: float | None = None


async def find(
    connection: AsyncConnection,
    query: Query,
    *,
    limit: int = 20,
    cursor: Cursor | None = None,
    sort: Sort = Sort.NEWEST,
    scope: Scope = PLAIN,
    budget: dt.timedelta = BUDGET,
) -> Found:
    """A page of the posts that a query matches. Pages stay right while posts arrive.

    By relevance, the newest RANKED matches are ranked, and no more are shown. A post that is edited between two pages
    may change its place there; nothing else does.

    Raises CursorRefused, and SearchTooSlow or SearchHeldUp, after which the transaction can only be rolled back.
    """
    asked = mark(query, sort, scope)
    if cursor is not None:
        cursor.refuse_other(asked, sort)
    async with bounded(connection, budget) as watch:
        is_partial = scope.versions and await file_versions(connection)
        if sort is Sort.NEWEST:
            places, newest_id = await _by_date(connection, query, scope, limit + 1, cursor, watch), None
        else:
            newest_id = await _newest_id(connection, cursor)
            places = await _by_relevance(connection, query, scope, limit + 1, cursor, newest_id, watch)
        page = places[:limit]
        hits = await _read(connection, page)
    last = page[-1] if len(places) > limit else None
    following = Cursor(last.match.posted_at, last.match.id, last.score, newest_id, asked) if last else None
    return Found(tuple(hits), following, is_partial)


async def search(
    connection: AsyncConnection, query: Query, *, limit: int = 20, before: Cursor | None = None
) -> list[StoredPost]:
    """Posts that the query matches, newest first, deleted ones left out: `find` for those who want nothing else."""
    return list((await find(connection, query, limit=limit, cursor=before)).posts)


async def _by_date(
    connection: AsyncConnection, query: Query, scope: Scope, limit: int, cursor: Cursor | None, watch: Watch
) -> list[_Place]:
    frame = Frame.of(query, scope)
    if cursor is not None:
        frame = frame.before(cursor.posted_at, cursor.id)
    matches, versions = await _matches(connection, query, frame, scope, limit, watch)
    return [_Place(match, versions.get(match)) for match in matches]


async def _by_relevance(
    connection: AsyncConnection,
    query: Query,
    scope: Scope,
    limit: int,
    cursor: Cursor | None,
    newest_id: PostId,
    watch: Watch,
) -> list[_Place]:
    frame = Frame.of(query, scope).stored_until(newest_id)
    matches, versions = await _matches(connection, query, frame, scope, RANKED, watch)
    await watch.allow_rest()
    places = await ranked(connection, query, matches, versions)
    if cursor is not None and cursor.score is not None:
        end = (cursor.score, Match(cursor.posted_at, cursor.id))
        places = [place for place in places if place.order < end]
    return [_Place(each.match, versions.get(each.match), each.score) for each in places[:limit]]


async def _matches(
    connection: AsyncConnection, query: Query, frame: Frame, scope: Scope, limit: int, watch: Watch
) -> tuple[list[Match], dict[Match, int]]:
    """The newest matches of a frame; those of them that match only as they once were, with the version."""
    found = await newest(connection, frame, limit, watch)
    if not scope.versions:
        return found, {}
    await watch.allow_rest()
    # Both ways give their newest, so that the newest of both are the newest of all.
    versions = await newest_versions(connection, query, scope, frame.within, limit)
    both = sorted({*found, *versions}, reverse=True)[:limit]
    as_they_stand = set(found)
    return both, {match: versions[match] for match in both if match not in as_they_stand}


async def _newest_id(connection: AsyncConnection, cursor: Cursor | None) -> PostId:
    if cursor is not None and cursor.newest_id is not None:
        return cursor.newest_id
    return PostId(int(await connection.scalar(select(func.max(PostRow.id))) or 0))


async def _read(connection: AsyncConnection, places: Sequence[_Place]) -> list[Hit]:
    """The posts themselves, in the order of their places."""
    if not places:
        return []
    rows = await connection.execute(
        select(*COLUMNS)
        .join(ChannelRow, ChannelRow.id == PostRow.channel_id)
        .where(PostRow.id.in_([place.match.id for place in places]))
    )
    posts = {post.id: post for post in map(stored_post, rows)}
    earlier = [(place.match.id, place.version) for place in places if place.version is not None]
    texts = await version_texts(connection, earlier)
    return [
        Hit(posts[place.match.id], place.version, texts.get(place.match.id, posts[place.match.id].text), place.score)
        for place in places
        if place.match.id in posts
    ]


async def is_match(connection: AsyncConnection, query: Query, post_id: PostId) -> bool:
    """Whether the query matches this one stored post, as search sees it; a deleted one, too."""
    return bool(await connection.scalar(select(exists().where(PostRow.id == post_id, holds(query.root)))))
