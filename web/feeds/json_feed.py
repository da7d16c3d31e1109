"""A feed as JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from typing import Any

from web.feeds.entries import Entry, Feed

MEDIA_TYPE = "application/feed+json; charset=utf-8"


def write(feed: Feed) -> bytes:
    """The document. The same feed is the same bytes."""
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.json_url,
        "items": [_item(entry) for entry in feed.entries],
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _item(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.name,
        "title": entry.title,
        "content_text": entry.text,
        "date_published": entry.published_at.isoformat(),
        "authors": [{"name": entry.author}],
        "tags": list(entry.topics),
    }
    return item | ({"url": entry.url} if entry.url else {})
