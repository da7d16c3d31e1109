"""The subscriptions as a percolator: kept in step with the database, asked once for each post."""

from __future__ import annotations

from collections import defaultdict

import structlog

from matching.fields import PostFields
from matching.percolator import Percolator
from matching.query import QueryError, parse
from storage import subscriptions
from storage.database import Connection
from storage.deliveries import Owed
from storage.ids import PostId, SubscriberId, SubscriptionId
from storage.subscriptions import Subscription

log = structlog.get_logger()


class StandingQueries:
    """Every active subscription's query, in one percolator."""

    def __init__(self) -> None:
        self._percolator: Percolator[SubscriptionId] = Percolator()
        self._subscribers: dict[SubscriptionId, SubscriberId] = {}
        self._version = -1

    def __len__(self) -> int:
        return len(self._subscribers)

    async def refresh(self, connection: Connection) -> None:
        """Load what changed since the last refresh.

        Called inside the transaction of each batch: a subscription committed before a batch begins is matched by it.
        """
        version, changes = await subscriptions.changes_since(connection, self._version)
        for change in changes:
            self._apply(change)
        self._version = version

    def owed(self, post_id: PostId, fields: PostFields) -> list[Owed]:
        """Who asked for this post, and by which of their subscriptions."""
        asked: dict[SubscriberId, list[SubscriptionId]] = defaultdict(list)
        for subscription_id in self._percolator.match(fields):
            asked[self._subscribers[subscription_id]].append(subscription_id)
        return [Owed(subscriber, post_id, tuple(sorted(reasons))) for subscriber, reasons in asked.items()]

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
        self._percolator.add(change.id, query)
        self._subscribers[change.id] = change.subscriber_id
