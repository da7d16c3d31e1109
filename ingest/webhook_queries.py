"""The webhooks' queries as a percolator beside that of the subscriptions, kept in step by the same counter."""

from __future__ import annotations

import structlog

from matching.fields import PostFields
from matching.percolator import Percolator
from matching.query import QueryError, parse
from storage.database import Connection
from storage.webhooks import StandingWebhook, changes_since

log = structlog.get_logger()


class WebhookQueries:
    """Every active webhook's query. With none of them a batch asks nothing, and a post costs one look at a length."""

    def __init__(self) -> None:
        self._percolator: Percolator[int] = Percolator()
        self._known: set[int] = set()
        self._version = -1

    def __len__(self) -> int:
        return len(self._known)

    async def refresh(self, connection: Connection, latest: int) -> None:
        """Take in what changed; `latest` is the subscriptions' counter as this transaction has read it."""
        if latest == self._version:
            return
        for change in await changes_since(connection, self._version):
            self._apply(change)
        self._version = latest

    def matching(self, fields: PostFields, before: PostFields | None = None) -> set[int]:
        """The webhooks that ask for a post; of an edited one, those that did not ask for it `before`."""
        if not self._known:
            return set()
        found = self._percolator.match(fields)
        return found - self._percolator.match(before) if found and before is not None else found

    def _apply(self, change: StandingWebhook) -> None:
        if change.id in self._known:
            self._known.discard(change.id)
            self._percolator.remove(change.id)
        if change.state != "active":
            return
        try:
            query = parse(change.query, stored=True)
        except QueryError:
            log.error("stored query of a webhook does not parse", webhook_id=change.id)
            return
        self._percolator.add(change.id, query)
        self._known.add(change.id)
