"""What a webhook says."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel

from storage.posts import StoredPost
from storage.webhook_deliveries import Due
from web.post_body import PostBody, post_body

LONGEST_TEXT = 1_000
"""Characters of a post that a message by apprise quotes: a mail or a chat, not an archive."""


class Matched(BaseModel):
    """A post that matches, for a receiver that is a program."""

    webhook: str
    """The webhook's name."""
    post: PostBody
    story_id: int
    is_late: bool
    attempt: int
    is_repeat: bool
    """Nobody knows whether an earlier attempt arrived: the id tells."""


class Envelope(BaseModel):
    """What Standard Webhooks asks of every body: its type, when it was made, and what it is about."""

    type: str
    timestamp: dt.datetime
    data: Matched | dict[str, str]


def id_of(due: Due) -> str:
    """The same at every attempt: by it a receiver knows a repeat."""
    return f"{due.webhook_id}-{due.id}"


def matched(due: Due, post: StoredPost, at: dt.datetime) -> bytes:
    """The body of a request about a post."""
    data = Matched(
        webhook=due.webhook_name,
        post=post_body(post),
        story_id=due.story_id,
        is_late=due.is_late,
        attempt=due.attempt,
        is_repeat=due.attempt > 1,
    )
    return Envelope(type="post.matched", timestamp=at, data=data).model_dump_json().encode()


def test_call(name: str, at: dt.datetime) -> bytes:
    """The body of a request that an operator makes to see whether it arrives."""
    return Envelope(type="webhook.test", timestamp=at, data={"webhook": name}).model_dump_json().encode()


def message(due: Due, post: StoredPost) -> tuple[str, str]:
    """Title and text for people, by apprise."""
    title = f"{due.webhook_name}: {post.channel.title}"
    if due.attempt > 1:
        title += " (may be a repeat)"
    said = "" if post.channel.is_protected else post.text
    if len(said) > LONGEST_TEXT:
        said = f"{said[: LONGEST_TEXT - 1]}…"
    return title, "\n\n".join(filter(None, [said, post.url or ""])) or "A post."
