"""What the database knows of how the whole installation does: lag, holes, what waits to be sent. Numbers, no names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.delivery_figures import REACHED


@dataclass(frozen=True, slots=True)
class Figures:
    """How it is at this moment. Ages are seconds; None where there is nothing that could be old."""

    channels: dict[str, int]
    """By state, removed ones left out."""
    blind: int
    """Channels at which nobody could look for minutes."""
    lag_s: float | None
    """Since the last good look, of the channel that waits longest for one; those read by their pages only need none."""
    holes: int
    """Message ids that nobody accounts for yet."""
    waiting: dict[tuple[str, str], int]
    """Deliveries that are not settled, by kind and state."""
    queue_age_s: float | None
    """For how long the oldest of those that are due has been; what suspended chats are owed waits for their return."""
    flood_waits: int
    """Methods that some account has to leave alone now."""
    bursts: int
    """Bursts that go on."""
    ingest_silence_s: float | None
    """Since ingest last said that it works."""


async def read_figures(connection: AsyncConnection) -> Figures:
    """All of them, by partial indexes: some milliseconds."""
    channels = {row.state: row.number for row in await connection.execute(CHANNELS)}
    waiting = {(row.kind, row.state): row.number for row in await connection.execute(WAITING)}
    row: Any = (await connection.execute(FIGURES)).one()
    return Figures(
        channels, row.blind, row.lag_s, row.holes, waiting, row.queue_age_s, row.flood_waits, row.bursts,
        row.ingest_silence_s,
    )  # fmt: skip


CHANNELS = text("SELECT state, count(*) AS number FROM channels WHERE state <> 'removed' GROUP BY state")

WAITING = text(
    """
    SELECT kind, state, count(*) AS number FROM deliveries WHERE state IN ('pending', 'unknown') GROUP BY 1, 2
    UNION ALL
    SELECT kind, state, count(*) FROM deliveries WHERE state IN ('leased', 'sending') GROUP BY 1, 2
    """
)
"""In two parts, as there are two partial indexes."""

FIGURES = text(
    f"""
    SELECT
        (SELECT count(*) FROM channels WHERE state = 'active' AND blind_since_at IS NOT NULL) AS blind,
        (SELECT CAST(extract(epoch FROM now() - min(coalesce(reconciled_at, changed_at))) AS double precision)
            FROM channels WHERE state = 'active' AND watermark IS NOT NULL) AS lag_s,
        (SELECT CAST(coalesce(sum(greatest(c.top_message_id - c.watermark, 0) - above.known), 0) AS bigint)
            FROM channels c, LATERAL (
                SELECT count(*) AS known FROM channel_messages m WHERE m.channel_id = c.id AND m.kind <> 'missing'
                    AND m.message_id > c.watermark AND m.message_id <= c.top_message_id
            ) AS above WHERE c.state = 'active') AS holes,
        (SELECT CAST(extract(epoch FROM now() - min(due_at)) AS double precision)
            FROM deliveries JOIN {REACHED} ON reached.id = subscriber_id
            WHERE deliveries.state IN ('pending', 'unknown') AND settled_at IS NULL AND due_at <= now()) AS queue_age_s,
        (SELECT count(*) FROM flood_waits WHERE until_at > now()) AS flood_waits,
        (SELECT count(*) FROM bursts WHERE ended_at IS NULL) AS bursts,
        (SELECT CAST(extract(epoch FROM now() - beat_at) AS double precision) FROM heartbeats
            WHERE program = 'ingest') AS ingest_silence_s
    """  # noqa: S608 - our own words
)
