"""The one door: posts come in, and are stored, labelled, matched and owed in one commit."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from ingest.arrivals import Arrival, Buffer, Deletion, Labelled, steps
from ingest.labelling import Labeller, label_all, labelled, without_labels
from ingest.stages import Stages
from ingest.standing_queries import REFILE_QUERIES, SAMPLE, StandingQueries
from ingest.upkeep import Upkeep
from storage.database import Connection, Database, DatabaseAway, StatementRefused, prefer_indexes
from storage.deliveries import Owed, owe_alerts
from storage.ids import ChannelId, MessageId, PostId, SubscriptionId
from storage.post_store import store_posts
from storage.post_values import Post
from storage.post_versions import StoredVersion, completed, stored_versions
from storage.posts import LabelledPost, Outcome, failed_analyses, mark_deleted

log = structlog.get_logger()

LARGEST_BATCH = 200
"""Posts in one commit: 75-90 % of the rate of 500 is reached at 50 (reference: performance, 6.1)."""

SLICE = 50
SLICE_CHARACTERS = 250_000
"""Posts, and about how many characters, that are analysed in one go; a batch is up to LARGEST_BATCH / SLICE of them."""

BUFFER = 2_000
BUFFER_CHARACTERS = 8_000_000
"""Posts, and their characters, that wait for the database; when it is full, whoever can wait does, and the listener is
told. Telegram's longest posts come to about as many characters; they take 32 MiB at most."""

AT_ONCE_SECONDS = 0.005
"""Matching goes on for so long before the event loop turns: the server's answers are read meanwhile."""

LONGEST_PAUSE_SECONDS = 10.0

BACKFILL = "backfill"
"""`Post.found_by` of posts that owe nothing."""


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
    stored by hundreds. The next batch is analysed meanwhile. `stages` says where the time goes.
    """

    def __init__(self, database: Database, *, buffer: int = BUFFER, characters: int = BUFFER_CHARACTERS) -> None:
        self._database = database
        self._buffer = Buffer(buffer, characters)
        self._ready: asyncio.Queue[tuple[float, list[Labelled | Deletion]]] = asyncio.Queue(LARGEST_BATCH // SLICE)
        self._standing = StandingQueries()
        self._filed_anew: StandingQueries | None = None
        self._count = Settled()
        self.stages = Stages()

    async def offer(self, post: Post, *, owe: bool = True) -> None:
        """Hand over a post, waiting while the buffer is full. One that owes nothing is stored as backfill."""
        if not owe:  # what is stored says so too: a post whose analysis failed comes again, and must still owe nothing
            post = replace(post, found_by=BACKFILL)
        await self._buffer.put(Arrival(post, owe))

    def offer_nowait(self, post: Post) -> bool:
        """Hand over a live post at once; False when the buffer is full."""
        return self._put_nowait(Arrival(post))

    async def offer_deletion(
        self, channel_id: ChannelId, message_ids: Sequence[MessageId], deleted_at: dt.datetime
    ) -> None:
        """Hand over a deletion, waiting while the buffer is full."""
        await self._buffer.put(Deletion(channel_id, tuple(message_ids), deleted_at))

    def offer_deletion_nowait(
        self, channel_id: ChannelId, message_ids: Sequence[MessageId], deleted_at: dt.datetime
    ) -> bool:
        """Hand over a deletion at once; False when the buffer is full."""
        return self._put_nowait(Deletion(channel_id, tuple(message_ids), deleted_at))

    async def settle(self) -> Settled:
        """Wait until everything offered is committed; what became of it, counted since the last settle."""
        await self._buffer.join()
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
        async with asyncio.TaskGroup() as together:
            together.create_task(self._label_all())
            together.create_task(self._commit_all())
            together.create_task(Upkeep(self._database, self.stages, self._refile).run())

    async def _label_all(self) -> None:
        while True:
            items = await self._buffer.take(SLICE, SLICE_CHARACTERS)
            began = time.perf_counter()
            self.stages.waiting += sum(began - item.offered_at for item in items if isinstance(item, Arrival))
            with self.stages.timed("analysis"):
                ready = await label_all(items)
            await self._ready.put((time.perf_counter(), ready))

    async def _commit_all(self) -> None:
        while True:
            batch: list[Labelled | Deletion] = []
            while not batch or (len(batch) <= LARGEST_BATCH - SLICE and not self._ready.empty()):
                ready_at, ready = await self._ready.get()
                self.stages.waiting += (time.perf_counter() - ready_at) * len(ready)
                batch += ready
            await self._commit_at_last(batch)
            self.stages.posts += sum(isinstance(item, Labelled) for item in batch)
            for _ in batch:
                self._buffer.task_done()

    async def _refile(self, *, is_old: bool) -> bool:
        """Words become rare or common with the news: read the subscriptions anew, if there are many. Whether it did.

        Also as soon as posts can tell which are: those that were read on an empty database are filed blindly.
        """
        if self._filed_anew is not None:
            return False
        is_blind = self._standing.sampled < SAMPLE // 2 and self.stages.posts >= SAMPLE
        if len(self._standing) < REFILE_QUERIES or not (is_old or is_blind):
            return is_old
        self._filed_anew = await StandingQueries.read(self._database, beside_posts=True)
        return True

    def _put_nowait(self, item: Arrival | Deletion) -> bool:
        try:
            self._buffer.put_nowait(item)
        except asyncio.QueueFull:
            return False
        return True

    async def _commit_at_last(self, batch: Sequence[Labelled | Deletion], labeller: Labeller = labelled) -> None:
        pause = 0.1
        while True:
            try:
                self._add(await self._commit(batch, labeller))
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
                elif labeller is labelled:  # perhaps it is what we made of its text that is refused, not the post
                    await self._commit_at_last(list(map(_unlabelled, batch)), without_labels)
                else:
                    self._refuse(batch[0], refused)
                return

    async def _commit(self, batch: Sequence[Labelled | Deletion], labeller: Labeller) -> Settled:
        while (count := await self._try_to_commit(batch, labeller)) is None:
            self._standing = await StandingQueries.read(self._database)
        return count

    async def _try_to_commit(self, batch: Sequence[Labelled | Deletion], labeller: Labeller) -> Settled | None:
        """One transaction; None, and nothing done, when subscriptions must be read first."""
        if self._filed_anew is not None:  # only here: all of a transaction asks the one that it has refreshed
            self._standing, self._filed_anew = self._filed_anew, None
        count = Settled()
        async with self._database.begin() as connection:
            await prefer_indexes(connection)
            if not await self._standing.refresh(connection):
                return None
            for step in steps(batch):
                if isinstance(step, Deletion):
                    await mark_deleted(connection, step.channel_id, step.message_ids, step.deleted_at)
                else:
                    await self._store(connection, step, labeller, count)
            ended = time.perf_counter()
        self.stages.commit += time.perf_counter() - ended
        return count

    async def _store(
        self, connection: Connection, step: Sequence[Labelled], labeller: Labeller, count: Settled
    ) -> None:
        with self.stages.timed("storing"):
            stored = await stored_versions(connection, [arrival.item.post for arrival in step])
        twin = _first_twin(stored)
        if twin:  # two parts of one album came as posts of their own: the second builds on the first
            await self._store(connection, step[:twin], labeller, count)
            await self._store(connection, step[twin:], labeller, count)
            return
        items = [_completed(arrival.item, before, labeller) for arrival, before in zip(step, stored, strict=True)]
        fresh = [item for item, arrival, before in zip(items, step, stored, strict=True) if arrival.owe and not before]
        outcomes, matching = await self._match_meanwhile(store_posts(connection, items, stored), fresh)
        owed: list[Owed] = []
        for arrival, item, before, (post_id, outcome) in zip(step, items, stored, outcomes, strict=True):
            count.stored += outcome is Outcome.NEW
            count.updated += outcome is Outcome.EDITED
            count.unchanged += outcome is Outcome.UNCHANGED
            if arrival.owe and outcome is not Outcome.UNCHANGED:
                owed += self._newly_owed(post_id, item, before, matching.get(id(item)))
        with self.stages.timed("owing"):
            count.owed += await owe_alerts(connection, owed)

    async def _match_meanwhile(
        self, storing: Coroutine[Any, Any, list[tuple[PostId, Outcome]]], items: Sequence[LabelledPost]
    ) -> tuple[list[tuple[PostId, Outcome]], dict[int, set[SubscriptionId]]]:
        """Store while the server is busy with it, match: the outcomes, and by id(item) who asks for each.

        Matching holds the event loop AT_ONCE_SECONDS at a time; in a thread it would win nothing, for the other thread
        that labels and this one share the interpreter's lock.
        """
        began, matched = time.perf_counter(), 0.0
        task = asyncio.create_task(storing)
        try:
            matching: dict[int, set[SubscriptionId]] = {}
            left = iter(items)
            while len(matching) < len(items):
                await asyncio.sleep(0)
                turn = now = time.perf_counter()
                while now - turn < AT_ONCE_SECONDS and (item := next(left, None)):
                    matching[id(item)] = self._standing.matching(item.fields)
                    now = time.perf_counter()
                matched += now - turn
            outcomes = await task
        finally:
            if not task.done():  # whatever ended us, the connection must be idle before its transaction ends
                task.cancel()
                await asyncio.wait([task])
        self.stages.matching += matched
        self.stages.storing += time.perf_counter() - began - matched
        return outcomes, matching

    def _newly_owed(
        self, post_id: PostId, item: LabelledPost, before: StoredVersion | None, matching: set[SubscriptionId] | None
    ) -> list[Owed]:
        """What a new post owes; an edited one owes only those whose queries did not hold before the edit."""
        if matching is None:
            matching = self._standing.matching(item.fields)
        if before is not None and not before.is_unlabelled and matching:
            matching = matching - self._standing.matching(labelled(before.post).fields)
        return self._standing.owed_by(post_id, matching)

    def _add(self, count: Settled) -> None:
        for field in Settled.__slots__:
            setattr(self._count, field, getattr(self._count, field) + getattr(count, field))

    def _refuse(self, item: Labelled | Deletion, refused: StatementRefused) -> None:
        self._count.refused += 1
        where = item.item.post if isinstance(item, Labelled) else item
        log.error("post cannot be stored", channel_id=where.channel_id, reason=str(refused))


def _unlabelled(arrival: Labelled | Deletion) -> Labelled | Deletion:
    return replace(arrival, item=without_labels(arrival.item.post)) if isinstance(arrival, Labelled) else arrival


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
