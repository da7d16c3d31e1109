"""Whether somebody is there to do what a command asks for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.database import Database

ALIVE = dt.timedelta(seconds=30)
"""Ingest says every ten seconds that it works (ingest.jobs.BEAT_EVERY): three times unheard is gone."""


async def is_ingest_running(database: Database) -> bool:
    """Whether ingest, of whichever process, has lately said that it works."""
    from storage.heartbeats import silence_of

    async with database.begin() as connection:
        silence = await silence_of(connection, "ingest")
    return silence is not None and silence < ALIVE
