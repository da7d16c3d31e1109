"""Putting a backup back. What was there before stays, out of the way, until the backup is in: a restore that fails
changes nothing.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from storage import left_out, migrations
from storage.backups import BackupDamaged, Progress, check
from storage.database_address import DatabaseUnreachable, connected
from storage.dump_programs import Programs, find_programs, output_of, run
from storage.migrations import ASIDE

REPLACED = "replaced_by_restore"
"""What it is called from the moment that the backup is in, until it has been dropped."""

HOLDING = ("channels", "posts", "subscribers", "people", "accounts", "own_topics", "channel_sets", "operators")
"""Where one of these has rows, somebody works with the database."""

SECTIONS = ("pre-data", "data", "post-data")


class RestoreRefused(Exception):
    """The database is not one that the backup may be put into; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has brought back."""

    is_checked: bool
    """Whether the file's SHA-256 was there to be compared."""
    schema: str
    """The schema that the backup was of; it is this release's now."""
    posts: int
    owed: int
    """Deliveries that waited when the backup was made: some may have gone out since."""


def restore(url: str, path: Path, *, is_private: bool, replace: bool, progress: Progress) -> Restored:
    """Put a backup into a database that holds nothing, or, with `replace`, in the place of what it holds.

    Raises RestoreRefused, BackupDamaged, DatabaseUnreachable, SchemaMismatch (of a newer release), DumpProgramMissing
    or DumpProgramFailed; the database is then as it was.
    """
    with _connected(url) as connection:
        major = connection.info.server_version // 10_000
        programs = find_programs(major, is_private=is_private)
        _refuse_others(connection)
        # Whoever starts meanwhile waits here before it migrates, and so does another restore.
        connection.execute("SELECT pg_advisory_lock(%s)", (migrations.LOCK,))
        _put_back_what_lies_aside(connection)
        progress("checking the file", 0.0)
        is_checked = check(programs, path)
        _refuse_older_server(programs, path, major)
        if not replace and (held := _held(connection)):
            raise RestoreRefused(
                f"The database holds {held} already: restore into an empty one, or --replace all of it for good."
            )
        with _moved_aside(connection):
            schema = _fill(connection, programs, url, path, progress)
    with _connected(url) as connection:
        connection.execute("ANALYZE")
        posts, owed = _counts(connection)
    progress("done", 1.0)
    return Restored(is_checked, schema, posts, owed)


@contextlib.contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    try:
        with connected(url, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '10s'; SET search_path = public")
            yield connection
    except psycopg.errors.InsufficientPrivilege:
        raise RestoreRefused("The user of DATABASE_URL must own the database to restore into it.") from None
    except psycopg.errors.LockNotAvailable:
        raise RestoreRefused("Somebody is using the database: stop all programs first.") from None
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(f"The database does not answer any more: {type(error).__name__}.") from None


def _refuse_older_server(programs: Programs, path: Path, major: int) -> None:
    found = re.search(r"Dumped from database version: (\d+)", output_of(programs.restore, ["--list", str(path)]))
    if found and int(found[1]) > major:
        raise RestoreRefused(
            f"The backup was made of PostgreSQL {found[1]}, this server is {major}: restore into one as new as that."
        )


def _refuse_others(connection: psycopg.Connection) -> None:
    others = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND application_name LIKE 'channelwatch%'"
    ).fetchone()
    if others and others[0]:
        raise RestoreRefused("Programs of channelwatch are using the database: stop them first.")


def _held(connection: psycopg.Connection) -> str | None:
    """The name of a table that has rows of somebody's."""
    for name in HOLDING:
        exists = connection.execute("SELECT to_regclass(%s)", (f"public.{name}",)).fetchone()
        if exists and exists[0] is not None:
            rows = sql.SQL("SELECT EXISTS (SELECT FROM public.{})").format(sql.Identifier(name))
            if (found := connection.execute(rows).fetchone()) and found[0]:
                return name.replace("_", " ")
    return None


def _put_back_what_lies_aside(connection: psycopg.Connection) -> None:
    """An earlier restore was killed: what was there before it comes back. Nobody has used what came in its place, for
    programs refuse to begin while something lies aside."""
    _drop(connection, REPLACED)
    if migrations.is_half_restored(connection):
        with connection.transaction():
            _swap_back(connection)


@contextlib.contextmanager
def _moved_aside(connection: psycopg.Connection) -> Iterator[None]:
    """No schema `public` when the block begins; what was there comes back if it fails, and goes if it does not."""
    with connection.transaction():
        connection.execute(f"ALTER SCHEMA public RENAME TO {ASIDE}")
    try:
        yield
    except BaseException:
        with connection.transaction():
            _swap_back(connection)
        raise
    connection.execute(f"ALTER SCHEMA {ASIDE} RENAME TO {REPLACED}")
    _drop(connection, REPLACED)


def _swap_back(connection: psycopg.Connection) -> None:
    _drop(connection, "public")
    connection.execute(f"ALTER SCHEMA {ASIDE} RENAME TO public")


def _drop(connection: psycopg.Connection, schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def _fill(connection: psycopg.Connection, programs: Programs, url: str, path: Path, progress: Progress) -> str:
    """Put the backup where the schema was, and bring it to this release's; the schema that it was of."""
    listing = output_of(programs.restore, ["--list", str(path)])
    entries = _Entries(listing, progress)
    if " SCHEMA - public " not in listing:  # of a dump that was made in another way
        connection.execute("CREATE SCHEMA public")
    options = ["--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--single-transaction", "--verbose"]
    for section in SECTIONS:
        if section == "post-data":
            _empty_columns(connection)
        run(programs.restore, [*options, f"--section={section}", str(path)], url=url, heard=entries.heard)
    schema = migrations.current(url)
    if schema is None:
        raise BackupDamaged(f"{path} does not say of which schema it is.")
    progress("migrating", 0.97)
    migrations.upgrade_locked(url)
    return schema


def _empty_columns(connection: psycopg.Connection) -> None:
    """Columns that refer to what backups leave out: before the foreign keys are there to object."""
    for table, column in left_out.columns():
        exists = connection.execute(
            "SELECT FROM information_schema.columns WHERE (table_schema, table_name, column_name) = ('public', %s, %s)",
            (table, column),
        ).fetchone()
        if exists is not None:
            update = sql.SQL("UPDATE public.{} SET {c} = NULL WHERE {c} IS NOT NULL")
            connection.execute(update.format(sql.Identifier(table), c=sql.Identifier(column)))


class _Entries:
    """How far pg_restore is, by the entries of the backup's table of contents."""

    _DOING = re.compile(r"(?:creating|processing data for|executing) (?:[A-Z ]+)?(.*)")

    def __init__(self, listing: str, progress: Progress) -> None:
        self._count = max(sum(not line.startswith(";") for line in listing.splitlines()), 1)
        self._seen = 0
        self._progress = progress

    def heard(self, line: str) -> None:
        """A line of pg_restore's."""
        if found := self._DOING.search(line):
            self._seen += 1
            self._progress(
                found[1].replace('"', "").removeprefix("table ")[:40], 0.95 * min(self._seen / self._count, 1)
            )


def _counts(connection: psycopg.Connection) -> tuple[int, int]:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM deliveries WHERE settled_at IS NULL)"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
