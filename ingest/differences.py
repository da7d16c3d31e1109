"""What happened to a channel since a count of its changes: new posts, edits and deletions, told by Telegram itself.

Telethon asks for the same and loses half of it: what a difference says of edits and deletions it takes for old
(reference: telethon, section 3, drop 19). Asked from our own count, nothing of it is lost, unless Telegram finds it too
much to tell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from telethon import errors, utils
from telethon.tl import functions, types

from ingest.asking import Asking, UnreadableAnswer
from ingest.fetching import joined, read_all
from ingest.watched import Watched
from storage.ids import MessageId
from storage.post_values import Post

log = structlog.get_logger()

AT_ONCE = 100
"""Changes in one answer to an account (reference: telethon, section 2)."""

MOST_SLICES = 20
"""More is for the holes: pages of history tell posts faster."""


class TooMuchToTell(Exception):
    """Telegram will not tell one by one what happened since then."""


@dataclass(slots=True)
class Changes:
    """One slice of it. `pts` is the count after it."""

    pts: int
    posts: list[Post] = field(default_factory=list)
    """New ones and edited ones, as they stand now."""
    service: list[MessageId] = field(default_factory=list)
    deleted: list[MessageId] = field(default_factory=list)


class Differences:
    """Asks through one client. `clock` says when a post was seen."""

    def __init__(self, asking: Asking, clock: Callable[[], dt.datetime]) -> None:
        self._asking = asking
        self._clock = clock

    async def since(self, watched: Watched, pts: int) -> AsyncIterator[Changes]:
        """Slice after slice, oldest first. Raises TooMuchToTell, and what `Asking.ask` raises."""
        for _ in range(MOST_SLICES):
            try:
                answer = await self._asking.ask(
                    functions.updates.GetChannelDifferenceRequest(
                        watched.to_input(), types.ChannelMessagesFilterEmpty(), pts, AT_ONCE
                    )
                )
            except (errors.PersistentTimestampInvalidError, errors.PersistentTimestampEmptyError):
                raise TooMuchToTell from None
            except UnreadableAnswer:  # and so it stays, however often we ask
                log.warning("changes cannot be told", channel_id=watched.id)
                raise TooMuchToTell from None
            if isinstance(answer, types.updates.ChannelDifferenceTooLong):
                raise TooMuchToTell
            if isinstance(answer, types.updates.ChannelDifference):
                yield self._read(watched, answer)
            if answer.final:
                return
            pts = answer.pts
        raise TooMuchToTell

    def _read(self, watched: Watched, answer: Any) -> Changes:
        changes = Changes(answer.pts)
        messages = list(answer.new_messages)
        for update in answer.other_updates:
            if isinstance(update, types.UpdateDeleteChannelMessages):
                changes.deleted += [MessageId(number) for number in update.messages]
            elif isinstance(update, types.UpdateEditChannelMessage | types.UpdateNewChannelMessage):
                messages.append(update.message)
        peers = {utils.get_peer_id(peer): peer for peer in (*answer.chats, *answer.users)}
        read = read_all(messages, watched.id, seen_at=self._clock(), peers=peers)
        changes.service = read.service
        # of one that is both new and edited, the later copy
        changes.posts = joined({post.message_id: post for post in read.posts}.values())
        return changes
