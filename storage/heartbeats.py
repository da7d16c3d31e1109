"""By which one program knows another alive: each says now and then that it works, and silence is told once."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.notices import Kind, notify_operators

Program = Literal["ingest"]
"""Programs whose silence somebody listens for."""

SILENT_AFTER = dt.timedelta(minutes=2)
"""A beat comes every ten seconds. Two minutes without one are more than what passes by itself: an outage of the
database that is waited for (a try every 15 s at most), a restart, a slow first connection."""


async def beat(connection: AsyncConnection, program: Program) -> None:
    """Say that a program works, by the database's clock."""
    await connection.execute(BEAT, {"program": program})


async def silence_of(connection: AsyncConnection, program: Program) -> dt.timedelta | None:
    """How long a program has said nothing; None if it never ran on this database."""
    silence: dt.timedelta | None = await connection.scalar(SILENCE, {"program": program})
    return silence


async def tell_silence(connection: AsyncConnection, silence: dt.timedelta) -> bool:
    """Note for operators that ingest has been silent for that long, unless that was the last word on it."""
    last = (await connection.execute(LAST_WORD)).first()
    if last is not None and last.kind == Kind.SILENT:
        return False
    await notify_operators(connection, Kind.SILENT, minutes=_minutes(silence))
    return True


async def tell_return(connection: AsyncConnection) -> bool:
    """Note for operators that ingest works again, if its silence was the last word on it."""
    last = (await connection.execute(LAST_WORD)).first()
    if last is None or last.kind != Kind.SILENT:
        return False
    minutes = _minutes(last.age) + int(last.minutes or 0)
    await notify_operators(connection, Kind.BACK, minutes=minutes)
    return True


def _minutes(duration: dt.timedelta) -> int:
    return duration // dt.timedelta(minutes=1)


BEAT = text(
    "INSERT INTO heartbeats (program, beat_at) VALUES (:program, now())"
    " ON CONFLICT (program) DO UPDATE SET beat_at = excluded.beat_at"
)

SILENCE = text("SELECT now() - beat_at FROM heartbeats WHERE program = :program")

LAST_WORD = text(
    "SELECT kind, now() - created_at AS age, CAST(detail ->> 'minutes' AS bigint) AS minutes FROM notices"
    " WHERE kind IN ('silent', 'back') ORDER BY id DESC LIMIT 1"
)
