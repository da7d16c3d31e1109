"""What is said far above its usual rate, for the pages that show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from storage.bursts import Burst, recent_bursts
from storage.database import Connection

LATELY = dt.timedelta(hours=24)
MOST = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """A burst, and the query that finds its posts."""

    burst: Burst
    query: str


async def bursting(connection: Connection) -> list[Shown]:
    """Bursts of the last day: those that last, the strongest first, then those that have ended."""
    found = await recent_bursts(connection, dt.datetime.now(dt.UTC) - LATELY, MOST)
    found.sort(key=lambda each: (each.ended_at is not None, -each.times))
    return [Shown(each, _query(each)) for each in found]


def _query(burst: Burst) -> str:
    if burst.kind == "topic":
        return f"topic:{burst.shown}"
    words = burst.shown.replace('"', " ").strip()
    return f'"{words}"' if " " in words else words
