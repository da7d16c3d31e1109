"""How far archives have been read, so that a stopped replay goes on instead of starting over."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import ReplayRow


async def position(connection: AsyncConnection, fingerprint: str) -> int:
    """Lines of an archive whose posts are committed; 0 for a new one, and for one that was read to its end."""
    row = (
        await connection.execute(
            select(ReplayRow.lines, ReplayRow.finished_at).where(ReplayRow.fingerprint == fingerprint)
        )
    ).first()
    return 0 if row is None or row.finished_at is not None else int(row.lines)


async def advance(connection: AsyncConnection, fingerprint: str, lines: int) -> None:
    """Everything up to that line is committed."""
    await connection.execute(
        insert(ReplayRow)
        .values(fingerprint=fingerprint, lines=lines)
        .on_conflict_do_update(index_elements=["fingerprint"], set_={"lines": lines, "finished_at": None})
    )


async def finish(connection: AsyncConnection, fingerprint: str) -> None:
    """The archive has been read to its end: the next replay begins at the top, and finds nothing new."""
    await connection.execute(
        update(ReplayRow).where(ReplayRow.fingerprint == fingerprint).values(finished_at=func.now())
    )
