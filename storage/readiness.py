"""Whether a program can do its work: the database answers, its schema is this release's, ingest was heard lately."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from sqlalchemy import text

from storage import heartbeats, migrations
from storage.database import Database, DatabaseAway, StatementRefused
from storage.heartbeats import SILENT_AFTER


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold, and why it does not."""

    name: str
    is_ok: bool
    reason: str | None = None


async def check_readiness(database: Database) -> list[Check]:
    """All checks; those that could not be made are not there."""
    try:
        async with database.begin() as connection:
            found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            silence = await heartbeats.silence_of(connection, "ingest")
    except (DatabaseAway, StatementRefused):
        return [Check("database", is_ok=False, reason="The database does not answer.")]
    if found != head():
        reason = f"The schema is {found}, this release needs {head()}: run `channelwatch migrate`."
        return [Check("database", is_ok=True), Check("schema", is_ok=False, reason=reason)]
    if silence is None:
        ingest = Check("ingest", is_ok=False, reason="Ingest has never run on this database.")
    elif silence > SILENT_AFTER:
        ingest = Check("ingest", is_ok=False, reason=f"Ingest has said nothing for {round(silence.total_seconds())} s.")
    else:
        ingest = Check("ingest", is_ok=True)
    return [Check("database", is_ok=True), Check("schema", is_ok=True), ingest]


@functools.cache
def head() -> str:
    """The schema that this release needs; read from its files once."""
    return migrations.head()
