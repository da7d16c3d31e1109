"""Locks that only one process may hold, some for hours: it notices when the connection that carries one is lost.

PostgreSQL frees one the moment its connection ends,
which is not always the moment its process ends: a server that restarts, a terminated backend, a broken network.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Collection

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import AlreadyRunning, Database, DatabaseAway
from storage.database_address import libpq_url

log = structlog.get_logger()

PING_EVERY_SECONDS = 2.0
ANSWER_WITHIN_SECONDS = 3.0
"""An end is noticed as it happens; a network that swallows everything, by a question that nobody answers."""

RETAKE_SECONDS = 15.0
"""How long the lock is tried for again before it counts as lost: a restart of PostgreSQL takes less. Whoever takes over
something that must never be done twice at a time waits longer than this (`ingest.readers.Sharing.handover`)."""

RETAKE_EVERY_SECONDS = 0.2
DOUBT_SECONDS = 1.0
"""A terminated backend says so a moment before it frees its locks: so long, "somebody holds it" may mean ourselves."""


class Hold:
    """The right to do a job on this database: `take` it, watch `until_lost`, `give_back`."""

    def __init__(self, database: Database, job: str) -> None:
        self._url = libpq_url(database.url)
        self._job = job
        self._connection: psycopg.AsyncConnection | None = None
        self.is_lost = False

    async def take(self) -> None:
        """Raises AlreadyRunning at once when another process holds it, DatabaseAway when the server does not answer."""
        try:
            connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, application_name=f"channelwatch {self._job}", connect_timeout=5
            )
        except psycopg.OperationalError as error:
            raise DatabaseAway(type(error).__name__) from error
        self._connection = connection
        try:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (_key(self._job),))
            row = await cursor.fetchone()
        except psycopg.Error as error:
            await self.give_back()
            raise DatabaseAway(type(error).__name__) from error
        if row is None or not row[0]:
            await self.give_back()
            raise AlreadyRunning(f"Another process already runs the {self._job} on this database.")

    async def until_lost(self) -> None:
        """Return when the lock is lost for good. One that can be had back is taken again, and nobody had it meanwhile.

        Nobody who obeys `handover`, that is: whoever took it and gave it back in between has done nothing with it yet.
        """
        while True:
            await self._until_broken()
            log.warning("connection of a lock lost", job=self._job)
            if not await self._taken_again():
                self.is_lost = True
                return

    async def give_back(self) -> None:
        """Let others have it; does nothing when it is lost."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        # By itself the server frees it only a moment after the connection has ended.
        with contextlib.suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                await connection.execute("SELECT pg_advisory_unlock(%s)", (_key(self._job),))
        with contextlib.suppress(psycopg.Error, OSError):
            await connection.close()

    async def _until_broken(self) -> None:
        connection = self._connection
        try:
            while connection is not None:
                async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                    await connection.execute("SELECT 1")
                async for _ in connection.notifies(timeout=PING_EVERY_SECONDS):
                    pass  # nobody notifies: this waits for the end of the connection
        except (psycopg.Error, TimeoutError, OSError):
            return

    async def _taken_again(self) -> bool:
        ends_at = time.monotonic() + RETAKE_SECONDS
        while time.monotonic() < ends_at:
            try:
                if self._connection is not None:
                    with contextlib.suppress(psycopg.Error, OSError):
                        await self._connection.close()
                await self.take()
            except AlreadyRunning:
                ends_at = min(ends_at, time.monotonic() + DOUBT_SECONDS)
            except DatabaseAway:
                pass
            else:
                return True
            await asyncio.sleep(RETAKE_EVERY_SECONDS)
        return False


@contextlib.asynccontextmanager
async def only_one(database: Database, job: str) -> AsyncIterator[None]:
    """Hold the right to do a job on this database during the block; the server frees it when this process is gone.

    Raises AlreadyRunning at once when another process holds it, DatabaseAway when the server does not answer.
    """
    hold = Hold(database, job)
    await hold.take()
    try:
        yield
    finally:
        await hold.give_back()


async def held_jobs(connection: AsyncConnection, jobs: Collection[str]) -> set[str]:
    """Which of these jobs some process holds the lock of now."""
    by_key = {_key(job): job for job in jobs}
    rows = await connection.execute(HELD)
    return {by_key[key] for (key,) in rows if key in by_key}


HELD = text(
    "SELECT (CAST(classid AS bigint) << 32) | CAST(objid AS bigint) FROM pg_locks"
    " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""A lock by one 64-bit number is shown as its two halves (PostgreSQL documentation, pg_locks)."""


def _key(job: str) -> int:
    return int.from_bytes(hashlib.sha256(f"channelwatch {job}".encode()).digest()[:8], "big", signed=True)
