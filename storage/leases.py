"""Leases: the right to work on what is owed, one message at a time, some of them about several rows."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import subscribers
from storage.deferring import hold_back
from storage.ids import DeliveryId
from storage.schedules import DIGEST_PRIORITY
from storage.subscribers import Subscriber

CANDIDATES = 50
"""How many due rows are looked at to find one for each of several chats."""

ROUNDS = 20
"""How often more rows are looked at, while those of subscribers who do not want to hear now are put off."""

LONGEST_GATHERING = {"alert": dt.timedelta(minutes=5), "notice": dt.timedelta(minutes=1)}
"""How long rows that go together wait for more of their kind while more keep coming.

Of late posts five minutes, in which 100,000 missed ones are filled (issue 4): one digest of a gap, not one a minute. Of
notices a minute: two rounds of looks at the channels.
"""


MOST_WAITING = 20
"""Alerts that wait for one subscriber and still come one by one; of more, all come as one message (issue 6)."""

LONGEST_WAIT = dt.timedelta(minutes=5)
"""How long alerts may have been due and still come one by one (issue 6; reference: bot-api, D-6)."""

OLDEST_ALONE = dt.timedelta(hours=24)
"""Alerts older than that come as one message even where the others do not (reference: bot-api, D-5)."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that this process may work on until its lease ends: one delivery, or several that go together."""

    id: DeliveryId
    """The first of `ids`, which stands for the message."""
    ids: tuple[DeliveryId, ...]
    token: str
    kind: str
    """alert, amendment, burst or notice."""
    subscriber: Subscriber
    attempt: int
    unknowns: int
    owed_at: dt.datetime
    is_thread_gone: bool = False
    """The subscriber's forum topic was deleted."""
    is_digest: bool = False
    """Its alerts waited for the hour of a digest, or for the end of quiet hours or a pause."""

    @property
    def thread_id(self) -> int:
        """Where in the chat it goes: the subscriber's topic, or 0 for the chat itself."""
        return 0 if self.is_thread_gone else self.subscriber.thread_id


async def lease_due(
    connection: AsyncConnection,
    *,
    lease: dt.timedelta,
    busy_chats: Collection[int],
    limit: int,
    folds: bool = True,
) -> list[Leased]:
    """Take up to `limit` messages that are due, at most one a chat and none for a chat in `busy_chats`.

    A subscriber's late alerts are one message, as are an operator's notices: with the first that is due go all that
    wait, but not those that wait to be repeated, which are a message of their own. If it `folds`, so are the alerts of
    a subscriber for whom too many wait, or have waited for too long. Rows that another process is leasing at this
    moment are stepped over, not waited for. What its subscriber's terms say must wait is not due (`storage.deferring`).
    """
    rows = await _due(connection, {"busy": list(busy_chats), "candidates": CANDIDATES if limit > 1 else 1})
    token = secrets.token_hex(8)
    chosen: dict[int, tuple[Leased, bool]] = {}
    for number, kind, is_late, attempt, unknowns, owed_at, is_thread_gone, is_digest, _, *who in rows:
        subscriber = subscribers.subscriber_of(who)
        if subscriber.chat_id not in chosen and len(chosen) < limit:
            ids = (DeliveryId(number),)
            leased = Leased(ids[0], ids, token, kind, subscriber, attempt, unknowns, owed_at, is_thread_gone, is_digest)
            chosen[subscriber.chat_id] = leased, is_late
    waiting = await _backlogs(connection, [leased for leased, _ in chosen.values()], folds=folds)
    taken: list[Leased | None] = []
    for leased, is_late in chosen.values():
        if leased.is_digest or (leased.kind == "alert" and leased.subscriber.id in waiting):
            taken.append(await _folded(connection, leased))
        elif is_late or leased.kind == "notice":
            taken.append(await _gathered(connection, leased, is_late=is_late))
        else:
            taken.append(leased)
    ready = [leased for leased in taken if leased is not None]
    if ready:
        ids_of_all = [delivery_id for leased in ready for delivery_id in leased.ids]
        await connection.execute(LEASE, {"token": token, "lease": lease, "ids": ids_of_all})
    return ready


async def _due(connection: AsyncConnection, values: dict[str, object]) -> Sequence[Any]:
    """Rows that are due, locked, after their subscribers' terms were applied to all that each of them has."""
    for _ in range(ROUNDS):
        rows = (await connection.execute(DUE, values)).all()
        moved, undecided = await hold_back(connection, {row.subscriber_id for row in rows if row.kind == "alert"})
        if not moved:
            return [row for row in rows if row.kind != "alert" or row.subscriber_id not in undecided]
    return []


async def _backlogs(connection: AsyncConnection, chosen: Collection[Leased], *, folds: bool) -> set[int]:
    """Of the chosen messages' subscribers, those whose alerts must not come one by one any more."""
    now = dt.datetime.now(dt.UTC)
    may_fold = [leased for leased in chosen if folds or leased.owed_at < now - OLDEST_ALONE]
    numbers = [leased.subscriber.id for leased in may_fold if leased.kind == "alert"]
    if not numbers:
        return set()
    values = {"subscribers": numbers, "folds": folds, "most": MOST_WAITING, "longest": LONGEST_WAIT}
    return set(await connection.scalars(BACKLOGS, {**values, "oldest": OLDEST_ALONE}))


async def _folded(connection: AsyncConnection, leased: Leased) -> Leased:
    """The message with all alerts of its subscriber that are due; a digest's, or all others."""
    values = {"subscriber": leased.subscriber.id, "repeat": leased.unknowns > 0, "digest": leased.is_digest}
    rows = (await connection.execute(FOLDED, values)).all()
    return replace(leased, ids=tuple(DeliveryId(row.id) for row in rows), attempt=min(row.attempt for row in rows))


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
    "SELECT d.id, d.kind, d.is_late, d.attempt, d.unknowns, d.owed_at, s.is_thread_gone,"  # noqa: S608 - our own names
    f" d.priority = {DIGEST_PRIORITY} AS is_digest, s.id AS subscriber_id,"
    f" {', '.join(f's.{column.key}' for column in subscribers.COLUMNS)}"
    " FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id"
    " WHERE d.state IN ('pending', 'unknown') AND d.due_at <= statement_timestamp() AND d.settled_at IS NULL"
    " AND s.state = 'active'"
    " AND s.chat_id <> ALL(CAST(:busy AS bigint[]))"
    f" AND (d.priority <> {DIGEST_PRIORITY} OR NOT EXISTS (SELECT FROM deliveries e"
    " WHERE e.subscriber_id = d.subscriber_id AND e.id < d.id AND (e.unknowns > 0) = (d.unknowns > 0)"
    f" AND e.priority = {DIGEST_PRIORITY} AND e.state IN ('pending', 'unknown') AND e.settled_at IS NULL"
    " AND e.due_at <= statement_timestamp()))"
    " ORDER BY d.priority, d.due_at, d.id LIMIT :candidates FOR UPDATE OF d SKIP LOCKED"
)

TOGETHER = text(
    "SELECT id, attempt, due_at, due_at > statement_timestamp() AS is_ahead,"  # noqa: S608 - our own number
    " owed_at > statement_timestamp() - CAST(:longest AS interval) AS is_young"
    f" FROM deliveries WHERE subscriber_id = :subscriber AND kind = :kind AND is_late = :late"
    f" AND priority <> {DIGEST_PRIORITY}"
    " AND state IN ('pending', 'unknown') AND settled_at IS NULL AND (unknowns > 0) = :repeat"
    " AND (due_at <= statement_timestamp() OR attempt = 0 AND unknowns = 0)"
    " ORDER BY id FOR UPDATE SKIP LOCKED"
)
"""What was tried before and waits after an error keeps its time; only what was never tried goes early."""

BACKLOGS = text(
    "SELECT subscriber_id FROM deliveries"  # noqa: S608
    " WHERE subscriber_id = ANY(CAST(:subscribers AS bigint[])) AND kind = 'alert'"
    " AND state IN ('pending', 'unknown') AND settled_at IS NULL AND due_at <= statement_timestamp()"
    f" AND priority <> {DIGEST_PRIORITY}"
    " GROUP BY subscriber_id HAVING count(*) > 1 AND ("
    " min(owed_at) < statement_timestamp() - CAST(:oldest AS interval) OR :folds AND ("
    " count(*) > :most OR min(due_at) < statement_timestamp() - CAST(:longest AS interval)))"
)

FOLDED = text(
    "SELECT id, attempt FROM deliveries WHERE subscriber_id = :subscriber AND kind = 'alert'"  # noqa: S608
    " AND state IN ('pending', 'unknown') AND settled_at IS NULL AND (unknowns > 0) = :repeat"
    f" AND due_at <= statement_timestamp() AND (priority = {DIGEST_PRIORITY}) = :digest"
    " ORDER BY id FOR UPDATE SKIP LOCKED"
)

LEASE = text(
    "UPDATE deliveries SET state = 'leased', lease_token = :token, leased_until_at = now() + :lease"
    " WHERE id = ANY(:ids)"
)

WAIT_FOR_MORE = text("UPDATE deliveries SET due_at = :due WHERE id = ANY(:ids)")
