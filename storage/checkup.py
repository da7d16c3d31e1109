"""What the database knows of how well everything works, for `channelwatch doctor`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from storage import migrations
from storage.database import Connection
from storage.database_address import connected
from storage.delivery_figures import REACHED
from storage.heartbeats import silence_of
from storage.holding import held_jobs

LEAST_SERVER = 15
"""The oldest PostgreSQL that the migrations run on: unique indexes with NULLS NOT DISTINCT came with it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The state of things at one moment."""

    server_version: str
    server_major: int
    now_at: dt.datetime
    """By the database's clock."""
    database_bytes: int
    accounts: list[tuple[str, str, str | None]]
    """Name, state and why."""
    channels: int
    """That are to be read."""
    blind: list[tuple[str, dt.datetime]]
    """Channels that could not be looked at, and since when."""
    unread: int
    """Active channels that no account reads now."""
    with_holes: int
    """Channels with ids that nobody accounts for yet."""
    late: int
    """Deliveries that should have gone a minute ago or earlier."""
    late_since_at: dt.datetime | None
    dead: int
    """Deliveries that failed for good in the last day."""
    failed_analyses: int
    ingest_silence: dt.timedelta | None
    """None: it never ran here."""
    has_bot: bool
    """Whether somebody holds the bot's lock."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema that a database is at."""

    current: str | None
    """None: it was never migrated."""
    is_known: bool
    """Whether this release has heard of it."""
    is_half_restored: bool
    """A restore is under way, or was cut off: nothing else can be told then."""


def schema_of(url: str) -> Schema:
    """Ask a database for its schema. Raises DatabaseUnreachable."""
    with connected(url) as connection:
        is_half_restored = migrations.is_half_restored(connection)
    current = migrations.current(url)
    return Schema(current, is_known=current is None or migrations.is_known(current), is_half_restored=is_half_restored)


async def look(connection: Connection) -> Findings:
    """Ask once; no table of posts is read to its end."""
    facts: Any = (await connection.execute(FACTS)).one()
    accounts = await connection.execute(text("SELECT name, state, state_detail FROM accounts ORDER BY name"))
    blind = await connection.execute(BLIND)
    return Findings(
        server_version=facts.version,
        server_major=int(facts.number) // 10_000,
        now_at=facts.now_at,
        database_bytes=facts.bytes,
        accounts=[(name, state, why) for name, state, why in accounts],
        channels=facts.channels,
        blind=[(name, since) for name, since in blind],
        unread=facts.unread,
        with_holes=facts.with_holes,
        late=facts.late,
        late_since_at=facts.late_since_at,
        dead=facts.dead,
        failed_analyses=facts.failed_analyses,
        ingest_silence=await silence_of(connection, "ingest"),
        has_bot=bool(await held_jobs(connection, ["bot"])),
    )


BLIND = text(
    "SELECT coalesce('@' || username, title), blind_since_at FROM channels"
    " WHERE state = 'active' AND blind_since_at IS NOT NULL ORDER BY blind_since_at"
)

_LATE = (
    f"FROM deliveries JOIN {REACHED} ON reached.id = subscriber_id WHERE state IN ('pending', 'unknown')"
    " AND settled_at IS NULL AND due_at < now() - interval '1 minute'"
)

FACTS = text(
    f"""
    SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
        clock_timestamp() AS now_at, pg_database_size(current_database()) AS bytes,
        (SELECT count(*) FROM channels WHERE state IN ('active', 'requested')) AS channels,
        (SELECT count(*) FROM channels WHERE state = 'active' AND reconciled_at IS NOT NULL
            AND (reader_id IS NULL OR reader_until_at < now())) AS unread,
        (SELECT count(*) FROM channels WHERE state = 'active' AND top_message_id > watermark) AS with_holes,
        (SELECT count(*) {_LATE}) AS late, (SELECT min(due_at) {_LATE}) AS late_since_at,
        (SELECT count(*) FROM deliveries WHERE state = 'dead' AND settled_at > now() - interval '1 day') AS dead,
        (SELECT count(*) FROM posts WHERE analysis = 'failed' AND deleted_at IS NULL) AS failed_analyses
    """  # noqa: S608 - our own words
)
