"""The way to PostgreSQL: one engine a program, transactions, wake-ups, and locks that only one program may hold."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection as Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from storage import migrations
from storage.database_address import UNREADABLE, DatabaseUnreachable, libpq_url, sqlalchemy_url
from storage.embedded import EmbeddedServer

__all__ = [
    "AlreadyRunning",
    "Connection",
    "Database",
    "DatabaseAway",
    "DatabaseUnreachable",
    "StatementRefused",
    "notify",
    "prefer_indexes",
]

log = structlog.get_logger()

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "30s"
"""Nothing of ours waits longer for a lock or for an answer; searches set a tighter bound of their own."""

PASSING = ("08", "25006", "40", "53", "55", "57")
"""SQLSTATE classes (and one code) that pass by themselves: connection, read-only standby, rollback, resources, locks,
shutdown and time-outs (PostgreSQL documentation, appendix A)."""


class DatabaseAway(Exception):
    """The server is away, restarting, or did not give a lock in time: the whole transaction may be tried again."""


class StatementRefused(Exception):
    """The server will not have this statement however often it is tried; `__cause__` says why."""


class AlreadyRunning(Exception):
    """Another process does this job on this database."""


class Database:
    """An open database. `await Database.open(...)`, then `async with database.begin() as connection`."""

    def __init__(self, url: str, server: EmbeddedServer | None = None) -> None:
        self.url = sqlalchemy_url(url)
        self._server = server
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            hide_parameters=True,  # else errors quote them, and with them posts and queries, in a log
            connect_args={
                "application_name": "channelwatch",
                "options": f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT}",
            },
        )

    @classmethod
    async def open(
        cls, home: Path, url: str | None = None, *, server_settings: Mapping[str, str] | None = None
    ) -> Database:
        """Open the database at `url`, or the private one in `home`, which is started and migrated on the way.

        Raises DatabaseUnreachable, migrations.SchemaMismatch (an explicit `channelwatch migrate` is needed, or a
        restore is under way), migrations.MigrationBlocked or embedded.EmbeddedServerError.
        """
        if url is None:
            server = EmbeddedServer(home, server_settings)
            await asyncio.to_thread(server.start)
            try:
                await asyncio.to_thread(migrations.upgrade, server.url)
            except BaseException:
                await asyncio.to_thread(server.stop)
                raise
            return cls(server.url, server)
        try:
            database = cls(url)
        except ArgumentError:
            raise DatabaseUnreachable(UNREADABLE) from None
        try:
            await asyncio.to_thread(migrations.check, database.url)
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Give back every connection; the last user of a private server stops it."""
        await self.engine.dispose()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[Connection]:
        """One transaction: committed at the end of the block, rolled back if it raises.

        What the server says comes out as DatabaseAway (try the transaction again) or StatementRefused (do not).
        """
        try:
            async with self.engine.begin() as connection:
                yield connection
        except PoolTimeout as error:
            raise DatabaseAway(_kind(error)) from error
        except DBAPIError as error:
            raise (DatabaseAway if _passes(error) else StatementRefused)(_kind(error)) from error
        except UnicodeEncodeError as error:  # psycopg's own, of a lone surrogate: it never reaches the server
            raise StatementRefused(type(error).__name__) from error

    def pool_figures(self) -> dict[str, int]:
        """How many connections of the pool are in use, and how many lie ready."""
        pool = self.engine.pool
        if not isinstance(pool, QueuePool):
            return {}
        return {"in_use": pool.checkedout(), "idle": pool.checkedin()}

    async def wakeups(self, *channels: str) -> AsyncIterator[str]:
        """Names of channels as NOTIFY calls them, for ever; one name at once after every (re)connect.

        A wake-up is a hint, never a guarantee: whoever listens also looks by itself now and then.
        """
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(libpq_url(self.url), autocommit=True) as connection:
                    for channel in channels:
                        await connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
                        yield channel
                    async for notice in connection.notifies():
                        yield notice.channel
            except psycopg.OperationalError:
                log.warning("wake-up connection lost")
                await asyncio.sleep(1)


async def prefer_indexes(connection: Connection) -> None:
    """For transactions that look rows up by their numbers only: never read a whole table in this one.

    A plan that was made for an empty or a small table is kept while the table grows, until autovacuum has seen it.
    """
    await connection.execute(text("SET LOCAL enable_seqscan = off"))


async def notify(connection: Connection, channel: str) -> None:
    """Wake the listeners of a channel when (and only if) this transaction commits."""
    await connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


def _passes(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed later. psycopg calls a program's limit operational, too; that stays."""
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlstate", None)
    return code.startswith(PASSING) if code else isinstance(error, OperationalError | InterfaceError)


def _kind(error: Exception) -> str:
    """The server's own name of an error, never its text: that may quote what somebody wrote."""
    return type(getattr(error, "orig", None) or error).__name__
