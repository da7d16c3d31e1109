"""Saved searches as feeds: `/feeds/{word}.xml` (RSS) and `/feeds/{word}.json`, for who knows the word."""

from __future__ import annotations

import datetime as dt
import hashlib
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum

from fastapi import APIRouter, Request
from starlette.responses import Response

from config.keys import Key, KeyFileError
from matching.query import parse
from storage import saved_searches
from storage.saved_searches import SavedSearch
from storage.search import SearchTooSlow, search
from web.connections import Connected
from web.feeds import json_feed, rss
from web.feeds.entries import Feed, make_feed
from web.problems import Problem, TellingRoute
from web.tokens import allowances_of, count_mistake, refuse_haste

__all__ = ["base_of", "feed_urls", "router", "urls_of"]

NEWEST = 50
"""Entries of a feed: a reader that asks once an hour misses none of a search that finds 1,200 posts a day."""

router = APIRouter(prefix="/feeds", include_in_schema=False, route_class=TellingRoute)


class Format(StrEnum):
    """By the end of the address."""

    RSS = "xml"
    JSON = "json"


@router.api_route("/{word}.{form}", methods=["GET", "HEAD"])
async def read_feed(request: Request, word: str, form: Format, connection: Connected) -> Response:
    """The newest posts of a saved search; 304 when the reader has them already."""
    found = await saved_searches.by_word(connection, word)
    if found is None:
        count_mistake(request)
        raise Problem(404, "There is no such feed (any more).")
    refuse_haste(allowances_of(request).feeds.take(found.id))
    query = parse(found.query, standing=False, stored=True)
    try:
        posts = await search(connection, query, limit=NEWEST)
    except SearchTooSlow:
        raise Problem(503, "This search takes too long: narrow it.", headers={"retry-after": "600"}) from None
    feed = make_feed(found.name, f"{base_of(request)}/", feed_urls(base_of(request), word), found.changed_at, posts)
    return _answer(request, feed, form)


def base_of(request: Request) -> str:
    """What addresses of ours begin with: as the settings say, else as the request came."""
    return request.app.state.settings.url or str(request.base_url).rstrip("/")


def feed_urls(base: str, word: str) -> tuple[str, str]:
    """A feed's addresses, as RSS and as JSON."""
    return f"{base}/feeds/{word}.{Format.RSS}", f"{base}/feeds/{word}.{Format.JSON}"


def urls_of(request: Request, search: SavedSearch, key: Key) -> tuple[str, str] | None:
    """The same of a saved search; None when the key is not the one that its word was sealed with."""
    try:
        return feed_urls(base_of(request), saved_searches.word_of(search, key))
    except KeyFileError:
        return None


def _answer(request: Request, feed: Feed, form: Format) -> Response:
    kind = rss if form is Format.RSS else json_feed
    body = kind.write(feed)
    headers = {
        "etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "cache-control": "private, no-cache",
        "x-robots-tag": "noindex",
    }
    # The header counts in seconds: within the present one another post may come, and would be taken for known.
    if dt.datetime.now(dt.UTC) - feed.changed_at > dt.timedelta(seconds=1):
        headers["last-modified"] = format_datetime(feed.changed_at.astimezone(dt.UTC), usegmt=True)
    if _has_it(request, headers["etag"], feed.changed_at):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=kind.MEDIA_TYPE)


def _has_it(request: Request, etag: str, changed_at: dt.datetime) -> bool:
    """RFC 9110, 13.2.2: the date is looked at only where no tag was sent."""
    if (tags := request.headers.get("if-none-match")) is not None:
        return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in tags.split(","))
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (ValueError, OverflowError):
        return False
    return since.tzinfo is not None and changed_at.replace(microsecond=0) <= since
