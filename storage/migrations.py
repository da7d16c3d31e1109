"""Bringing a database to this release's schema, and refusing one that is not there."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from alembic import command
from storage.database_address import connected, sqlalchemy_url

LOCK = 7_283_461
"""Advisory lock: of several processes that start on a fresh database, one migrates and the others wait."""

ASIDE = "before_restore"
"""The schema that holds what was there, while a restore is under way: what is in `public` may be half of something."""


class SchemaMismatch(Exception):
    """The database's schema is not this release's; the message says which way to go."""


class MigrationBlocked(Exception):
    """Somebody uses what is to be changed; nothing was."""


def upgrade(url: str, revision: str = "head") -> None:
    """Run every migration up to `revision`; safe to call from several processes at once.

    Raises SchemaMismatch when a newer release has been here or a restore was cut off, MigrationBlocked, or
    DatabaseUnreachable.
    """
    with connected(url, autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        _refuse_half_restored(lock)
        upgrade_locked(url, revision)


def upgrade_locked(url: str, revision: str = "head") -> None:
    """As `upgrade`, for who holds LOCK already."""
    found = current(url)
    if found is not None and not is_known(found):
        raise SchemaMismatch(_NEWER.format(found))
    if revision == "head" and found == head():
        return
    try:
        command.upgrade(_config(url), revision)
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise MigrationBlocked("Somebody is using the database: stop all programs, then try again.") from None
        raise


def downgrade(url: str, revision: str) -> None:
    """Go back to `revision` ("base": an empty schema). What later migrations added is lost."""
    command.downgrade(_config(url), revision)


def check(url: str) -> None:
    """Raise SchemaMismatch unless the schema is exactly this release's, and whole."""
    with connected(url) as connection:
        _refuse_half_restored(connection)
    found, wanted = current(url), head()
    if found == wanted:
        return
    if found is None or is_known(found):
        raise SchemaMismatch(
            f"The database is at schema {found or 'nothing'}, this release needs {wanted}: run `channelwatch migrate`."
        )
    raise SchemaMismatch(_NEWER.format(found))


_NEWER = (
    "The database is at schema {}, which this release does not know: it was migrated by a newer one. Run that release."
)


def is_known(revision: str) -> bool:
    """Whether this release has heard of a schema."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config("")).walk_revisions()}


def head() -> str:
    """The newest schema this release knows."""
    return str(ScriptDirectory.from_config(_config("")).get_current_head())


def current(url: str) -> str | None:
    """The schema a database is at, or None when it has never been migrated."""
    with connected(url) as connection:
        row = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
        if row is None or row[0] is None:
            return None
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(version[0]) if version else None


def is_half_restored(connection: psycopg.Connection) -> bool:
    """Whether a restore is under way at this moment, or was cut off."""
    return connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", (ASIDE,)).fetchone() is not None


def _refuse_half_restored(connection: psycopg.Connection) -> None:
    if is_half_restored(connection):
        raise SchemaMismatch(
            "A restore is under way, or was cut off: wait for its end, or run `channelwatch restore` again."
        )


def _config(url: str) -> Config:
    config = Config()
    here = Path(__file__).resolve().parent
    # In a checkout the migrations lie at the top, where Alembic's users look; in a wheel they travel inside storage.
    scripts = here.parent / "alembic"
    location = str(scripts if (scripts / "env.py").exists() else here / "schema")
    config.set_main_option("script_location", location.replace("%", "%%"))  # % begins an interpolation there
    config.attributes["url"] = sqlalchemy_url(url)
    return config
