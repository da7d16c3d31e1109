"""What no search exceeds: time, locks and memory; and what is said when it would."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

BUDGET = dt.timedelta(seconds=10)
"""No search holds a connection longer."""

COUNT_BUDGET = dt.timedelta(seconds=0.5)
"""How long matches are counted one by one before a sample must do."""

LOCK_TIMEOUT = "2s"
"""How long a search waits for a lock: only a migration holds one that a reader has to wait for."""

WORK_MEM = "32MB"
"""What a bitmap of matches may take. PostgreSQL's own 4 MB do not suffice for a common word's of 1 M posts: then it
keeps pages instead of posts, and every post of those pages is unpacked to be looked at again."""

QUERY_CANCELED, LOCK_NOT_AVAILABLE = "57014", "55P03"
"""PostgreSQL's codes for a statement that took too long, and for a lock that was not given (documentation, appendix
A)."""


class SearchTooSlow(Exception):
    """A search took longer than it may; the message says what to add to the query."""


class SearchHeldUp(Exception):
    """A search waited too long for a lock; the same one may do well in a moment."""


class Watch:
    """How much of a budget is left. Made by `bounded`."""

    def __init__(self, connection: AsyncConnection, budget: dt.timedelta) -> None:
        self._connection = connection
        self._ends_at = time.monotonic() + budget.total_seconds()
        self._allowed = budget.total_seconds()

    async def allow_rest(self) -> None:
        """Let the next statement take no longer than what is left. Raises SearchTooSlow when nothing is.

        Asked before each statement but the first; the server is told only once half of what it knows of is gone.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise _too_slow()
        if left < self._allowed / 2:
            self._allowed = left
            await limit_time(self._connection, dt.timedelta(seconds=left))


@contextlib.asynccontextmanager
async def bounded(connection: AsyncConnection, budget: dt.timedelta) -> AsyncIterator[Watch]:
    """Bound all that is asked for in the block, and the statements after it in the transaction.

    Raises SearchTooSlow or SearchHeldUp; then the transaction can only be rolled back.
    """
    try:
        await limit_time(connection, budget)
        yield Watch(connection, budget)
    except DBAPIError as error:
        if is_out_of_time(error):
            raise _too_slow() from error
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise SearchHeldUp(
                "The stored posts are locked just now, as during an upgrade. Search again in a moment."
            ) from error
        raise


@contextlib.asynccontextmanager
async def bounded_apart(connection: AsyncConnection, budget: dt.timedelta) -> AsyncIterator[Watch]:
    """Bound what is asked for in the block, which only reads, and nothing after it.

    Raises SearchTooSlow or SearchHeldUp; the transaction goes on all the same.
    """
    savepoint = await connection.begin_nested()
    try:
        async with bounded(connection, budget) as watch:
            yield watch
    finally:
        await savepoint.rollback()  # and with it what was set


async def limit_time(connection: AsyncConnection, budget: dt.timedelta) -> None:
    """Bound each statement in the rest of the transaction, and plan each by its own words: some are rare, some not."""
    milliseconds = max(1, int(budget / dt.timedelta(milliseconds=1)))
    await connection.execute(
        LIMIT, {"budget": f"{milliseconds}ms", "locks": LOCK_TIMEOUT, "memory": WORK_MEM, "plans": "force_custom_plan"}
    )


LIMIT = text(
    "SELECT set_config('statement_timeout', :budget, true), set_config('lock_timeout', :locks, true),"
    " set_config('work_mem', :memory, true), set_config('plan_cache_mode', :plans, true),"
    " set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"
)
"""To compile a plan, or to start processes for it, takes longer than most searches do."""


def is_out_of_time(error: DBAPIError) -> bool:
    """Whether a statement was ended because it took too long."""
    return getattr(error.orig, "sqlstate", None) == QUERY_CANCELED


def _too_slow() -> SearchTooSlow:
    return SearchTooSlow(
        "The search took too long and was stopped. Add a rarer word, a channel (channel:@name) or days"
        " (after:2026-01-31) to the query."
    )
