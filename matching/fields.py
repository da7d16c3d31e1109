"""What a query can ask of a post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from analysis.text import Terms
from matching.ids import ChannelId, ChannelSetId


@dataclass(frozen=True, slots=True)
class PostFields:
    """The stored field values of one post: all that decides whether a query matches, for alert and for search.

    `posted_at` is aware. `language` is "ru", "uk", "en" or None. `topics` holds topic codes with their ancestors,
    `sure_topics` those of them that are more than just enough (`analysis.labels.SURE`). `has` holds some of photo,
    video, link, poll, document. `forwarded_from` holds "@name" in lower case and the decimal Telegram id of the channel
    forwarded from, as far as known. `links` holds the hosts of the post's links, lower case, without "www.", each with
    its parent domains.

    `sets` holds the channel sets that the post's channel is in now: they belong to the moment, not to the post, so
    whoever matches gives them (`ingest.own_topics`).
    """

    terms: Terms
    channel_id: ChannelId
    posted_at: datetime
    language: str | None
    topics: frozenset[str]
    has: frozenset[str]
    forwarded_from: frozenset[str]
    links: frozenset[str]
    sets: frozenset[ChannelSetId] = frozenset()
    sure_topics: frozenset[str] = frozenset()
