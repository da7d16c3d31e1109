"""One post: what it says and said, what it is about and why, and who else told it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from analysis.differences import Piece, differences
from matching.highlighting import highlights
from storage.database import Connection
from storage.history import History, PostNotStored, Version, read_history
from storage.ids import PostId
from storage.post_address import PostAddress
from storage.posts import StoredPost, get_post
from storage.told_stories import Story, StoryTelling, read_story
from web.access import SignedIn
from web.connections import Connected
from web.marking import links_of, pieces
from web.queries import asked
from web.rendering import page, texts_for, zone_of

router = APIRouter()

LARGEST_NUMBER = 2**63 - 1
"""What PostgreSQL's bigint holds: a greater number is no post's."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A version beside the one before: what stayed and what was removed; what stayed and what was added."""

    version: Version
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@router.get("/posts/{post_id}")
async def post(request: Request, connection: Connected, operator: SignedIn, post_id: int, q: str = "") -> Response:
    """The post's page; `q` is the query that found it, whose words are marked."""
    if not 0 < post_id <= LARGEST_NUMBER:
        raise HTTPException(404)
    found = await get_post(connection, PostId(post_id))
    if found is None:
        raise HTTPException(404)
    read = await asked(connection, q, texts_for(request, operator), zone_of(operator.time_zone))
    history = await _history(connection, found)
    story = await read_story(connection, found.id)
    ranges = highlights(read.query, found.text) if read.query else []
    return await page(
        request,
        "post.html",
        section="search",
        post=found,
        pieces=pieces(found.text, ranges),
        links=links_of(found.parts),
        media=[part.medium for part in found.parts if part.medium],
        history=history,
        edits=_edits(history.versions) if history else [],
        story=story if story and len(story.tellings) > 1 else None,
        place=_place(story, found.id),
        copies=[each for each in story.tellings if each.place.like_post_id == found.id] if story else [],
        q=q,
    )


async def _history(connection: Connection, post: StoredPost) -> History | None:
    """With its versions; None for a post of an archive whose channel has neither name nor number."""
    channel = post.channel.username or post.channel.telegram_id
    if channel is None:
        return None
    try:
        return await read_history(connection, PostAddress(channel, post.message_id))
    except PostNotStored:
        return None


def _edits(versions: tuple[Version, ...]) -> list[Edit]:
    """Every edit, the newest first."""
    edits = []
    for old, new in pairwise(versions):
        changed = differences(old.text, new.text)
        before = tuple(piece for piece in changed if piece.kind != "added")
        after = tuple(piece for piece in changed if piece.kind != "removed")
        edits.append(Edit(new, before, after))
    return edits[::-1]


def _place(story: Story | None, post_id: PostId) -> StoryTelling | None:
    return next((each for each in story.tellings if each.post.id == post_id), None) if story else None
