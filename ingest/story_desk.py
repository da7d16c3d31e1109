"""The desk that says which story a post tells: the window of the last days, kept in step with all other processes."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from analysis.stories import MOST_POSTS, Signature, SignatureError, Telling, Verdict, Window
from storage import stories
from storage.channels import telegram_ids
from storage.database import Connection, Database
from storage.ids import ChannelId, PostId, TelegramChannelId
from storage.post_values import Post
from storage.stories import Address, Placed, Told

log = structlog.get_logger()

AT_ONCE_SECONDS = 0.005
"""The desk thinks for so long before the event loop turns."""

MOST_AHEAD = dt.timedelta(days=1)
"""A post that is dated later from now on is dated wrongly, as an archive's may be: in the window it would make every
other post too old to be told. A day, for the machine's own clock may be wrong, too."""

LEARN_AGAIN_SECONDS = 60.0
"""Between two looks whether Telegram's number of an archive's channel is known by now."""


@dataclass(frozen=True, slots=True)
class Report:
    """A post that has just been stored, or stored with other words."""

    post_id: PostId
    post: Post
    signature: Signature


class StoryDesk:
    """Joins posts to stories, inside the transaction that stores them. For one process; others have their own.

    What a transaction tells is in the window at once, for the next post of the batch, and is taken back when it fails.
    `most`: posts that the window holds at most (CHANNELWATCH_STORY_POSTS).
    """

    def __init__(self, most: int = MOST_POSTS) -> None:
        self._most = most
        self._window = Window(most=most)
        self._told_version = self._placed_version = 0
        self._versions = 0, 0
        self._telegram_ids: dict[ChannelId, TelegramChannelId | None] = {}
        self._learned_at = 0.0
        self._uncommitted: list[PostId] = []
        self._is_beyond_undoing = False
        self._is_read = False

    async def read(self, database: Database) -> None:
        """Read the window, the first time: what was told before this process began. Raises DatabaseAway."""
        if self._is_read:
            return
        began = time.perf_counter()
        async with database.begin() as connection:
            await self._catch_up(connection)
        self._is_read = True
        log.info("stories read", posts=len(self._window), seconds=round(time.perf_counter() - began, 2))

    async def join(self, connection: Connection, reports: Sequence[Report]) -> dict[PostId, PostId]:
        """Tell posts, and say which story each tells: its own number for one that is the first.

        Old posts, which a backfill or an archive brings, tell none, nor do posts dated ahead: they are left out of the
        answer.
        Takes the lock that others wait for until the transaction ends: to be called after all posts are stored.
        """
        reports = [report for report in reports if self._may_tell(report.post.posted_at)]
        if not reports:
            return {}
        await stories.lock_stories(connection)
        if await stories.latest_version(connection) != self._told_version:
            await self._catch_up(connection)
        self._versions = self._told_version, self._placed_version
        await self._learn_addresses(connection, {report.post.channel_id for report in reports})
        placed: list[Placed] = []
        merged: list[tuple[PostId, PostId]] = []
        began = time.perf_counter()
        for report in reports:
            place = self._take_in(report, merged)
            if place is not None:
                placed.append(place)
            if time.perf_counter() - began > AT_ONCE_SECONDS:
                await asyncio.sleep(0)
                began = time.perf_counter()
        if placed:
            await stories.place(connection, placed)
        for story_id, into in merged:
            await stories.merge_stories(connection, story_id, into)
            log.info("stories merged", story_id=story_id, into=into)
        version = await stories.tell(
            connection, [(report.post_id, report.post.posted_at, report.signature.to_bytes()) for report in reports]
        )
        self._told_version = self._placed_version = version
        found = {report.post_id: self._story_of(report.post_id) for report in reports}
        return found | {each.post_id: each.story_id for each in placed if self._window.story_of(each.post_id) is None}

    def committed(self) -> None:
        """The transaction has ended well: what it told stays."""
        self._uncommitted.clear()
        self._is_beyond_undoing = False

    def rolled_back(self) -> None:
        """It has not: forget what it told. After a merge, or an edit, the window is read anew from what is stored."""
        if self._is_beyond_undoing:
            self._window = Window(most=self._most)
            self._told_version = self._placed_version = 0
            self._is_read = False
        elif self._uncommitted:
            for post_id in self._uncommitted:
                self._window.discard(post_id)
            self._told_version, self._placed_version = self._versions
        self.committed()

    def _may_tell(self, posted_at: dt.datetime) -> bool:
        """Whether a post of that moment is neither too old for the window nor dated ahead."""
        return not (_is_ahead(posted_at) or self._window.is_past(posted_at.timestamp()))

    def _story_of(self, post_id: PostId) -> PostId:
        story_id = self._window.story_of(post_id)
        return PostId(story_id) if story_id is not None else post_id

    def _take_in(self, report: Report, merged: list[tuple[PostId, PostId]]) -> Placed | None:
        """Put a post into the window; where it goes if it is not alone."""
        self._uncommitted.append(report.post_id)
        known = self._window.story_of(report.post_id)
        telling = self._telling(report, report.post_id if known is None else PostId(known))
        if known is not None:  # told again with other words: it keeps its story
            self._is_beyond_undoing = True
            self._window.discard(report.post_id)
            self._window.add(telling)
            return None
        verdict = self._window.find(telling)
        if verdict is None:
            self._window.add(telling)
            return None
        story_id = self._merge(verdict, merged)
        self._window.add(self._telling(report, story_id))
        return Placed(report.post_id, story_id, verdict.kind, PostId(verdict.post_id), round(verdict.similarity, 4))

    def _merge(self, verdict: Verdict, merged: list[tuple[PostId, PostId]]) -> PostId:
        """The oldest of the stories that a post ties together; the others become part of it."""
        into = PostId(verdict.into)
        for story_id in verdict.merged:
            self._window.merge(story_id, into)
            self._is_beyond_undoing = True
            merged.append((PostId(story_id), into))
        return into

    def _telling(self, report: Report, story_id: PostId) -> Telling:
        post = report.post
        telegram_id = self._telegram_ids.get(post.channel_id)
        return Telling(
            post_id=report.post_id,
            story_id=story_id,
            channel_id=post.channel_id,
            posted_at=post.posted_at.timestamp(),
            signature=report.signature,
            address=(telegram_id, post.message_id) if telegram_id is not None else None,
            forward_of=_origin(post),
        )

    async def _learn_addresses(self, connection: Connection, channel_ids: set[ChannelId]) -> None:
        """By which number Telegram knows a channel: forwards name it. Of an archive it may be learned later."""
        if time.monotonic() - self._learned_at > LEARN_AGAIN_SECONDS:
            self._learned_at = time.monotonic()
            self._telegram_ids = {each: number for each, number in self._telegram_ids.items() if number is not None}
        unknown = channel_ids - self._telegram_ids.keys()
        if unknown:
            self._telegram_ids |= await telegram_ids(connection, unknown)

    async def _catch_up(self, connection: Connection) -> None:
        """Take in what others have told and placed since the last look.

        A window that begins is told where each post stands now: of earlier changes, years of them, it needs none.
        """
        if not self._told_version:
            self._placed_version = await stories.last_placed(connection)
        while True:
            told, version = await stories.told_since(connection, self._told_version)
            self._add_all(told)
            self._told_version = version
            if len(told) < stories.PAGE:
                break
            await asyncio.sleep(0)
        while True:
            placed, version = await stories.placed_since(connection, self._placed_version)
            for each in placed:
                self._window.move([each.post_id], each.story_id)
                for story_id in each.apart_from:
                    self._window.keep_apart(each.post_id, story_id)
            self._placed_version = version
            if len(placed) < stories.PAGE:
                break

    def _add_all(self, told: Iterable[Told]) -> None:
        for each in told:
            if _is_ahead(each.posted_at):
                continue
            try:
                signature = Signature.from_bytes(each.signature)
            except SignatureError:  # of another release: these posts are in their stories, and open no new ones
                continue
            self._window.discard(each.post_id)
            self._window.add(
                Telling(
                    post_id=each.post_id,
                    story_id=each.story_id,
                    channel_id=each.channel_id,
                    posted_at=each.posted_at.timestamp(),
                    signature=signature,
                    address=each.address,
                    forward_of=each.forward_of,
                )
            )
            for story_id in each.apart_from:
                self._window.keep_apart(each.post_id, story_id)


def _is_ahead(posted_at: dt.datetime) -> bool:
    return posted_at > dt.datetime.now(dt.UTC) + MOST_AHEAD


def _origin(post: Post) -> Address | None:
    """What a post forwards, by Telegram's numbers; None when Telegram hides it."""
    forward = post.forward
    if forward is None or forward.channel_telegram_id is None or forward.message_id is None:
        return None
    return forward.channel_telegram_id, forward.message_id
