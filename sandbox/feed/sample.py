"""Load the sample feed from the TOML files in ``posts/`` and prove that it makes sense before anybody sees it.

Files: ``world.toml`` (channels, subscribers), ``history_*.toml`` and ``live_*.toml``, read in the order of their names.
A ``[[live]]`` table is a post, or an edit (``edit_of``) or a deletion (``deletion_of``) of an earlier post.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files

from sandbox.feed.tables import FeedError, Table
from sandbox.feed.values import (
    LANGUAGES,
    Feed,
    LiveItem,
    SampleChannel,
    SampleDeletion,
    SampleDocument,
    SampleEdit,
    SamplePoll,
    SamplePost,
    SampleSubscriber,
)

__all__ = [
    "Feed",
    "FeedError",
    "LiveItem",
    "SampleChannel",
    "SampleDeletion",
    "SampleDocument",
    "SampleEdit",
    "SamplePoll",
    "SamplePost",
    "SampleSubscriber",
    "load",
    "read",
]

HISTORY_HOURS = 7 * 24  # the bot's preview looks back seven days (issue 2)
TEXT_LIMIT = 4096  # UTF-16 units of a message (Bot API documentation)
CAPTION_LIMIT = 1024  # UTF-16 units of a caption (Bot API documentation)
ALBUM_LIMIT = 10  # parts of an album (Bot API documentation)
_USERNAME = re.compile(r"demo_[a-z0-9_]{1,27}")


def load() -> Feed:
    """The sample feed that is shipped with the package. Raises FeedError when it contradicts itself."""
    folder = files("sandbox.feed") / "posts"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name)
    return read({file.name: file.read_text(encoding="utf-8") for file in found})


def read(texts: Mapping[str, str]) -> Feed:
    """The feed written in these files (name -> TOML), in the order given. Raises FeedError."""
    channels: list[SampleChannel] = []
    subscribers: list[SampleSubscriber] = []
    posts: list[tuple[str, Table]] = []
    for kind, table in _tables(texts):
        if kind == "channel":
            channels.append(_channel(table))
        elif kind == "subscriber":
            subscribers.append(_subscriber(table))
        else:
            posts.append((kind, table))
    return _publish(channels, subscribers, posts)


def _tables(texts: Mapping[str, str]) -> Iterator[tuple[str, Table]]:
    for name, text in texts.items():
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise FeedError(f"{name}: {error}") from error
        for kind, tables in content.items():
            if kind not in {"channel", "subscriber", "history", "live"} or not isinstance(tables, list):
                raise FeedError(f"{name}: only [[channel]], [[subscriber]], [[history]] and [[live]], not {kind}")
            for number, values in enumerate(tables, 1):
                yield kind, Table(f"{name}, {kind} {number}", values)


def _channel(table: Table) -> SampleChannel:
    channel = SampleChannel(table.required("username", str), table.required("title", str), _language(table))
    table.finish()
    if not _USERNAME.fullmatch(channel.username):
        raise table.error(f"{channel.username} is no username of the demo: demo_ and small letters")
    return channel


def _subscriber(table: Table) -> SampleSubscriber:
    subscriber = SampleSubscriber(table.required("name", str), _language(table), table.strings("queries"))
    table.finish()
    return subscriber


def _language(table: Table) -> str:
    language = table.required("language", str)
    if language not in LANGUAGES:
        raise table.error(f"language {language} is not one of {', '.join(sorted(LANGUAGES))}")
    return language


def _publish(
    channels: list[SampleChannel], subscribers: list[SampleSubscriber], posts: list[tuple[str, Table]]
) -> Feed:
    timeline = _Timeline({channel.username for channel in channels})
    if len(timeline.channels) != len(channels):
        raise FeedError("two channels have one username")
    history = tuple(timeline.past(table) for kind, table in posts if kind == "history")
    live = tuple(timeline.next(table) for kind, table in posts if kind == "live")
    return Feed(tuple(channels), history, live, tuple(subscribers))


class _Timeline:
    """Everything published so far, as its readers see it now: what a later item may refer to."""

    def __init__(self, channels: set[str]) -> None:
        self.channels = channels
        self._visible: dict[str, SamplePost] = {}
        self._keys: set[str] = set()
        self._hours_ago = float(HISTORY_HOURS)

    def past(self, table: Table) -> SamplePost:
        """Publish a post of the history."""
        hours_ago = table.required("hours_ago", float)
        if not 0 < hours_ago <= self._hours_ago:
            raise table.error(f"hours_ago = {hours_ago}: between 0 and {HISTORY_HOURS}, the oldest post first")
        self._hours_ago = hours_ago
        return self._post(table, hours_ago)

    def next(self, table: Table) -> LiveItem:
        """Publish a live post, or change an earlier one."""
        edited, deleted = table.optional("edit_of", str), table.optional("deletion_of", str)
        if edited is not None:
            return self._edit(table, edited)
        if deleted is not None:
            table.finish()
            self._earlier(table, deleted)
            del self._visible[deleted]
            return SampleDeletion(deleted)
        return self._post(table, None)

    def _post(self, table: Table, hours_ago: float | None) -> SamplePost:
        post = _post(table, hours_ago)
        if post.channel not in self.channels:
            raise table.error(f"there is no channel {post.channel}")
        if post.key in self._keys:
            raise table.error(f"there is an earlier post {post.key}")
        if post.forward_of is not None:
            post = self._forward(table, post, self._earlier(table, post.forward_of))
        self._keys.add(post.key)
        self._visible[post.key] = post
        return post

    def _forward(self, table: Table, post: SamplePost, original: SamplePost) -> SamplePost:
        if post.text or post.photos or post.poll or post.document:
            raise table.error("a forward has no words and media of its own")
        if original.channel == post.channel or original.forward_of is not None:
            raise table.error(f"{original.key} must be another channel's own post")
        return replace(post, text=original.text, photos=original.photos, poll=original.poll, document=original.document)

    def _edit(self, table: Table, key: str) -> SampleEdit:
        edit = SampleEdit(key, table.text("text"))
        table.finish()
        post = self._earlier(table, key)
        if post.forward_of is not None or post.poll is not None:
            raise table.error(f"{key} is a forward or a poll: Telegram lets nobody edit those")
        if edit.text in {"", post.text}:
            raise table.error(f"the edit of {key} must have another text than the post has")
        self._visible[key] = replace(post, text=edit.text)
        _check_shape(table, self._visible[key])
        return edit

    def _earlier(self, table: Table, key: str) -> SamplePost:
        post = self._visible.get(key)
        if post is None:
            raise table.error(f"{key} is not published at this point")
        return post


def _post(table: Table, hours_ago: float | None) -> SamplePost:
    post = SamplePost(
        key=table.required("key", str),
        channel=table.required("channel", str),
        text=table.text("text"),
        hours_ago=hours_ago,
        photos=table.optional("photos", int) or 0,
        forward_of=table.optional("forward_of", str),
        story=table.optional("story", str),
        poll=_poll(table.table("poll")),
        document=_document(table.table("document")),
    )
    table.finish()
    _check_shape(table, post)
    return post


def _check_shape(table: Table, post: SamplePost) -> None:
    """What one Telegram message, or one album, can hold. Raises FeedError."""
    media = sum((post.photos > 0, post.poll is not None, post.document is not None))
    if media > 1 or not 0 <= post.photos <= ALBUM_LIMIT:
        raise table.error(f"{post.key} has more media than Telegram lets one post have")
    if post.forward_of is None and not post.text and not media:
        raise table.error(f"{post.key} is empty")
    if post.poll is not None and post.text:
        raise table.error(f"{post.key} is a poll: its question is its text")
    limit = CAPTION_LIMIT if media else TEXT_LIMIT
    if len(post.text.encode("utf-16-le")) // 2 > limit:
        raise table.error(f"{post.key} is longer than {limit} characters")


def _poll(table: Table | None) -> SamplePoll | None:
    if table is None:
        return None
    poll = SamplePoll(table.required("question", str), table.strings("options"))
    table.finish()
    if not 2 <= len(poll.options) <= 10:
        raise table.error("a poll has two to ten options")
    return poll


def _document(table: Table | None) -> SampleDocument | None:
    if table is None:
        return None
    document = SampleDocument(table.required("name", str), (table.text("text") + "\n").encode())
    table.finish()
    return document
