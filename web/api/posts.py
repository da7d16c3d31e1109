"""Posts: found, one by one, counted."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from matching.highlighting import excerpt, highlights
from matching.query import Query as Asked
from storage.history import History, history_of
from storage.ids import PostId
from storage.search import Cursor, FacetValue, Hit, Scope, Sort, Unit, facets, find, timeline, total
from storage.stories import story_ids
from web.api.asking import Moment, Named, QueryText, Reader, understood
from web.connections import Connected
from web.numbers import Number
from web.post_body import PostBody, post_body
from web.problems import Problem, TellingRoute

router = APIRouter(tags=["posts"], route_class=TellingRoute)

Deleted = Annotated[bool, Query(description="Also posts that their channels have deleted.")]
Versions = Annotated[bool, Query(description="Also posts of which an earlier version has the words.")]


class Excerpt(BaseModel):
    """The part of a text around the words that were found."""

    text: str
    marks: list[tuple[int, int]] = Field(description="Of words to be marked: begin and end, in characters of `text`.")


class FoundPost(PostBody):
    """A post that a search has found."""

    version: int | None = Field(description="The earlier version that has the words; null: the post as it stands.")
    matched_text: str | None = Field(description="That version's text; null where it is `text`.")
    score: float | None = Field(description="By relevance only, and comparable within one search only.")
    marks: list[tuple[int, int]] | None = Field(description="Of words found: begin and end, in characters of the text.")
    excerpt: Excerpt | None


class Count(BaseModel):
    """How many."""

    posts: int
    one_in: int = Field(description="1: all were counted; n: estimated from every n-th post.")


class SearchResults(BaseModel):
    """A page of posts."""

    query: str = Field(description="The query as it was understood.")
    posts: list[FoundPost]
    next_cursor: str | None = Field(description="Where the next page begins; null: that was all.")
    total: Count | None = Field(description="Only with `total=true`.")


@router.get("/posts", operation_id="searchPosts", summary="Search posts")
async def search_posts(
    _: Reader,
    connection: Connected,
    named: Named,
    query: QueryText,
    sort: Annotated[Sort, Query(description="Newest first, or best first among the newest 1,000.")] = Sort.NEWEST,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    deleted: Deleted = False,
    versions: Versions = False,
    highlights: Annotated[bool, Query(description="Say which words were found, and where.")] = False,
    total: Annotated[
        bool, Query(description="Say how many there are in all, which takes up to half a second.")
    ] = False,
) -> SearchResults:
    """Posts that a query finds. Pages stay right while posts arrive: a cursor goes on where its page ended."""
    asked, scope = understood(query, named), Scope(deleted=deleted, versions=versions)
    place = Cursor.read(cursor) if cursor is not None else None
    found = await find(connection, asked, limit=limit, cursor=place, sort=sort, scope=scope)
    counted = await _total(connection, asked, scope) if total else None
    return SearchResults(
        query=named.written(asked),
        posts=[_found(asked, hit, marked=highlights) for hit in found.hits],
        next_cursor=found.next_cursor.text if found.next_cursor else None,
        total=counted,
    )


async def _total(connection: Connected, asked: Asked, scope: Scope) -> Count:
    counted = await total(connection, asked, scope=scope)
    return Count(posts=counted.posts, one_in=counted.one_in)


def _found(asked: Asked, hit: Hit, *, marked: bool) -> FoundPost:
    body = post_body(hit.post)
    is_shown = marked and not body.is_protected
    part = excerpt(asked, hit.text) if is_shown else None
    return FoundPost(
        **body.model_dump(),
        version=hit.version,
        matched_text=hit.text if hit.version is not None and not body.is_protected else None,
        score=hit.score,
        marks=highlights(asked, hit.text) if is_shown else None,
        excerpt=Excerpt(text=part.text, marks=list(part.ranges)) if part else None,
    )


class VersionBody(BaseModel):
    """What a post said from one moment to another."""

    number: int = Field(description="From 1, which is the first that was seen.")
    text: str | None = Field(description="Null for protected channels.")
    made_at: dt.datetime
    replaced_at: dt.datetime | None = Field(description="Null for the post as it stands.")
    changes: list[str] = Field(description="Against the version before: text, formatting, media.")


class PostDetails(BaseModel):
    """A post with all that is known of its life."""

    post: PostBody
    story_id: int = Field(description="The story that it tells: its own number when it is alone.")
    found_by: str = Field(description="What first brought it: push, reconcile, preview, replay or backfill.")
    reactions: dict[str, int]
    versions: list[VersionBody]


@router.get("/posts/{post_id}", operation_id="getPost", summary="A post with its versions", responses={404: {}})
async def read_post(_: Reader, connection: Connected, post_id: Number) -> PostDetails:
    """A post, every version of it that was seen, and the story that it tells."""
    history = await history_of(connection, PostId(post_id))
    if history is None:
        raise Problem(404, "There is no such post (any more).")
    post = history.post
    return PostDetails(
        post=post_body(post),
        story_id=(await story_ids(connection, [post.id]))[post.id],
        found_by=history.found_by,
        reactions=dict(history.reactions),
        versions=_versions(history),
    )


def _versions(history: History) -> list[VersionBody]:
    is_protected = history.post.channel.is_protected
    return [
        VersionBody(
            number=each.number,
            text=None if is_protected else each.text,
            made_at=each.made_at,
            replaced_at=each.replaced_at,
            changes=[change.value for change in each.changes],
        )
        for each in history.versions
    ]


class FacetBody(BaseModel):
    """One value that narrows a search, and how many posts have it."""

    value: str
    label: str
    posts: int
    asks: str = Field(description="The piece of a query that narrows to it.", examples=["topic:economy"])
    is_chosen: bool = Field(description="The query asks for it already.")


class FacetsBody(BaseModel):
    """What a search could be narrowed by."""

    channels: list[FacetBody]
    topics: list[FacetBody]
    languages: list[FacetBody]
    days: list[FacetBody]
    one_in: int = Field(description="1: all were counted; n: estimated from every n-th post.")


@router.get("/facets", operation_id="getFacets", summary="What a search may be narrowed by")
async def read_facets(
    _: Reader,
    connection: Connected,
    named: Named,
    query: QueryText,
    deleted: Deleted = False,
    versions: Versions = False,
) -> FacetsBody:
    """Channels, topics, languages and days of the posts that a query finds, with counts."""
    asked = understood(query, named)
    found = await facets(connection, asked, scope=Scope(deleted=deleted, versions=versions))
    return FacetsBody(
        channels=list(map(_facet, found.channels)),
        topics=list(map(_facet, found.topics)),
        languages=list(map(_facet, found.languages)),
        days=list(map(_facet, found.days)),
        one_in=found.one_in,
    )


def _facet(value: FacetValue) -> FacetBody:
    return FacetBody(
        value=value.value, label=value.label, posts=value.posts, asks=value.asks, is_chosen=value.is_chosen
    )


class SpanBody(BaseModel):
    """Posts from one moment to the next."""

    begins_at: dt.datetime
    ends_at: dt.datetime
    posts: int


class TimelineBody(BaseModel):
    """How many posts there were when."""

    unit: str = Field(description="hour, day or week.")
    spans: list[SpanBody]
    one_in: int = Field(description="1: all were counted; n: estimated from every n-th post.")


@router.get("/timeline", operation_id="getTimeline", summary="How many posts there were when")
async def read_timeline(
    _: Reader,
    connection: Connected,
    named: Named,
    query: QueryText,
    begins_at: Annotated[Moment | None, Query(description="Else the query's `after:`, else the oldest post.")] = None,
    ends_at: Annotated[Moment | None, Query(description="Else the query's `before:`, else the newest post.")] = None,
    unit: Annotated[Unit | None, Query(description="Else chosen by the time that is asked about.")] = None,
    deleted: Deleted = False,
) -> TimelineBody:
    """Posts that a query finds by hour, day or week (UTC), at most 200 spans."""
    if begins_at is not None and ends_at is not None and begins_at >= ends_at:
        raise Problem(400, "The time must begin before it ends.")
    asked = understood(query, named)
    found = await timeline(
        connection, asked, begins_at=begins_at, ends_at=ends_at, unit=unit, scope=Scope(deleted=deleted)
    )
    spans = [SpanBody(begins_at=each.begins_at, ends_at=each.ends_at, posts=each.posts) for each in found.spans]
    return TimelineBody(unit=found.unit.value, spans=spans, one_in=found.one_in)
