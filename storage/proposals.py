"""Channels that people would like to be read: proposed once, decided once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import SubscriberId
from storage.models import ProposalRow

MOST_OPEN = 5
"""Proposals of one chat that wait at a time."""

KEPT = dt.timedelta(days=90)
"""How long a proposal is remembered, whatever became of it: so long it is not made again."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A channel, by its username without @, and who is told how it goes."""

    id: int
    subscriber_id: SubscriberId
    username: str


async def propose(connection: AsyncConnection, subscriber_id: SubscriberId, username: str) -> Proposal | None:
    """A new proposal; None when this chat has made it already, or has too many open."""
    await forget_old(connection)
    open_ones = select(func.count()).where(ProposalRow.subscriber_id == subscriber_id, ProposalRow.state == "open")
    if int(await connection.scalar(open_ones) or 0) >= MOST_OPEN:
        return None
    number = await connection.scalar(
        insert(ProposalRow)
        .values(subscriber_id=subscriber_id, username=username.lower())
        .on_conflict_do_nothing()
        .returning(ProposalRow.id)
    )
    return None if number is None else Proposal(number, subscriber_id, username.lower())


async def forget_old(connection: AsyncConnection) -> None:
    """Forget what was proposed too long ago to matter."""
    await connection.execute(delete(ProposalRow).where(ProposalRow.proposed_at < func.now() - KEPT))


async def decide(connection: AsyncConnection, number: int, *, approved: bool) -> list[Proposal]:
    """Decide about a channel: the open proposals of it that this answers, everybody's; none when it is decided."""
    wanted = select(ProposalRow.username).where(ProposalRow.id == number, ProposalRow.state == "open").scalar_subquery()
    rows = await connection.execute(
        update(ProposalRow)
        .where(ProposalRow.username == wanted, ProposalRow.state == "open")
        .values(state="approved" if approved else "refused")
        .returning(ProposalRow.id, ProposalRow.subscriber_id, ProposalRow.username)
    )
    return [Proposal(row.id, SubscriberId(row.subscriber_id), row.username) for row in rows]
