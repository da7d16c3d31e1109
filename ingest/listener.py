"""What Telegram pushes becomes posts: one handler that never waits, for Telethon counts an update as seen before it
calls us, and whatever is still being handled when the connection or the process ends is lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from telethon import TelegramClient, events
from telethon.tl import types

from ingest.albums import HOLD, Albums, Timers
from ingest.arrivals import Noted
from ingest.doubts import Doubts
from ingest.messages import ServiceMessage, channel_of, read_message
from ingest.pts import PtsCount
from storage.ids import ChannelId, MessageId
from storage.post_values import Post

log = structlog.get_logger()


class Intake(Protocol):
    """The pipeline's door for those who cannot wait."""

    def offer_nowait(self, post: Post) -> bool:
        """Take a live post; False when the buffer is full."""

    def offer_deletion_nowait(
        self, channel_id: ChannelId, message_ids: Sequence[MessageId], deleted_at: dt.datetime
    ) -> bool:
        """Take the news that a channel deleted messages; False when the buffer is full."""

    def note_nowait(self, noted: Noted) -> bool:
        """Account for ids that are no posts; False when the buffer is full."""


@dataclass(slots=True)
class Counts:
    """What the listener has seen since it was made, in messages (an album counts each part)."""

    posts: int = 0
    edits: int = 0
    deletions: int = 0
    service: int = 0
    elsewhere: int = 0
    """Of channels that nobody asked for."""
    dropped: int = 0
    """Turned away by a full pipeline: to be found again by reading the channel's history."""
    failed: int = 0
    """Updates that could not be read, each logged: a defect of ours."""


def utc_now() -> dt.datetime:
    """The wall clock."""
    return dt.datetime.now(dt.UTC)


class Listener:
    """Turns a client's updates into offers to the pipeline. Outlives clients: `attach` it to each new one."""

    def __init__(
        self,
        pipeline: Intake,
        *,
        hold: dt.timedelta = HOLD,
        timers: Timers | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._channels: dict[int, ChannelId] = {}
        self._newest: dict[ChannelId, int] = {}
        self._is_full = False
        self.doubts = Doubts()
        self.pts = PtsCount()
        self.lost: Mapping[int, ChannelId] = {}
        """Channels that cannot be read any more: Telegram's bare number -> ours."""
        self.heard_of: set[ChannelId] = set()
        """Those of them that Telegram has spoken of since somebody last looked: they may be back."""
        self.albums = Albums(self._offer, hold=hold, timers=timers)
        self.counts = Counts()

    def attach(self, client: TelegramClient) -> None:
        """Hear everything that this client receives. Before it connects, or the catch-up goes unheard."""
        # No arguments: a filter that fails loses updates inside Telethon, out of our sight (measured).
        client.add_event_handler(self._on_update, events.Raw)

    def watch(self, channels: Mapping[int, ChannelId]) -> None:
        """From now on these are the active channels: Telegram's bare number -> ours."""
        self._channels = dict(channels)

    def watch_also(self, telegram_id: int, channel_id: ChannelId) -> None:
        """One more active channel."""
        self._channels[telegram_id] = channel_id

    def doubt(self, telegram_id: int | None, cause: str) -> None:
        """Something may have been lost: of one channel by Telegram's number, or (None) of any."""
        if telegram_id is None:
            self.doubts.raise_about(None, cause)
        elif (channel_id := self._channels.get(telegram_id)) is not None:
            self.doubts.raise_about(channel_id, cause)
        elif (channel_id := self.lost.get(telegram_id)) is not None:
            self.heard_of.add(channel_id)
            self.doubts.elsewhere.set()

    async def _on_update(self, update: Any) -> None:
        # A coroutine because Telethon awaits it; nothing in it ever waits.
        try:
            self.handle(update)
        except Exception:  # the door of the handler: Telethon would lose the update either way
            self.counts.failed += 1
            log.exception("update not understood", kind=type(update).__name__)
            self._lose(update)

    def _lose(self, update: Any) -> None:
        """Its change is counted as heard already, and is not: the reconciler asks for it."""
        number = getattr(update, "channel_id", None) or channel_of(getattr(update, "message", None))
        if (channel_id := self._channels.get(number or 0)) is not None:
            self.pts.lose(channel_id)
            self.doubts.raise_about(channel_id, "update not understood")

    def handle(self, update: Any) -> None:
        """Take one update; those that are not about posts of our channels are none of ours."""
        match update:
            case types.UpdateNewChannelMessage():
                self._message(update, is_edit=False)
            case types.UpdateEditChannelMessage():
                self._message(update, is_edit=True)
            case types.UpdateDeleteChannelMessages():
                self._deletion(update)

    def _message(self, update: Any, *, is_edit: bool) -> None:
        channel_id = self._channels.get(channel_of(update.message) or 0)
        if channel_id is None:
            self.counts.elsewhere += 1
            return
        self.pts.applied(channel_id, update.pts, update.pts_count)
        self._look_for_a_jump(channel_id, update.message.id)
        peers = getattr(update, "_entities", None)  # Telethon puts them there for its own events
        post = read_message(update.message, channel_id, seen_at=self._clock(), peers=peers)
        if isinstance(post, ServiceMessage):
            self.counts.service += 1
            if not self._pipeline.note_nowait(Noted(channel_id, service=(post.message_id,))):
                self._drop(channel_id, [post.message_id])
        elif post is None:
            self.doubts.raise_about(channel_id, "empty message")
        elif is_edit:
            self.counts.edits += 1
            self.albums.edit(post)
        else:
            self.counts.posts += 1
            self.albums.add(post)

    def _deletion(self, update: Any) -> None:
        channel_id = self._channels.get(update.channel_id)
        if channel_id is None:
            self.counts.elsewhere += 1
            return
        message_ids = [MessageId(number) for number in update.messages]
        self.counts.deletions += len(message_ids)
        self.pts.applied(channel_id, update.pts, update.pts_count)
        self.albums.release(channel_id, message_ids)
        if not self._pipeline.offer_deletion_nowait(channel_id, message_ids, self._clock()):
            self._drop(channel_id, message_ids)

    def _look_for_a_jump(self, channel_id: ChannelId, message_id: int) -> None:
        """Ids of a channel follow each other: one that was skipped was a post nobody told us of, or is deleted."""
        newest = self._newest.get(channel_id)
        if newest is not None and message_id > newest + 1:
            self.doubts.raise_about(channel_id, "id skipped")
        self._newest[channel_id] = max(message_id, newest or 0)

    def _offer(self, post: Post) -> None:
        if self._pipeline.offer_nowait(post):
            self._is_full = False
        else:
            self._drop(post.channel_id, [part.message_id for part in post.parts])

    def _drop(self, channel_id: ChannelId, message_ids: Sequence[MessageId]) -> None:
        """The reconciler finds it again, once the database takes what waits."""
        self.counts.dropped += len(message_ids)
        self.pts.lose(channel_id)
        self.doubts.raise_about(channel_id, "pipeline full")
        if not self._is_full:
            self._is_full = True
            log.warning("pipeline full, messages are dropped", channel_id=channel_id, message_id=message_ids[0])
