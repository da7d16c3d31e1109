"""Asked for by their ids, or page by page: messages of a channel become posts, service messages, and missing ids."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from telethon import utils
from telethon.tl import functions, types

from ingest.albums import join
from ingest.asking import Asking, UnreadableAnswer
from ingest.messages import ServiceMessage, read_message
from ingest.watched import Watched
from storage.ids import ChannelId, MessageId
from storage.post_values import Post

log = structlog.get_logger()

AT_ONCE = 100
"""Ids in one channels.getMessages, messages in one page of messages.getHistory (core.telegram.org/api/offsets)."""

UNREADABLE_FOR = dt.timedelta(hours=1)
"""A message that cannot be read stays so until one of both programs changes: it is asked for again this rarely."""


@dataclass(slots=True)
class Fetched:
    """What one request brought."""

    posts: list[Post] = field(default_factory=list)
    """Parts of one album joined, as far as they came together; oldest first."""
    service: list[MessageId] = field(default_factory=list)
    missing: list[MessageId] = field(default_factory=list)
    """Asked for, or in the middle of the page, and not there."""
    unreadable: list[MessageId] = field(default_factory=list)
    """There, but nobody can say what they are: never missing, and never gone."""
    is_by_number: bool = True
    """Whether `missing` were asked for by their numbers, not only left out of a page."""
    newest: int = 0
    """The largest id that was given; 0 when none was."""
    oldest: int = 0
    """Of a page that goes down: everything from here on has been given; 1 when there is nothing more."""
    oldest_at: dt.datetime | None = None
    """When the oldest message of such a page was published."""

    @property
    def found(self) -> set[int]:
        """Every id that was given."""
        parts = {part.message_id for post in self.posts for part in post.parts}
        return parts.union(self.service, self.unreadable)


class Fetching:
    """Fetches through one client. `clock` says when a post was seen."""

    def __init__(self, asking: Asking, clock: Callable[[], dt.datetime], found_by: str = "reconcile") -> None:
        self._asking = asking
        self._clock = clock
        self._found_by = found_by
        self._not_before: dict[tuple[ChannelId, int], float] = {}

    async def by_ids(self, watched: Watched, ids: Iterable[int]) -> Fetched:
        """Up to AT_ONCE messages by their ids, but those that could not be read a while ago.

        Raises what `Asking.ask` raises, but never for what cannot be read: that is left out.
        """
        due = [number for number in ids if self.is_due(watched.id, number)]
        fetched = self._read(watched, *(await self._answers(watched, due) if due else ()))
        found = fetched.found
        # Those that have just spoiled an answer are due no more.
        fetched.missing = [MessageId(n) for n in due if n not in found and self.is_due(watched.id, n)]
        return fetched

    def is_due(self, channel_id: ChannelId, number: int) -> bool:
        """Whether a message may be asked for: not if it could not be read less than UNREADABLE_FOR ago."""
        return self._not_before.get((channel_id, number), 0.0) <= time.monotonic()

    async def upwards(self, watched: Watched, first: int, last: int) -> Fetched:
        """The next page from `first` on, up to `last`. What a full page leaves out is missing; of a short one only
        what lies between those that it gave: it may hold less than was asked for, at either end.

        By numbers where it cannot be read.
        """
        try:
            answer = await self._page(watched, offset_id=first, add_offset=-AT_ONCE, min_id=first - 1)
        except UnreadableAnswer:
            return await self.by_ids(watched, range(first, min(first + AT_ONCE, last + 1)))
        fetched = self._read(watched, answer, within=range(first, last + 1))
        given = [message.id for message in answer.messages if not isinstance(message, types.MessageEmpty)]
        is_last = not given or max(given) >= last
        end = last if is_last else max(given)
        found = fetched.found
        begin = first if len(given) >= AT_ONCE or not given else max(first, min(given))
        fetched.missing = [MessageId(number) for number in range(begin, end + 1) if number not in found]
        fetched.is_by_number = False
        fetched.newest = end
        return fetched

    async def newest(self, watched: Watched, top: int) -> Fetched:
        """The newest page; by numbers, up to `top`, where it cannot be read."""
        try:
            answer = await self._page(watched)
        except UnreadableAnswer:
            return await self.by_ids(watched, range(max(top - AT_ONCE, 0) + 1, top + 1))
        fetched = self._read(watched, answer)
        if found := fetched.found:
            fetched.missing = [MessageId(n) for n in range(min(found), max(found)) if n not in found]
        return fetched

    async def downwards(self, watched: Watched, below: int) -> Fetched:
        """The next page of ids smaller than `below`, which is at least 2. Ids between those are not proved missing.

        An album that the end of a full page may have cut is left to the next one. A short page may have more behind it,
        so only an empty one is the end. By numbers where it cannot be read. Raises what `Asking.ask` raises.
        """
        try:
            answer = await self._page(watched, offset_id=below)
        except UnreadableAnswer:
            return await self._downwards_by_ids(watched, below)
        given = [message for message in answer.messages if message.id < below]
        if not given:
            return Fetched(oldest=1)
        end = _uncut(given)
        fetched = self._read(watched, answer, within=range(end, below))
        fetched.oldest = end
        dates = (getattr(message, "date", None) for message in given if message.id >= end)
        fetched.oldest_at = min((date for date in dates if date), default=None)
        return fetched

    async def _downwards_by_ids(self, watched: Watched, below: int) -> Fetched:
        end = max(below - AT_ONCE, 1)
        fetched = await self.by_ids(watched, range(end, below))
        fetched.missing, fetched.oldest = [], end
        fetched.oldest_at = min((post.posted_at for post in fetched.posts), default=None)
        return fetched

    async def _answers(self, watched: Watched, ids: Sequence[int]) -> list[Any]:
        """What Telegram says of these; of what cannot be read both halves are asked for by themselves."""
        wanted = [types.InputMessageID(number) for number in ids]
        try:
            return [await self._asking.ask(functions.channels.GetMessagesRequest(watched.to_input(), wanted))]
        except UnreadableAnswer:
            if len(ids) == 1:
                log.warning("message cannot be read", channel_id=watched.id, message_id=ids[0])
                self._set_aside(watched.id, ids[0])
                return []
        middle = len(ids) // 2
        return [*await self._answers(watched, ids[:middle]), *await self._answers(watched, ids[middle:])]

    def _set_aside(self, channel_id: ChannelId, number: int) -> None:
        self._not_before[channel_id, number] = time.monotonic() + UNREADABLE_FOR.total_seconds()

    async def _page(self, watched: Watched, *, offset_id: int = 0, add_offset: int = 0, min_id: int = 0) -> Any:
        return await self._asking.ask(
            functions.messages.GetHistoryRequest(
                peer=watched.to_peer(),
                offset_id=offset_id,
                offset_date=None,
                add_offset=add_offset,
                limit=AT_ONCE,
                max_id=0,
                min_id=max(min_id, 0),
                hash=0,
            )
        )

    def _read(self, watched: Watched, *answers: Any, within: range | None = None) -> Fetched:
        messages = [each for answer in answers for each in answer.messages if within is None or each.id in within]
        peers = {utils.get_peer_id(peer): peer for answer in answers for peer in (*answer.chats, *answer.users)}
        read = read_all(messages, watched.id, seen_at=self._clock(), peers=peers, found_by=self._found_by)
        for number in read.unreadable:
            self._set_aside(watched.id, number)
        fetched = Fetched(joined(read.posts), read.service, unreadable=read.unreadable)
        fetched.newest = max(fetched.found, default=0)
        return fetched


@dataclass(slots=True)
class Read:
    """What messages are, each by itself."""

    posts: list[Post] = field(default_factory=list)
    service: list[MessageId] = field(default_factory=list)
    unreadable: list[MessageId] = field(default_factory=list)


def read_all(
    messages: Iterable[Any],
    channel_id: ChannelId,
    *,
    seen_at: dt.datetime,
    peers: Mapping[int, Any],
    found_by: str = "reconcile",
) -> Read:
    """Messages as `read_message` reads them, in their order; one that it fails on is logged, and spoils no other."""
    read = Read()
    for message in messages:
        try:
            one = read_message(message, channel_id, seen_at=seen_at, peers=peers, found_by=found_by)
        except Exception:  # whatever it is, the others do not suffer for it
            log.exception("message not understood", channel_id=channel_id, message_id=message.id)
            read.unreadable.append(MessageId(message.id))
            continue
        if isinstance(one, Post):
            read.posts.append(one)
        elif isinstance(one, ServiceMessage):
            read.service.append(one.message_id)
    return read


def _uncut(given: Sequence[Any]) -> int:
    """The id from which a page is whole: behind the album at the end of a full page, if anything is left then."""
    last = min(given, key=lambda message: message.id)
    grouped_id = getattr(last, "grouped_id", None)
    if grouped_id is None or len(given) < AT_ONCE:
        return int(last.id)
    behind = 1 + max(message.id for message in given if getattr(message, "grouped_id", None) == grouped_id)
    return int(behind if any(message.id >= behind for message in given) else last.id)


def joined(posts: Iterable[Post]) -> list[Post]:
    """The posts in the order of their ids, the parts of each album as one."""
    albums: dict[int, list[Post]] = {}
    whole: list[Post] = []
    for post in posts:
        if post.grouped_id is None:
            whole.append(post)
        else:
            albums.setdefault(post.grouped_id, []).append(post)
    whole += [join(parts) for parts in albums.values()]
    return sorted(whole, key=lambda post: post.message_id)
