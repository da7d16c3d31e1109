"""Bringing a database to this release's schema, and refusing one that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
from alembic.config import Config
from alembic.script import ScriptDirectory

from alembic import command

LOCK = 7_283_461
"""Advisory lock: of several processes that start on a fresh database, one migrates and the others wait."""


class SchemaMismatch(Exception):
    """The database's schema is not this release's; the message says which way to go."""


def upgrade(url: str, revision: str = "head") -> None:
    """Run every migration up to `revision`; safe to call from several processes at once.

    Raises SchemaMismatch when a newer release has been here.
    """
    with psycopg.connect(_libpq(url), autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        found = current(url)
        if found is not None and not _is_known(found):
            raise SchemaMismatch(_NEWER.format(found))
        if revision == "head" and found == head():
            return
        command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Go back to `revision` ("base": an empty schema). What later migrations added is lost."""
    command.downgrade(_config(url), revision)


def check(url: str) -> None:
    """Raise SchemaMismatch unless the schema is exactly this release's."""
    found, wanted = current(url), head()
    if found == wanted:
        return
    if found is None or _is_known(found):
        raise SchemaMismatch(
            f"The database is at schema {found or 'nothing'}, this release needs {wanted}: run `channelwatch migrate`."
        )
    raise SchemaMismatch(_NEWER.format(found))


_NEWER = (
    "The database is at schema {}, which this release does not know: it was migrated by a newer one. Run that release."
)


def _is_known(revision: str) -> bool:
    return revision in {script.revision for script in ScriptDirectory.from_config(_config("")).walk_revisions()}


def head() -> str:
    """The newest schema this release knows."""
    return str(ScriptDirectory.from_config(_config("")).get_current_head())


def current(url: str) -> str | None:
    """The schema a database is at, or None when it has never been migrated."""
    with psycopg.connect(_libpq(url)) as connection:
        row = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
        if row is None or row[0] is None:
            return None
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(version[0]) if version else None


def _config(url: str) -> Config:
    config = Config()
    here = Path(__file__).resolve().parent
    # In a checkout the migrations lie at the top, where Alembic's users look; in a wheel they travel inside storage.
    scripts = here.parent / "alembic"
    location = str(scripts if (scripts / "env.py").exists() else here / "schema")
    config.set_main_option("script_location", location.replace("%", "%%"))  # % begins an interpolation there
    config.attributes["url"] = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    return config


def _libpq(url: str) -> str:
    return re.sub(r"^postgresql\+psycopg://", "postgresql://", url)
