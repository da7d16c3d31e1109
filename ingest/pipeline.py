"""The one door: posts come in, and are stored, labelled, matched and owed in one commit."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from analysis.labels import label, unlabelled
from ingest.standing_queries import StandingQueries
from storage.database import Connection, Database, DatabaseAway, StatementRefused
from storage.deliveries import Owed, owe_alerts
from storage.ids import ChannelId, MessageId
from storage.post_store import store_posts, with_stored_parts
from storage.post_values import Post
from storage.posts import LabelledPost, Outcome, failed_analyses, mark_deleted

log = structlog.get_logger()

LARGEST_BATCH = 200
"""Posts in one commit: 75-90 % of the rate of 500 is reached at 50 (reference: performance, 6.1)."""

BUFFER = 2000
"""Posts that wait for the database; when it is full, whoever can wait does, and the listener is told."""

FEW_ENOUGH = 4
"""Up to so many posts are analysed at once; more would hold the event loop too long, and go to a thread."""

LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post at the door. `owe`: matching subscriptions are owed an alert; a backfilled post owes nothing."""

    post: Post
    owe: bool = True


@dataclass(frozen=True, slots=True)
class Deletion:
    """Messages that a channel deleted."""

    channel_id: ChannelId
    message_ids: tuple[MessageId, ...]
    deleted_at: dt.datetime


@dataclass(slots=True)
class Settled:
    """What became of the posts offered since the last count."""

    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    owed: int = 0


class Pipeline:
    """Takes posts in their order, commits them in batches. `run` does the work; everything else is the door.

    A batch is whatever has come while the last one was being committed: a single post waits for nothing, a flood is
    stored by hundreds.
    """

    def __init__(self, database: Database, *, buffer: int = BUFFER) -> None:
        self._database = database
        self._queue: asyncio.Queue[Arrival | Deletion] = asyncio.Queue(buffer)
        self._standing = StandingQueries()
        self._count = Settled()

    async def offer(self, post: Post, *, owe: bool = True) -> None:
        """Hand over a post, waiting while the buffer is full."""
        await self._queue.put(Arrival(post, owe))

    def offer_nowait(self, post: Post) -> bool:
        """Hand over a live post at once; False when the buffer is full."""
        return self._put_nowait(Arrival(post))

    async def offer_deletion(
        self, channel_id: ChannelId, message_ids: Sequence[MessageId], deleted_at: dt.datetime
    ) -> None:
        """Hand over a deletion, waiting while the buffer is full."""
        await self._queue.put(Deletion(channel_id, tuple(message_ids), deleted_at))

    def offer_deletion_nowait(
        self, channel_id: ChannelId, message_ids: Sequence[MessageId], deleted_at: dt.datetime
    ) -> bool:
        """Hand over a deletion at once; False when the buffer is full."""
        return self._put_nowait(Deletion(channel_id, tuple(message_ids), deleted_at))

    async def settle(self) -> Settled:
        """Wait until everything offered is committed; what became of it, counted since the last settle."""
        await self._queue.join()
        count, self._count = self._count, Settled()
        return count

    async def retry_failed(self, limit: int = LARGEST_BATCH) -> int:
        """Send posts whose analysis raised through the door again; how many there were."""
        async with self._database.begin() as connection:
            posts = await failed_analyses(connection, limit)
        for post in posts:
            await self.offer(post, owe=post.found_by != "backfill")
        return len(posts)

    async def run(self) -> None:
        """Commit batch after batch until cancelled. A database that is away is waited for; nothing is dropped."""
        while True:
            batch = [await self._queue.get()]
            while len(batch) < LARGEST_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._commit_at_last(batch)
            for _ in batch:
                self._queue.task_done()

    def _put_nowait(self, item: Arrival | Deletion) -> bool:
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            return False
        return True

    async def _commit_at_last(self, batch: Sequence[Arrival | Deletion]) -> None:
        pause = 0.1
        while True:
            try:
                self._add(await self._commit(batch))
                return
            except DatabaseAway as away:
                # Away, restarting, or a lock not given in time: storing is idempotent, so the whole batch goes again.
                log.warning("database did not take a batch", posts=len(batch), reason=str(away))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            except StatementRefused as refused:
                if len(batch) > 1:  # find the one that it refuses, store the others
                    for item in batch:
                        await self._commit_at_last([item])
                else:
                    self._refuse(batch[0], refused)
                return

    async def _commit(self, batch: Sequence[Arrival | Deletion]) -> Settled:
        arrivals = [item for item in batch if isinstance(item, Arrival)]
        labelled = dict(zip(map(id, arrivals), await _label([item.post for item in arrivals]), strict=True))
        count = Settled()
        async with self._database.begin() as connection:
            await self._standing.refresh(connection)
            for step in _steps(batch):
                if isinstance(step, Deletion):
                    await mark_deleted(connection, step.channel_id, step.message_ids, step.deleted_at)
                else:
                    await self._store(connection, step, [labelled[id(item)] for item in step], count)
        return count

    async def _store(
        self, connection: Connection, arrivals: Sequence[Arrival], labelled: Sequence[LabelledPost], count: Settled
    ) -> None:
        labelled = await _albums_completed(connection, labelled)
        owed: list[Owed] = []
        for arrival, item, (post_id, outcome) in zip(
            arrivals, labelled, await store_posts(connection, labelled), strict=True
        ):
            count.stored += outcome is Outcome.NEW
            count.updated += outcome is Outcome.EDITED
            count.unchanged += outcome is Outcome.UNCHANGED
            if arrival.owe and outcome is not Outcome.UNCHANGED:
                owed += self._standing.owed(post_id, item.fields)
        count.owed += await owe_alerts(connection, owed)

    def _add(self, count: Settled) -> None:
        for field in Settled.__slots__:
            setattr(self._count, field, getattr(self._count, field) + getattr(count, field))

    def _refuse(self, item: Arrival | Deletion, refused: StatementRefused) -> None:
        self._count.refused += 1
        where = item.post if isinstance(item, Arrival) else item
        log.error("post cannot be stored", channel_id=where.channel_id, reason=str(refused))


async def _label(posts: Sequence[Post]) -> list[LabelledPost]:
    if len(posts) <= FEW_ENOUGH:
        return [_labelled(post) for post in posts]
    return await asyncio.to_thread(lambda: [_labelled(post) for post in posts])


def _labelled(post: Post) -> LabelledPost:
    try:
        return LabelledPost(post, label(post.text))
    except Exception:
        # Whatever a text does to our analysis, the post itself must not be lost: it is stored and tried again.
        log.exception("analysis failed", channel_id=post.channel_id, message_id=post.message_id)
        return LabelledPost(post, unlabelled())


async def _albums_completed(connection: Connection, labelled: Sequence[LabelledPost]) -> list[LabelledPost]:
    """Posts of albums that are stored in part become the whole album, and are labelled by all it says."""
    whole = await with_stored_parts(connection, [item.post for item in labelled])
    return [item if post is item.post else _labelled(post) for item, post in zip(labelled, whole, strict=True)]


def _steps(batch: Sequence[Arrival | Deletion]) -> Iterator[list[Arrival] | Deletion]:
    """The batch in order, in pieces that hold no post twice: a post and its edit are two steps of one commit."""
    step: list[Arrival] = []
    keys: set[tuple[int, int | None, int]] = set()
    for item in batch:
        if isinstance(item, Deletion):
            if step:
                yield step
            step, keys = [], set()
            yield item
            continue
        post = item.post
        key = (post.channel_id, post.grouped_id, 0 if post.grouped_id else post.message_id)
        if key in keys:
            yield step
            step, keys = [], set()
        step.append(item)
        keys.add(key)
    if step:
        yield step
