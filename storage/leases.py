"""Leases: the right to work on what is owed, one message at a time, some of them about several rows."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import subscribers
from storage.ids import DeliveryId
from storage.subscribers import Subscriber

CANDIDATES = 50
"""How many due rows are looked at to find one for each of several chats."""

LONGEST_GATHERING = {"alert": dt.timedelta(minutes=5), "notice": dt.timedelta(minutes=1)}
"""How long rows that go together wait for more of their kind while more keep coming.

Of late posts five minutes, in which 100,000 missed ones are filled (issue 4): one digest of a gap, not one a minute. Of
notices a minute: two rounds of looks at the channels.
"""


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that this process may work on until its lease ends: one delivery, or several that go together."""

    id: DeliveryId
    """The first of `ids`, which stands for the message."""
    ids: tuple[DeliveryId, ...]
    token: str
    kind: str
    """alert or notice."""
    subscriber: Subscriber
    attempt: int
    unknowns: int
    owed_at: dt.datetime


async def lease_due(
    connection: AsyncConnection, *, lease: dt.timedelta, busy_chats: Collection[int], limit: int
) -> list[Leased]:
    """Take up to `limit` messages that are due, at most one a chat and none for a chat in `busy_chats`.

    A subscriber's late alerts are one message, as are an operator's notices: with the first that is due go all that
    wait, but not those that wait to be repeated, which are a message of their own. Rows that another process is leasing
    at this moment are stepped over, not waited for.
    """
    rows = await connection.execute(
        DUE, {"busy": list(busy_chats), "candidates": CANDIDATES if limit > 1 else 1}
    )  # fmt: skip
    token = secrets.token_hex(8)
    chosen: dict[int, tuple[Leased, bool]] = {}
    for number, kind, is_late, attempt, unknowns, owed_at, *who in rows:
        subscriber = subscribers.subscriber_of(who)
        if subscriber.chat_id not in chosen and len(chosen) < limit:
            delivery_id = DeliveryId(number)
            leased = Leased(delivery_id, (delivery_id,), token, kind, subscriber, attempt, unknowns, owed_at)
            chosen[subscriber.chat_id] = leased, is_late
    taken = [
        await _gathered(connection, leased, is_late=is_late) if is_late or leased.kind == "notice" else leased
        for leased, is_late in chosen.values()
    ]
    ready = [leased for leased in taken if leased is not None]
    if ready:
        ids = [delivery_id for leased in ready for delivery_id in leased.ids]
        await connection.execute(LEASE, {"token": token, "lease": lease, "ids": ids})
    return ready


async def _gathered(connection: AsyncConnection, leased: Leased, *, is_late: bool) -> Leased | None:
    """The message with all rows that go into it; None while more keep coming, not for longer than LONGEST_GATHERING."""
    rows = (
        await connection.execute(
            TOGETHER,
            {
                "subscriber": leased.subscriber.id,
                "kind": leased.kind,
                "late": is_late,
                "repeat": leased.unknowns > 0,
                "longest": LONGEST_GATHERING[leased.kind],
            },
        )
    ).all()
    newest_due_at = max(row.due_at for row in rows)
    if any(row.is_ahead for row in rows) and all(row.is_young for row in rows):
        due = [row.id for row in rows if not row.is_ahead]
        await connection.execute(WAIT_FOR_MORE, {"ids": due, "due": newest_due_at})
        return None
    # The least that any of them has been tried: those that came later are not given up for the others' sake.
    return replace(leased, ids=tuple(DeliveryId(row.id) for row in rows), attempt=min(row.attempt for row in rows))


DUE = text(
    "SELECT d.id, d.kind, d.is_late, d.attempt, d.unknowns, d.owed_at,"  # noqa: S608 - our own column names
    f" {', '.join(f's.{column.key}' for column in subscribers.COLUMNS)}"
    " FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id"
    " WHERE d.state IN ('pending', 'unknown') AND d.due_at <= statement_timestamp() AND s.state = 'active'"
    " AND s.chat_id <> ALL(CAST(:busy AS bigint[]))"
    " ORDER BY d.priority, d.due_at, d.id LIMIT :candidates FOR UPDATE OF d SKIP LOCKED"
)

TOGETHER = text(
    "SELECT id, attempt, due_at, due_at > statement_timestamp() AS is_ahead,"
    " owed_at > statement_timestamp() - CAST(:longest AS interval) AS is_young"
    " FROM deliveries WHERE subscriber_id = :subscriber AND kind = :kind AND is_late = :late"
    " AND state IN ('pending', 'unknown') AND (unknowns > 0) = :repeat"
    " AND (due_at <= statement_timestamp() OR attempt = 0 AND unknowns = 0)"
    " ORDER BY id FOR UPDATE SKIP LOCKED"
)
"""What was tried before and waits after an error keeps its time; only what was never tried goes early."""

LEASE = text(
    "UPDATE deliveries SET state = 'leased', lease_token = :token, leased_until_at = now() + :lease"
    " WHERE id = ANY(:ids)"
)

WAIT_FOR_MORE = text("UPDATE deliveries SET due_at = :due WHERE id = ANY(:ids)")
