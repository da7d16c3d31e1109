"""One post: what it says and said, what it is about and why, and who else told it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from analysis.differences import Piece, differences
from matching.highlighting import Excerpt, highlights
from storage.history import Version, history_of
from storage.ids import PostId
from storage.post_values import LINK, Part
from storage.told_stories import Story, StoryTelling, read_story
from web.access import SignedIn
from web.connections import Connected
from web.numbers import Number
from web.queries import asked
from web.rendering import page, texts_for, zone_of
from web.wording import safe_link

router = APIRouter()

MOST_LINKS = 30

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class Edit:
    """A version beside the one before: what stayed and what was removed; what stayed and what was added."""

    version: Version
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@router.get("/posts/{post_id}")
async def post(request: Request, connection: Connected, operator: SignedIn, post_id: Number, q: str = "") -> Response:
    """The post's page; `q` is the query that found it, whose words are marked."""
    history = await history_of(connection, PostId(post_id))
    if history is None:
        raise HTTPException(404)
    found = history.post
    read = await asked(connection, q, texts_for(request, operator), zone_of(operator.time_zone))
    story = await read_story(connection, found.id)
    ranges = highlights(read.query, found.text) if read.query else []
    return await page(
        request,
        "post.html",
        section="search",
        post=found,
        pieces=Excerpt(found.text, tuple(ranges)).pieces(),
        links=links_of(found.parts),
        media=[part.medium for part in found.parts if part.medium],
        history=history,
        edits=_edits(history.versions),
        story=story if story and len(story.tellings) > 1 else None,
        place=_place(story, found.id),
        copies=[each for each in story.tellings if each.place.like_post_id == found.id] if story else [],
        q=q,
    )


def links_of(parts: Sequence[Part]) -> list[str]:
    """Where a post links to, each address once: web pages only."""
    found: dict[str, None] = {}
    for part in parts:
        in_words = [url.rstrip(".,;:!?)]") for url in LINK.findall(part.text)]  # what a sentence puts right behind
        for url in [*in_words, *(entity.url.strip() for entity in part.entities if entity.url)]:
            if safe := safe_link(url if SCHEME.match(url) else f"https://{url}"):
                found[safe] = None
    return list(found)[:MOST_LINKS]


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
