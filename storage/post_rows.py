"""A post as the row that PostgreSQL reads: its columns, written once as JSON."""

from __future__ import annotations

import json
from typing import Any

from analysis.labels import Labels
from matching.fields import PostFields
from storage.post_values import Post, storable_json

_JSON = json.JSONEncoder(ensure_ascii=False)


def row_json(post: Post, labels: Labels, fields: PostFields) -> str:
    """All columns that a post brings, as `jsonb_to_record` takes them."""
    return _JSON.encode(_columns(post, labels, fields))


def _columns(post: Post, labels: Labels, fields: PostFields) -> dict[str, Any]:
    return {
        "channel_id": post.channel_id,
        "message_id": post.message_id,
        "grouped_id": post.grouped_id,
        "reply_to": post.reply_to,
        "forward": post.forward.to_json() if post.forward else None,
        "forwarded_from": sorted(fields.forwarded_from),
        "posted_at": post.posted_at.isoformat(),
        "text": post.text,
        "parts": post.parts_to_json(),
        "content_hash": "\\x" + post.content_hash.hex(),
        "terms": labels.terms.tsvector(),
        "language": labels.language,
        "topics": [{"code": topic.code, "score": topic.score, "words": topic.words} for topic in labels.topics],
        "topic_codes": sorted(fields.topics),
        "has": sorted(fields.has),
        "links": sorted(fields.links),
        "analysis": "failed" if labels.failed else "done",
        "found_by": post.found_by,
        "views": post.views,
        "views_are_rounded": post.views_are_rounded,
        "expires_at": post.expires_at.isoformat() if post.expires_at else None,
        "forwards": post.forwards,
        "reactions": storable_json(post.reactions),
        "seen_at": post.seen_at.isoformat(),
        "edited_at": post.edited_at.isoformat() if post.edited_at else None,
    }
