"""Asked for by their ids, or page by page: messages of a channel become posts, service messages, and missing ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from telethon import utils
from telethon.tl import functions, types

from ingest.albums import join
from ingest.asking import Asking
from ingest.messages import ServiceMessage, read_message
from ingest.watched import Watched
from storage.ids import MessageId
from storage.post_values import Post

AT_ONCE = 100
"""Ids in one channels.getMessages, messages in one page of messages.getHistory (core.telegram.org/api/offsets)."""


@dataclass(slots=True)
class Fetched:
    """What one request brought."""

    posts: list[Post] = field(default_factory=list)
    """Parts of one album joined, as far as they came together; oldest first."""
    service: list[MessageId] = field(default_factory=list)
    missing: list[MessageId] = field(default_factory=list)
    """Asked for, or in the middle of the page, and not there."""
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
        return {part.message_id for post in self.posts for part in post.parts} | set(self.service)


class Fetching:
    """Fetches through one client. `clock` says when a post was seen."""

    def __init__(self, asking: Asking, clock: Callable[[], dt.datetime], found_by: str = "reconcile") -> None:
        self._asking = asking
        self._clock = clock
        self._found_by = found_by

    async def by_ids(self, watched: Watched, ids: Sequence[int]) -> Fetched:
        """Up to AT_ONCE messages by their ids. Raises what `Asking.ask` raises."""
        wanted = [types.InputMessageID(number) for number in ids]
        answer = await self._asking.ask(functions.channels.GetMessagesRequest(watched.to_input(), wanted))
        fetched = self._read(watched, answer)
        found = fetched.found
        fetched.missing = [MessageId(number) for number in ids if number not in found]
        return fetched

    async def upwards(self, watched: Watched, first: int, last: int) -> Fetched:
        """The next page from `first` on, up to `last`. What a full page leaves out is missing; of a short one only
        what lies between those that it gave: it may hold less than was asked for, at either end.
        """
        answer = await self._page(watched, offset_id=first, add_offset=-AT_ONCE, min_id=first - 1)
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

    async def newest(self, watched: Watched) -> Fetched:
        """The newest page."""
        answer = await self._page(watched)
        fetched = self._read(watched, answer)
        if found := fetched.found:
            fetched.missing = [MessageId(n) for n in range(min(found), max(found)) if n not in found]
        return fetched

    async def downwards(self, watched: Watched, below: int) -> Fetched:
        """The next page of ids smaller than `below`, which is at least 2. Ids between those are not proved missing.

        An album that the end of a full page may have cut is left to the next one. A short page may have more behind it,
        so only an empty one is the end. Raises what `Asking.ask` raises.
        """
        answer = await self._page(watched, offset_id=below)
        given = [message for message in answer.messages if message.id < below]
        if not given:
            return Fetched(oldest=1)
        end = _uncut(given)
        fetched = self._read(watched, answer, within=range(end, below))
        fetched.oldest = end
        dates = (getattr(message, "date", None) for message in given if message.id >= end)
        fetched.oldest_at = min((date for date in dates if date), default=None)
        return fetched

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

    def _read(self, watched: Watched, answer: Any, within: range | None = None) -> Fetched:
        peers = {utils.get_peer_id(peer): peer for peer in (*answer.chats, *answer.users)}
        seen_at = self._clock()
        fetched = Fetched()
        posts = []
        for message in answer.messages:
            if within is not None and message.id not in within:
                continue
            read = read_message(message, watched.id, seen_at=seen_at, peers=peers, found_by=self._found_by)
            if isinstance(read, Post):
                posts.append(read)
            elif isinstance(read, ServiceMessage):
                fetched.service.append(read.message_id)
        fetched.posts = joined(posts)
        fetched.newest = max(fetched.found, default=0)
        return fetched


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
