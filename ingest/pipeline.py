"""The one door: posts come in, and are stored, labelled, matched and owed in one commit."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import time
from collections.abc import Sequence
from dataclasses import replace

import structlog

from analysis.stories import MOST_POSTS
from ingest.arrivals import Arrival, Buffer, Deletion, Labelled, Noted, Offered, Ready, channel_of
from ingest.committing import Committing, Settled
from ingest.labelling import Labeller, label_all, labelled, without_labels
from ingest.stages import Stages
from ingest.upkeep import Upkeep
from storage.database import Database, DatabaseAway, StatementRefused
from storage.ids import ChannelId, MessageId
from storage.post_values import Post
from storage.posts import failed_analyses

__all__ = ["Pipeline", "Settled"]

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

LONGEST_PAUSE_SECONDS = 10.0

YOUNG_OBJECTS = 50_000
"""Containers between two looks of Python's garbage collector, of which it makes 700: posts leave no cycles behind, and
those looks took 7 to 9 % of the time that labelling takes (measured)."""

BACKFILL = "backfill"
"""`Post.found_by` of posts that owe nothing."""


class Pipeline:
    """Takes posts in their order, commits them in batches. `run` does the work; everything else is the door.

    A batch is whatever has come while the last one was being committed: a single post waits for nothing, a flood is
    stored by hundreds. The next batch is analysed meanwhile. `stages` says where the time goes.
    """

    def __init__(
        self,
        database: Database,
        *,
        buffer: int = BUFFER,
        characters: int = BUFFER_CHARACTERS,
        keeps_deleted_texts: bool = True,
        story_posts: int = MOST_POSTS,
    ) -> None:
        self._database = database
        self._buffer = Buffer(buffer, characters)
        self._ready: asyncio.Queue[tuple[float, list[Ready]]] = asyncio.Queue(LARGEST_BATCH // SLICE)
        self._count = Settled()
        self._committed = 0
        self._followers: list[tuple[int, asyncio.Future[None]]] = []
        self.stages = Stages()
        self._committing = Committing(
            database, self.stages, keeps_deleted_texts=keeps_deleted_texts, story_posts=story_posts
        )

    async def offer(self, post: Post, *, owe: bool = True) -> None:
        """Hand over a post, waiting while the buffer is full. One that owes nothing is stored as backfill."""
        if not owe and post.found_by != "preview":
            # What is stored says so too: a post whose analysis failed comes again, and must still owe nothing. Of a
            # page's posts it must stay known that they are a page's: their counts are rounded, their media nameless.
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

    async def note(self, noted: Noted) -> None:
        """Account for ids that are no posts, waiting while the buffer is full."""
        await self._buffer.put(noted)

    def note_nowait(self, noted: Noted) -> bool:
        """The same at once; False when the buffer is full."""
        return self._put_nowait(noted)

    async def caught_up(self) -> None:
        """Wait until everything offered before this call is committed, however much comes meanwhile."""
        if self._committed < self._buffer.taken_in:
            follower = asyncio.get_running_loop().create_future()
            self._followers.append((self._buffer.taken_in, follower))
            await follower

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
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
        async with asyncio.TaskGroup() as together:
            together.create_task(self._label_all())
            together.create_task(self._commit_all())
            together.create_task(Upkeep(self._database, self.stages, self._committing.refile).run())

    async def _label_all(self) -> None:
        while True:
            items = await self._buffer.take(SLICE, SLICE_CHARACTERS)
            began = time.perf_counter()
            self.stages.waiting += sum(began - item.offered_at for item in items if isinstance(item, Arrival))
            with self.stages.timed("analysis"):
                ready = await label_all(items, self._committing.own)
            await self._ready.put((time.perf_counter(), ready))

    async def _commit_all(self) -> None:
        while True:
            batch: list[Ready] = []
            while not batch or (len(batch) <= LARGEST_BATCH - SLICE and not self._ready.empty()):
                ready_at, ready = await self._ready.get()
                self.stages.waiting += (time.perf_counter() - ready_at) * len(ready)
                batch += ready
            await self._commit_at_last(batch)
            self.stages.posts += sum(isinstance(item, Labelled) for item in batch)
            self._committed += len(batch)
            for _ in batch:
                self._buffer.task_done()
            self._tell_followers()

    def _tell_followers(self) -> None:
        while self._followers and self._followers[0][0] <= self._committed:
            follower = self._followers.pop(0)[1]
            if not follower.done():
                follower.set_result(None)

    def _put_nowait(self, item: Offered) -> bool:
        try:
            self._buffer.put_nowait(item)
        except asyncio.QueueFull:
            return False
        return True

    async def _commit_at_last(self, batch: Sequence[Ready], labeller: Labeller = labelled) -> None:
        pause = 0.1
        while True:
            try:
                self._count.add(await self._committing.commit(batch, labeller))
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

    def _refuse(self, item: Ready, refused: StatementRefused) -> None:
        self._count.refused += 1
        log.error("post cannot be stored", channel_id=channel_of(item), reason=str(refused))


def _unlabelled(arrival: Ready) -> Ready:
    return replace(arrival, item=without_labels(arrival.item.post)) if isinstance(arrival, Labelled) else arrival
