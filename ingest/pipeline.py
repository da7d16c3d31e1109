"""The one door: posts come in, and are stored, labelled, matched and owed in one commit."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import structlog

from analysis.labels import label, unlabelled
from ingest.standing_queries import StandingQueries
from storage.database import Connection, Database, DatabaseAway, StatementRefused
from storage.deliveries import Owed, owe_alerts
from storage.ids import ChannelId, MessageId, PostId
from storage.post_store import store_posts
from storage.post_values import Post
from storage.post_versions import StoredVersion, completed, stored_versions
from storage.posts import LabelledPost, Outcome, failed_analyses, mark_deleted

log = structlog.get_logger()

LARGEST_BATCH = 200
"""Posts in one commit: 75-90 % of the rate of 500 is reached at 50 (reference: performance, 6.1)."""

BUFFER = 2000
"""Posts that wait for the database; when it is full, whoever can wait does, and the listener is told."""

FEW_ENOUGH = 4
"""Up to so many posts are analysed at once; more would hold the event loop too long, and go to a thread."""

LONGEST_PAUSE_SECONDS = 10.0

BACKFILL = "backfill"
"""`Post.found_by` of posts that owe nothing."""


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
        """Hand over a post, waiting while the buffer is full. One that owes nothing is stored as backfill."""
        if not owe:  # what is stored says so too: a post whose analysis failed comes again, and must still owe nothing
            post = replace(post, found_by=BACKFILL)
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
            await self.offer(post, owe=post.found_by != BACKFILL)
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

    async def _commit_at_last(self, batch: Sequence[Arrival | Deletion], *, is_unlabelled: bool = False) -> None:
        pause = 0.1
        while True:
            try:
                self._add(await self._commit(batch, _unlabelled if is_unlabelled else _labelled))
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
                elif not is_unlabelled:  # perhaps it is what we made of its text that is refused, not the post
                    await self._commit_at_last(batch, is_unlabelled=True)
                else:
                    self._refuse(batch[0], refused)
                return

    async def _commit(self, batch: Sequence[Arrival | Deletion], labeller: Labeller) -> Settled:
        arrivals = [item for item in batch if isinstance(item, Arrival)]
        posts = await _label([item.post for item in arrivals], labeller)
        labelled = dict(zip(map(id, arrivals), posts, strict=True))
        count = Settled()
        async with self._database.begin() as connection:
            await self._standing.refresh(connection)
            for step in _steps(batch):
                if isinstance(step, Deletion):
                    await mark_deleted(connection, step.channel_id, step.message_ids, step.deleted_at)
                else:
                    await self._store(connection, [(item, labelled[id(item)]) for item in step], labeller, count)
        return count

    async def _store(
        self,
        connection: Connection,
        step: Sequence[tuple[Arrival, LabelledPost]],
        labeller: Labeller,
        count: Settled,
    ) -> None:
        stored = await stored_versions(connection, [item.post for _, item in step])
        twin = _first_twin(stored)
        if twin:  # two parts of one album came as posts of their own: the second builds on the first
            await self._store(connection, step[:twin], labeller, count)
            await self._store(connection, step[twin:], labeller, count)
            return
        labelled = [_completed(item, before, labeller) for (_, item), before in zip(step, stored, strict=True)]
        outcomes = await store_posts(connection, labelled, stored)
        owed: list[Owed] = []
        for (arrival, _), item, before, (post_id, outcome) in zip(step, labelled, stored, outcomes, strict=True):
            count.stored += outcome is Outcome.NEW
            count.updated += outcome is Outcome.EDITED
            count.unchanged += outcome is Outcome.UNCHANGED
            if arrival.owe and outcome is not Outcome.UNCHANGED:
                owed += self._newly_owed(post_id, item, before)
        count.owed += await owe_alerts(connection, owed)

    def _newly_owed(self, post_id: PostId, item: LabelledPost, before: StoredVersion | None) -> list[Owed]:
        """What a new post owes; an edited one owes only those whose queries did not hold before the edit."""
        owed = self._standing.owed(post_id, item.fields)
        if before is None or before.is_unlabelled or not owed:
            return owed
        known = self._standing.owed(post_id, _labelled(before.post).fields)
        matched = {reason for item in known for reason in item.subscription_ids}
        new = [replace(o, subscription_ids=tuple(r for r in o.subscription_ids if r not in matched)) for o in owed]
        return [o for o in new if o.subscription_ids]

    def _add(self, count: Settled) -> None:
        for field in Settled.__slots__:
            setattr(self._count, field, getattr(self._count, field) + getattr(count, field))

    def _refuse(self, item: Arrival | Deletion, refused: StatementRefused) -> None:
        self._count.refused += 1
        where = item.post if isinstance(item, Arrival) else item
        log.error("post cannot be stored", channel_id=where.channel_id, reason=str(refused))


Labeller = Callable[[Post], LabelledPost]


async def _label(posts: Sequence[Post], labeller: Labeller) -> list[LabelledPost]:
    if len(posts) <= FEW_ENOUGH:
        return [labeller(post) for post in posts]
    return await asyncio.to_thread(lambda: [labeller(post) for post in posts])


def _labelled(post: Post) -> LabelledPost:
    try:
        return LabelledPost(post, label(post.text))
    except Exception:
        # Whatever a text does to our analysis, the post itself must not be lost: it is stored and tried again.
        log.exception("analysis failed", channel_id=post.channel_id, message_id=post.message_id)
        return _unlabelled(post)


def _unlabelled(post: Post) -> LabelledPost:
    return LabelledPost(post, unlabelled())


def _completed(item: LabelledPost, before: StoredVersion | None, labeller: Labeller) -> LabelledPost:
    """A part of an album that is stored already becomes the whole album, and is labelled by all it says."""
    whole = completed(item.post, before)
    return item if whole is item.post else labeller(whole)


def _first_twin(stored: Sequence[StoredVersion | None]) -> int:
    """The first place whose post is that of an earlier one; 0 when there is none."""
    seen: set[PostId] = set()
    for place, version in enumerate(stored):
        if version is not None and version.id in seen:
            return place
        if version is not None:
            seen.add(version.id)
    return 0


def _steps(batch: Sequence[Arrival | Deletion]) -> Iterator[list[Arrival] | Deletion]:
    """The batch in order, in pieces that hold no message twice: a post and its edit are two steps of one commit."""
    step: list[Arrival] = []
    keys: set[tuple[str, int, int]] = set()
    for item in batch:
        if isinstance(item, Deletion):
            if step:
                yield step
            step, keys = [], set()
            yield item
            continue
        own = _keys(item.post)
        if not own.isdisjoint(keys):
            yield step
            step, keys = [], set()
        step.append(item)
        keys |= own
    if step:
        yield step


def _keys(post: Post) -> set[tuple[str, int, int]]:
    messages = {("message", post.channel_id, part.message_id) for part in post.parts}
    return messages | ({("album", post.channel_id, post.grouped_id)} if post.grouped_id is not None else set())
