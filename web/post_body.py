"""A post as programs are given it: by the API, in feeds and by webhooks alike."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field

from storage.posts import StoredPost


class ChannelName(BaseModel):
    """Which channel."""

    id: int = Field(description="Our number of the channel: `channel:7` asks for it.", examples=[7])
    username: str | None = Field(
        description="Without @; none for channels without a name.", examples=["demo_opal_wire"]
    )
    title: str = Field(examples=["Opal Wire"])


class TopicOfPost(BaseModel):
    """One of the topics that a post is about."""

    code: str = Field(examples=["economy"])
    score: float = Field(description="How sure: 0 to 1.", examples=[0.71])


class PostBody(BaseModel):
    """A post. Of a protected channel there is no text here, only the link."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 4711,
                    "channel": {"id": 7, "username": "demo_opal_wire", "title": "Opal Wire"},
                    "message_id": 123,
                    "url": "https://t.me/demo_opal_wire/123",
                    "text": "Limansk's port opens again on Friday.",
                    "is_protected": False,
                    "language": "en",
                    "topics": [{"code": "economy", "score": 0.71}],
                    "has": ["photo"],
                    "links": ["port.example"],
                    "forwarded_from": [],
                    "views": 1800,
                    "forwards": 12,
                    "posted_at": "2026-11-05T09:30:00Z",
                    "seen_at": "2026-11-05T09:30:01Z",
                    "edited_at": None,
                    "deleted_at": None,
                }
            ]
        }
    )

    id: int = Field(description="Our number of the post.")
    channel: ChannelName
    message_id: int = Field(description="Telegram's number of the post in its channel.")
    url: str | None = Field(description="The post in Telegram; none for archives of channels that have no number.")
    text: str | None = Field(description="What it says; null for protected channels.")
    is_protected: bool = Field(description="Its channel does not allow its content to be saved.")
    language: str | None
    topics: list[TopicOfPost]
    has: list[str] = Field(description="photo, video, document, poll, link.")
    links: list[str] = Field(description="Hosts linked to, with their parent domains.")
    forwarded_from: list[str] = Field(description="The channel forwarded from: @username and Telegram's number.")
    views: int | None
    forwards: int | None
    posted_at: dt.datetime = Field(description="When the channel published it.")
    seen_at: dt.datetime = Field(description="When it was first seen here.")
    edited_at: dt.datetime | None
    deleted_at: dt.datetime | None = Field(description="When it was seen that its channel had deleted it.")


def post_body(post: StoredPost) -> PostBody:
    """What is told of a stored post."""
    is_protected = post.channel.is_protected
    return PostBody(
        id=post.id,
        channel=ChannelName(id=post.channel.id, username=post.channel.username, title=post.channel.title),
        message_id=post.message_id,
        url=post.url,
        text=None if is_protected else post.text,
        is_protected=is_protected,
        language=post.language,
        topics=[TopicOfPost(code=topic.code, score=round(topic.score, 4)) for topic in post.topics],
        has=sorted(post.has),
        links=[] if is_protected else sorted(post.links),
        forwarded_from=sorted(post.forwarded_from),
        views=post.views,
        forwards=post.forwards,
        posted_at=post.posted_at,
        seen_at=post.seen_at,
        edited_at=post.edited_at,
        deleted_at=post.deleted_at,
    )
