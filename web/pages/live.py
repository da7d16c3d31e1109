"""Posts as they are stored, in a page that stays open: server-sent events (HTML Living Standard, 9.2)."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from matching.highlighting import excerpt
from matching.query import Query
from storage.arriving import settled_number, stored_between
from storage.database import Database, DatabaseAway
from storage.ids import PostId
from storage.operator_sessions import session_of
from storage.posts import StoredPost
from storage.search import SearchHeldUp, SearchTooSlow, search
from web.access import SignedIn
from web.access.cookies import session_token
from web.connections import database_of
from web.live import Arrivals, TooManyWatchers
from web.numbers import LARGEST
from web.queries import Asked, asked
from web.rendering import page, texts_for, zone_of
from web.wording import address, clock, iso, safe_link, topic_name

router = APIRouter()

BEFORE = 20
"""Posts that the page opens with."""

AT_ONCE = 100
"""Posts read in one statement: who was away for long is brought up in steps."""

SILENCE = 15.0
"""Seconds without a post after which a line is sent all the same: proxies close silent connections."""

RETRY = dt.timedelta(seconds=2)
"""After which a browser asks again when the connection was lost."""

EXCERPT = 400


@router.get("/live")
async def live(request: Request, operator: SignedIn, q: str = "") -> Response:
    """The page, with the newest posts so far; those after them come as events."""
    database = database_of(request)
    number = await settled_number(database)
    async with database.begin() as connection:
        read = await asked(connection, q, texts_for(request, operator), zone_of(operator.time_zone))
    posts: list[StoredPost] = []
    trouble = None
    if read.query is not None:
        try:
            async with database.begin() as connection:
                posts = await search(connection, read.query, limit=BEFORE)
        except SearchTooSlow:
            trouble = "search_too_slow"
        except SearchHeldUp:
            trouble = "search_held_up"
    shown = [_values(request, operator, post, read) for post in posts if post.id <= number]
    return await page(
        request, "live.html", status=400 if read.problem else 200, section="live",
        asked=read, settled=number, posts=shown, trouble=trouble,
    )  # fmt: skip


@router.get("/live/events")
async def events(request: Request, operator: SignedIn, q: str = "", after: int = -1) -> Response:
    """The posts stored after a number (the last event's, else `after`, else now), each once and in order."""
    database = database_of(request)
    async with database.begin() as connection:
        read = await asked(connection, q, texts_for(request, operator), zone_of(operator.time_zone))
    if read.problem:
        return PlainTextResponse(read.problem.sentence, 400)
    last = request.headers.get("last-event-id", "")
    begin = int(last) if last.isdecimal() and len(last) <= len(str(LARGEST)) else after
    if not 0 <= begin <= LARGEST:
        begin = await settled_number(database)
    stream = _stream(request, operator, read, PostId(begin))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _stream(request: Request, operator: SignedIn, read: Asked, last: PostId) -> AsyncIterator[str]:
    database = database_of(request)
    arrivals: Arrivals = request.app.state.arrivals
    now = asyncio.get_running_loop().time
    checked = now()
    yield f"retry: {RETRY // dt.timedelta(milliseconds=1)}\nid: {last}\n\n"
    try:
        async for number in arrivals.numbers(last, silence=SILENCE):
            if now() - checked >= SILENCE:
                checked = now()
                if not await _is_signed_in(request):
                    return  # a session that was ended sees nothing more
            if number is None:
                yield ": still here\n\n"
                continue
            async for post in _between(database, read.query, last, number):
                yield f"id: {post.id}\ndata: {json.dumps(_values(request, operator, post, read))}\n\n"
            last = number
            yield f"id: {last}\n\n"  # nothing to show, but the browser remembers how far it has seen
    except TooManyWatchers:
        yield "event: full\ndata: {}\n\n"
    except DatabaseAway:
        return  # the browser asks again, from its last event on


async def _between(database: Database, query: Query | None, after: PostId, upto: PostId) -> AsyncIterator[StoredPost]:
    while True:
        async with database.begin() as connection:
            posts = await stored_between(connection, query, after, upto, AT_ONCE)
        for post in posts:
            yield post
        if len(posts) < AT_ONCE:
            return
        after = posts[-1].id


async def _is_signed_in(request: Request) -> bool:
    token = session_token(request)
    async with database_of(request).begin() as connection:
        return token is not None and await session_of(connection, token) is not None


def _values(request: Request, operator: SignedIn, post: StoredPost, read: Asked) -> dict[str, Any]:
    """What the page shows of a post: plain values, of which it makes texts, never markup."""
    texts, zone = texts_for(request, operator), zone_of(operator.time_zone)
    said = excerpt(read.query, post.text, length=EXCERPT).pieces() if read.query else [(post.text[:EXCERPT], False)]
    return {
        "id": post.id,
        "here": address(f"/posts/{post.id}", q=read.words),
        "at": iso(post.posted_at),
        "clock": clock(texts, zone, dt.datetime.now(dt.UTC), post.posted_at),
        "channel": post.channel.title,
        "name": post.channel.name,
        "url": safe_link(post.url),
        "language": post.language or "",
        "topics": [topic_name(texts, topic.code) for topic in post.topics],
        "pieces": [[piece, is_marked] for piece, is_marked in said if piece] or [[texts.say("no_text"), False]],
    }
