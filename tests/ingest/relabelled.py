"""All stored posts labelled anew at once, as the running ingest does it by and by."""

from __future__ import annotations

import asyncio

from ingest.relabelling import PAGE, Relabeller
from storage.database import Database


async def relabel_all(database: Database, *, page: int = PAGE, version: str | None = None) -> None:
    """Until nothing is left to do, without rest."""
    relabeller = Relabeller(database, page=page, version=version)
    while (step := await relabeller.step()).has_more:  # noqa: ASYNC110 - what it waits for sets no event
        await asyncio.sleep(0.02 if step.is_waiting else 0)
