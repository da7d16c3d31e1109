"""What the demo's subscribers are owed, counted apart from the product: every query against every post, one by one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from analysis.labels import label
from matching.fields import PostFields
from matching.ids import ChannelId
from matching.query import Query, parse
from sandbox.feed.sample import Feed, SamplePost

LINK_HOST = re.compile(r"https?://([^/\s]+)")


class Expectation:
    """Who is owed which post. `channels` are the stored numbers of the feed's channels, by username."""

    def __init__(self, feed: Feed, channels: Mapping[str, ChannelId]) -> None:
        self._channels = channels
        self._origins = {post.key: post.channel for post in feed.history + feed.live_posts()}
        self._queries: dict[str, list[Query]] = {
            person.name: [parse(query).resolve(channels) for query in person.queries] for person in feed.subscribers
        }

    def owed_to(self, post: SamplePost) -> list[str]:
        """Names of the people who asked for the post as it now reads."""
        fields = self._fields(post)
        return [name for name, queries in self._queries.items() if any(query.matches(fields) for query in queries)]

    def _fields(self, post: SamplePost) -> PostFields:
        labels = label(said_by(post))
        hosts = LINK_HOST.findall(post.text)
        held = {"photo": post.photos, "poll": post.poll, "document": post.document, "link": hosts}
        return PostFields(
            terms=labels.terms,
            channel_id=self._channels[post.channel],
            posted_at=dt.datetime.now(dt.UTC),
            language=labels.language,
            topics=labels.topic_codes,
            has=frozenset(name for name, value in held.items() if value),
            forwarded_from=frozenset([f"@{self._origins[post.forward_of]}"] if post.forward_of else []),
            links=frozenset(host for full in hosts for host in _with_parents(full)),
        )


def said_by(post: SamplePost) -> str:
    """All that a post says: a poll's question and options are its words."""
    return post.text or ("\n".join([post.poll.question, *post.poll.options]) if post.poll else "")


def _with_parents(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[first:]) for first in range(len(labels) - 1)]
