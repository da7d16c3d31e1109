"""The subscriptions as a percolator: kept in step with the database, asked once for each post."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog

from analysis.text import Terms, analyse
from matching.fields import PostFields
from matching.percolator import Percolator
from matching.query import QueryError, parse
from storage import subscriptions
from storage.database import Connection, Database
from storage.deliveries import Owed
from storage.ids import PostId, SubscriberId, SubscriptionId
from storage.posts import newest_texts
from storage.subscriptions import Subscription

log = structlog.get_logger()

SAMPLE = 2_000
"""Newest posts that say which words are rare: half the time a match takes at 100,000 queries (measured)."""

MOST_INSIDE = 1_000
"""Changes that are applied inside a batch's transaction (0.2 s); more are read before one begins."""

REFILE_QUERIES = 10_000
"""Fewer are fast however they are filed."""

SLICE = 500
"""Subscriptions parsed in one go of the thread."""

PIECE = 20
"""The same beside posts: some milliseconds."""

REST = 4
"""How many times as long as a piece took the posts have the processor to themselves."""


class StandingQueries:
    """Every active subscription's query, in one percolator. `sample`: recent posts (see Percolator)."""

    def __init__(self, sample: Iterable[Terms] = ()) -> None:
        self._percolator: Percolator[SubscriptionId] = Percolator(sample)
        self._subscribers: dict[SubscriptionId, SubscriberId] = {}
        self._version = -1
        self.sampled = 0

    @classmethod
    async def read(cls, database: Database, *, beside_posts: bool = False) -> StandingQueries:
        """All subscriptions afresh, filed by the words of the newest posts, without holding up the event loop.

        `beside_posts`: posts are stored meanwhile, so take a fifth of the time only. Python runs one thread at a time,
        and a thread that files without pause made posts wait for seconds (measured at 100,000 queries).
        Raises DatabaseAway; what was made until then is dropped.
        """
        async with database.begin() as connection:
            texts = await newest_texts(connection, SAMPLE)
        made = await asyncio.to_thread(cls, map(analyse, texts))
        made.sampled = len(texts)
        async with database.begin() as connection:
            version = await subscriptions.counter(connection)
            async for changes in subscriptions.active(connection, SLICE):
                for start in range(0, len(changes), PIECE if beside_posts else SLICE):
                    began = time.perf_counter()
                    piece = changes[start : start + (PIECE if beside_posts else SLICE)]
                    await asyncio.to_thread(made._apply_all, piece)
                    await asyncio.sleep(REST * (time.perf_counter() - began) if beside_posts else 0)
                # These live as long as the process, and none is part of a cycle. Without this every full garbage
                # collection visits all of them: 1 s at 100,000 queries in which nothing else moves (measured).
                gc.freeze()
        made._version = version
        log.info("subscriptions read", subscriptions=len(made), posts_sampled=made.sampled)
        return made

    def __len__(self) -> int:
        return len(self._subscribers)

    async def refresh(self, connection: Connection, latest: int | None = None) -> bool:
        """Take in what changed since the last refresh. False, and nothing done, when that is too much to do here.

        Called inside the transaction of each batch: a subscription committed before a batch begins is matched by it.
        `latest`: the counter, where that has been read there.
        """
        version, changes = await subscriptions.changes_since(connection, self._version, MOST_INSIDE + 1, latest=latest)
        if len(changes) > MOST_INSIDE:
            return False
        self._apply_all(changes)
        self._version = version
        return True

    def matching(self, fields: PostFields) -> set[SubscriptionId]:
        """The subscriptions that ask for such a post."""
        return self._percolator.match(fields)

    def owed_by(self, post_id: PostId, matching: Iterable[SubscriptionId], *, is_late: bool = False) -> list[Owed]:
        """A post's matching subscriptions by the subscribers whose they are."""
        asked: dict[SubscriberId, list[SubscriptionId]] = defaultdict(list)
        for subscription_id in matching:
            asked[self._subscribers[subscription_id]].append(subscription_id)
        return [Owed(subscriber, post_id, tuple(sorted(reasons)), is_late) for subscriber, reasons in asked.items()]

    def _apply_all(self, changes: Sequence[Subscription]) -> None:
        for change in changes:
            self._apply(change)

    def _apply(self, change: Subscription) -> None:
        if self._subscribers.pop(change.id, None) is not None:
            self._percolator.remove(change.id)
        if change.state != "active":
            return
        try:
            query = parse(change.query, stored=True)
        except QueryError:
            # Nothing in the bot stores such a query; one bad row must not stop all the others.
            log.error("stored query does not parse", subscription_id=change.id)
            return
        if query.burst is not None:  # it asks for no posts: `ingest.bursts` tells what it asks for
            return
        self._percolator.add(change.id, query)
        self._subscribers[change.id] = change.subscriber_id
