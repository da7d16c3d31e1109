"""Following channels by their public previews: new posts are offered as they appear, gaps are walked back into."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from ingest.messages import ServiceMessage
from ingest.preview import PreviewReader
from ingest.preview_host import PreviewAway
from ingest.preview_message import PreviewMessage
from ingest.preview_page import NoPreview, PreviewPage
from ingest.waiting import until
from storage.ids import ChannelId, MessageId
from storage.post_values import Post

log = structlog.get_logger()

SHORTEST = dt.timedelta(seconds=30)
"""How often a busy channel's page is looked at. A page holds 20 posts, so a channel that posts 40 times a minute is
still followed without walking back."""

FIRST = dt.timedelta(minutes=2)
"""How soon a channel is looked at again when nothing is known of its habits."""

LONGEST = dt.timedelta(minutes=15)
"""How often a silent channel's page is looked at: a post that is stored later than this counts as late."""

FASTER, SLOWER = 0.5, 1.25
"""A visit that brings posts halves the pause, one that brings none lengthens it by a quarter: three in four vain looks
are the balance, and a channel that wakes up is followed closely after a few posts."""

NO_PREVIEW_EVERY = dt.timedelta(hours=1)
"""A preview that was switched off seldom comes back."""

PAGES_A_VISIT = 10
"""Pages of a gap that are walked before the other channels have their turn; the rest waits for the next visit."""


class PreviewIntake(Protocol):
    """The pipeline's door."""

    async def offer(self, post: Post, *, owe: bool) -> None:
        """Take a post; waits while the buffer is full."""


@dataclass(frozen=True, slots=True)
class PreviewChannel:
    """A channel to follow. `telegram_id`: pages of another channel under its name are not taken.

    `newest`: the largest message id that is stored. Without one, posts older than the moment we began are history:
    those of the first page are offered, and owe nothing; earlier ones are not looked for.
    """

    channel_id: ChannelId
    username: str
    telegram_id: int | None = None
    newest: MessageId | None = None


@dataclass(slots=True)
class _Followed:
    channel: PreviewChannel
    newest: MessageId | None
    next_at: float
    since: dt.datetime
    pause: dt.timedelta = FIRST
    gaps: list[tuple[MessageId, MessageId]] = field(default_factory=list)
    """(above, below): ids strictly between have not been looked at."""
    hashes: dict[MessageId, bytes] = field(default_factory=dict)
    """Of the posts on the newest page, as they were: the page does not tell when a post was edited."""
    no_preview: NoPreview | None = None
    telegram_id: int | None = None
    """As the channel's row says, else as its first page said."""


class PreviewLoop:
    """Visits the page of each channel when it is due, one after the other, for ever.

    `on_service` hears of service messages, `on_no_preview` when a channel's preview goes (with the reason) and comes
    back (None). `clock` gives seconds that never run backwards, `now` the wall clock.
    """

    def __init__(
        self,
        reader: PreviewReader,
        intake: PreviewIntake,
        *,
        on_service: Callable[[ServiceMessage], Awaitable[None]] | None = None,
        on_no_preview: Callable[[PreviewChannel, NoPreview | None], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._reader = reader
        self._intake = intake
        self._on_service = on_service
        self._on_no_preview = on_no_preview
        self._clock = clock
        self._now = now
        self._followed: dict[tuple[ChannelId, str], _Followed] = {}
        self._changed = asyncio.Event()

    def follow(self, channels: Iterable[PreviewChannel]) -> None:
        """Follow these and no others; of those that were followed already, what is known stays known."""
        before = self._followed
        self._followed = {}
        for channel in channels:
            key = (channel.channel_id, channel.username.lower())
            self._followed[key] = before.get(key) or _Followed(
                channel, channel.newest, self._clock(), self._now(), telegram_id=channel.telegram_id
            )
            if key not in before:
                self._reader.forget(channel.username)
        self._changed.set()

    def newest(self, channel_id: ChannelId) -> MessageId | None:
        """The largest message id seen of a channel; there may be gaps below it."""
        seen = [each.newest for (number, _), each in self._followed.items() if number == channel_id and each.newest]
        return max(seen, default=None)

    async def run(self) -> None:
        """Visit whatever is due until cancelled."""
        while True:
            self._changed.clear()
            pause = await self.step()
            await until(self._changed, pause)

    async def step(self) -> float:
        """Visit the channel that has been due longest, if one is; the seconds until the next is."""
        due = min(self._followed.values(), key=lambda each: each.next_at, default=None)
        if due is not None and due.next_at <= self._clock():
            await self._visit(due)
        soonest = min(
            (each.next_at for each in self._followed.values()), default=self._clock() + LONGEST.total_seconds()
        )
        return max(soonest - self._clock(), 0.0)

    async def _visit(self, followed: _Followed) -> None:
        channel_id = followed.channel.channel_id
        try:
            await self._look(followed)
            await self._walk(followed)
        except PreviewAway as away:  # the reader leaves the site alone by itself
            log.warning("preview page not read", channel_id=channel_id, reason=str(away))
        except Exception as error:  # noqa: BLE001 - the loop's door: one channel's trouble is not the others'
            log.error("preview visit failed", channel_id=channel_id, error=type(error).__name__)
            self._reader.forget(followed.channel.username)  # what was not offered is read again
            followed.pause = min(followed.pause * 2, LONGEST)
        pause = NO_PREVIEW_EVERY if followed.no_preview else SHORTEST if followed.gaps else followed.pause
        followed.next_at = self._clock() + pause.total_seconds()

    async def _look(self, followed: _Followed) -> None:
        page = await self._reader.page(followed.channel.username)
        reason = page if isinstance(page, NoPreview) else None
        if reason != followed.no_preview:
            log.info("channel's preview changed", channel_id=followed.channel.channel_id, no_preview=reason)
            if self._on_no_preview:
                await self._on_no_preview(followed.channel, reason)
            followed.no_preview = reason
        before = followed.newest
        if isinstance(page, PreviewPage) and _is_its_own(followed, page):
            await self._take_newest(followed, page)
        if not isinstance(page, NoPreview):
            rate = FASTER if followed.newest != before else SLOWER
            followed.pause = min(max(followed.pause * rate, SHORTEST), LONGEST)

    async def _take_newest(self, followed: _Followed, page: PreviewPage) -> None:
        before, hashes = followed.newest, dict[MessageId, bytes]()
        for message in page.messages:
            is_new = before is None or max(message.message_ids) > before
            is_news = before is not None or (message.posted_at or followed.since) > followed.since
            await self._tell(followed, message, hashes, is_new=is_new, owe=is_news)
        if page.oldest is None or page.newest is None:
            return
        if before is not None and page.oldest > before + 1:
            followed.gaps.append((before, page.oldest))
        followed.newest = max(before or page.newest, page.newest)
        followed.hashes = hashes

    async def _walk(self, followed: _Followed) -> None:
        """Turn back page by page through what has not been looked at."""
        for _ in range(PAGES_A_VISIT):
            if not followed.gaps or followed.no_preview:
                return
            above, below = followed.gaps[-1]
            page = await self._reader.page(followed.channel.username, before=below)
            if not isinstance(page, PreviewPage) or not _is_its_own(followed, page):
                return
            for message in page.messages:
                if any(above < number < below for number in message.message_ids):
                    await self._tell(followed, message, {}, is_new=True, owe=True)
            # a site that answers otherwise than it was asked must not turn us in circles
            is_walked = page.oldest is None or page.oldest <= above + 1 or page.oldest >= below
            followed.gaps[-1:] = [] if is_walked or page.oldest is None else [(above, page.oldest)]

    async def _tell(
        self, followed: _Followed, message: PreviewMessage, hashes: dict[MessageId, bytes], *, is_new: bool, owe: bool
    ) -> None:
        """Offer what is new, and what was edited since we saw it."""
        channel_id, seen_at = followed.channel.channel_id, self._now()
        found = message.tell(channel_id, seen_at=seen_at)
        if isinstance(found, ServiceMessage):
            if is_new and self._on_service:
                await self._on_service(found)
            return
        number = found.message_id
        hashes[number] = found.content_hash
        known = followed.hashes.get(number)
        if is_new:
            await self._offer(message, channel_id, seen_at, None, owe=owe)
        elif message.is_edited and known is not None and known != hashes[number]:
            await self._offer(message, channel_id, seen_at, seen_at, owe=True)

    async def _offer(
        self,
        message: PreviewMessage,
        channel_id: ChannelId,
        seen_at: dt.datetime,
        edited_at: dt.datetime | None,
        *,
        owe: bool,
    ) -> None:
        found = message.tell(channel_id, seen_at=seen_at, edited_at=edited_at)
        if not isinstance(found, ServiceMessage):
            await self._intake.offer(found, owe=owe)


def _is_its_own(followed: _Followed, page: PreviewPage) -> bool:
    """Names are given up and sold; whoever has one now is not the channel that was asked for."""
    channel_id = followed.channel.channel_id
    if page.unreadable:
        log.warning("preview page has blocks that cannot be read", channel_id=channel_id, blocks=page.unreadable)
    followed.telegram_id = followed.telegram_id or page.telegram_id
    if page.telegram_id in (None, followed.telegram_id):
        return True
    log.warning("preview page is another channel's", channel_id=channel_id)
    return False
