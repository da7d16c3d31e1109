"""Channels and topics: what is read, how completely, and what it may be about."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter
from pydantic import BaseModel, Field

from analysis.taxonomy import TOPICS
from storage.channel_status import ChannelStatus, channel_statuses
from storage.own_topics import list_topics, posts_by_topic
from web.api.asking import Named, Reader
from web.connections import Connected
from web.problems import TellingRoute

router = APIRouter(route_class=TellingRoute)

WEEK = dt.timedelta(days=7)

LANGUAGES = ("en", "ru", "uk")


class ChannelBody(BaseModel):
    """A channel, and how completely it is read."""

    id: int = Field(description="Our number: `channel:7` asks for it.")
    username: str | None
    title: str
    state: str = Field(description="active, requested, archived, lost, …")
    state_detail: str | None
    posts: int
    deleted: int = Field(description="Posts that the channel has deleted.")
    newest_at: dt.datetime | None
    top_message_id: int | None = Field(description="Telegram's newest id in the channel.")
    watermark: int | None = Field(description="Every id up to it is accounted for.")
    lag: int | None = Field(description="How many ids the watermark is behind.")
    holes: int = Field(description="Ids above the watermark of which nobody knows what they are.")
    missing: int
    reconciled_at: dt.datetime | None
    blind_since_at: dt.datetime | None
    found_by: dict[str, int] = Field(description="Posts by what brought them.")


class Channels(BaseModel):
    """All channels, by name."""

    channels: list[ChannelBody]


@router.get("/channels", operation_id="listChannels", summary="Channels and their completeness", tags=["channels"])
async def list_channels(_: Reader, connection: Connected) -> Channels:
    """Every channel that is monitored or archived, with the proof of what was read of it."""
    return Channels(channels=[_channel(each) for each in await channel_statuses(connection)])


def _channel(status: ChannelStatus) -> ChannelBody:
    return ChannelBody(**{name: getattr(status, name) for name in ChannelBody.model_fields})


class TopicBody(BaseModel):
    """Something that posts may be about."""

    code: str = Field(description="`topic:economy` asks for it and all below it.", examples=["economy"])
    parent: str | None
    names: dict[str, str] = Field(description="By language: en, ru, uk.")
    is_own: bool = Field(description="Made by the operator, by a query.")
    query: str | None
    posts_7_days: int


class Topics(BaseModel):
    """All topics."""

    topics: list[TopicBody]


@router.get("/topics", operation_id="listTopics", summary="Topics and how many posts have them", tags=["topics"])
async def read_topics(_: Reader, connection: Connected, named: Named) -> Topics:
    """The topics that everybody has, and the operator's own, with the posts of the last 7 days."""
    counts = await posts_by_topic(connection, dt.datetime.now(dt.UTC) - WEEK)
    topics = [
        TopicBody(
            code=each.code, parent=each.parent, names=dict(each.names), is_own=False, query=None,
            posts_7_days=counts.get(each.code, 0),
        )
        for each in TOPICS.values()
    ]  # fmt: skip
    owns = [
        TopicBody(
            code=own.code, parent=own.parent, names={each: own.name_in(each) for each in LANGUAGES}, is_own=True,
            query=named.written_again(own.query), posts_7_days=counts.get(own.code, 0),
        )
        for own in await list_topics(connection)
    ]  # fmt: skip
    return Topics(topics=topics + owns)
