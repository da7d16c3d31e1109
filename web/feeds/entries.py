"""What a feed holds, whichever its format: posts as entries with a title, a text and a lasting name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from storage.posts import StoredPost

LONGEST_TITLE = 100

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2) does not allow in a document, in whatever disguise."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A post in a feed. Of a protected channel it has no text, only the link."""

    name: str
    """The same for as long as the post exists; an address where `is_address`."""
    url: str | None
    title: str
    text: str
    author: str
    topics: tuple[str, ...]
    published_at: dt.datetime
    changed_at: dt.datetime

    @property
    def is_address(self) -> bool:
        """Whether its name can be opened."""
        return self.name == self.url


@dataclass(frozen=True, slots=True)
class Feed:
    """A saved search at one moment, newest entries first."""

    title: str
    home: str
    """The console."""
    rss_url: str
    json_url: str
    changed_at: dt.datetime
    entries: tuple[Entry, ...]


def make_feed(title: str, home: str, urls: tuple[str, str], saved_at: dt.datetime, posts: Sequence[StoredPost]) -> Feed:
    """A feed of these posts. `urls`: its own, as RSS and as JSON; `saved_at`: when its search was made or changed."""
    entries = tuple(map(_entry, posts))
    changed_at = max([saved_at, *(entry.changed_at for entry in entries)])
    return Feed(legal(title), home, *urls, changed_at, entries)


def legal(text: str) -> str:
    """The text without what XML cannot hold."""
    return ILLEGAL.sub("", text)


def _entry(post: StoredPost) -> Entry:
    channel = legal(post.channel.title or post.channel.name)
    text = "" if post.channel.is_protected else legal(post.text)
    return Entry(
        name=post.url or f"urn:channelwatch:post:{post.id}",
        url=post.url,
        title=_title(channel, text),
        text=text,
        author=channel,
        topics=tuple(topic.code for topic in post.topics),
        published_at=post.posted_at,
        changed_at=max(post.seen_at, post.edited_at or post.seen_at),
    )


def _title(channel: str, text: str) -> str:
    first = next((line for line in map(str.strip, text.splitlines()) if line), "")
    if not first:
        return channel
    if len(first) > LONGEST_TITLE:
        first = first[:LONGEST_TITLE].rsplit(" ", 1)[0].rstrip() + "…"
    return f"{channel}: {first}"
