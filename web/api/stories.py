"""Stories: who told first, and who followed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from storage.ids import PostId
from storage.told_stories import largest_stories, read_story
from web.api.asking import Moment, Reader
from web.connections import Connected
from web.numbers import Number
from web.post_body import PostBody, post_body
from web.problems import Problem, TellingRoute

router = APIRouter(tags=["stories"], route_class=TellingRoute)

DAY = dt.timedelta(days=1)


class StoryInList(BaseModel):
    """A story that several posts tell."""

    id: int = Field(description="The number of the post that opened it.")
    posts: int
    channels: int
    first: PostBody = Field(description="Who reported first, of what is monitored here.")
    latest_at: dt.datetime


class Stories(BaseModel):
    """Stories, those told by most channels first."""

    stories: list[StoryInList]


class TellingBody(BaseModel):
    """One post of a story."""

    post: PostBody
    kind: str = Field(description="first, forward, copy, rewrite, or operator.")
    like_post_id: int | None = Field(description="The post that it is like.")
    similarity: float | None = Field(description="How much: 0 to 1.")
    delay_seconds: float = Field(description="After the first of all.")


class StoryBody(BaseModel):
    """A story with all its posts, in the order in which they were published."""

    id: int
    tellings: list[TellingBody]


@router.get("/stories", operation_id="listStories", summary="The largest stories of a time")
async def list_stories(
    _: Reader,
    connection: Connected,
    since: Annotated[Moment | None, Query(description="Else 24 hours ago.")] = None,
    until: Annotated[Moment | None, Query(description="Else now.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Stories:
    """Stories of which a post was published in that time, those told by most channels first."""
    begin = since or dt.datetime.now(dt.UTC) - DAY
    found = await largest_stories(connection, begin, until, limit)
    return Stories(
        stories=[
            StoryInList(
                id=each.id,
                posts=each.posts,
                channels=each.channels,
                first=post_body(each.first),
                latest_at=each.latest_at,
            )
            for each in found
        ]
    )


@router.get("/stories/{story_id}", operation_id="getStory", summary="A story with its posts", responses={404: {}})
async def get_story(_: Reader, connection: Connected, story_id: Number) -> StoryBody:
    """The story that a post tells, by the number of any of its posts."""
    story = await read_story(connection, PostId(story_id))
    if story is None:
        raise Problem(404, "There is no such story (any more).")
    return StoryBody(
        id=story.id,
        tellings=[
            TellingBody(
                post=post_body(each.post),
                kind=each.place.kind,
                like_post_id=each.place.like_post_id,
                similarity=each.place.similarity,
                delay_seconds=each.delay.total_seconds(),
            )
            for each in story.tellings
        ],
    )
