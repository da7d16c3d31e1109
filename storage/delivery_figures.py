"""What the bot owes, as an operator looks at it: how much waits for how long, what failed and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import text

from storage.database import Connection, notify
from storage.ids import DeliveryId

WAITS = "state IN ('pending', 'leased', 'sending') OR state = 'unknown' AND settled_at IS NULL"
"""Still to be sent, or to be sent once more."""

REACHED = "(SELECT id FROM subscribers WHERE state = 'active') AS reached"
"""The subscribers to whom something can be sent; suspended ones' deliveries wait for their return."""

UNDER_WAY = "state IN ('leased', 'sending')"

CANCELLED_BY_OPERATOR = "cancelled by an operator"


@dataclass(frozen=True, slots=True)
class StateFigure:
    """All deliveries of one kind in one state."""

    state: str
    kind: str
    count: int
    oldest_at: dt.datetime
    """When the oldest of them was owed."""
    late: int
    """Of these, those that should have gone a minute ago or earlier; nothing where none has to go, and none to chats
    that Telegram refuses: these wait for the chat's return."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Deliveries that failed for one reason."""

    state: str
    """dead; or unknown: nobody can know whether it arrived, and its subscriber wants nothing twice."""
    reason: str
    count: int
    newest_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """One delivery, without the words of its post."""

    id: DeliveryId
    kind: str
    state: str
    chat_id: int | None
    channel: str | None
    message_id: int | None
    attempt: int
    detail: str | None
    owed_at: dt.datetime
    due_at: dt.datetime
    settled_at: dt.datetime | None
    text: str | None
    """Only if it was asked for."""


class Refusal(StrEnum):
    """Why a delivery is left as it is."""

    UNKNOWN_NUMBER = "there is none of that number"
    NOT_FAILED = "it has not failed"
    NOT_WAITING = "it does not wait any more"
    UNDER_WAY = "it is being sent at this moment"
    TOLD_OTHERWISE = "another alert tells its subscriber of the same story"


async def figures(connection: Connection) -> list[StateFigure]:
    """All deliveries by state and kind."""
    return [StateFigure(*row) for row in await connection.execute(FIGURES)]


async def failures(connection: Connection, since: dt.datetime) -> list[Failure]:
    """What failed since then, by reason, the most frequent first."""
    return [Failure(*row) for row in await connection.execute(FAILURES, {"since": since})]


async def list_deliveries(
    connection: Connection, states: Collection[str], *, limit: int, with_text: bool = False
) -> list[Listed]:
    """Deliveries in these states, the newest first."""
    values = {"states": sorted(states), "limit": limit, "text": with_text}
    return [Listed(*row) for row in await connection.execute(LIST, values)]


async def failed_ids(connection: Connection) -> list[DeliveryId]:
    """The numbers of all dead deliveries, oldest first."""
    rows = await connection.scalars(text("SELECT id FROM deliveries WHERE state = 'dead' ORDER BY id"))
    return [DeliveryId(number) for number in rows]


async def waiting_ids(connection: Connection) -> list[DeliveryId]:
    """The numbers of all that wait and are not being sent at this moment, oldest first."""
    statement = f"SELECT id FROM deliveries WHERE (({WAITS}) OR state = 'held') AND NOT {UNDER_WAY} ORDER BY id"  # noqa: S608 - ours
    return [DeliveryId(number) for number in await connection.scalars(text(statement))]


async def retry(connection: Connection, ids: Collection[DeliveryId]) -> dict[DeliveryId, Refusal]:
    """Send these once more, now: dead ones, and those that nobody knows the end of. Returns what is left as it is.

    What may have arrived goes out marked as a possible repeat, as every resend does. One that nobody asks for any more
    is cancelled when its turn comes.
    """
    done = await connection.scalars(RETRY, {"ids": list(ids)})
    refused = await _refused(connection, set(ids) - {DeliveryId(number) for number in done}, Refusal.NOT_FAILED)
    await notify(connection, "deliveries")
    return refused


async def cancel(connection: Connection, ids: Collection[DeliveryId]) -> dict[DeliveryId, Refusal]:
    """Send these no more. Returns what is left as it is: sent already, or being sent at this moment."""
    done = await connection.scalars(CANCEL, {"ids": list(ids), "detail": CANCELLED_BY_OPERATOR})
    return await _refused(connection, set(ids) - {DeliveryId(number) for number in done}, Refusal.NOT_WAITING)


async def _refused(connection: Connection, ids: Collection[DeliveryId], why: Refusal) -> dict[DeliveryId, Refusal]:
    """Why each of these was not changed."""
    rows = await connection.execute(STATES, {"ids": list(ids)})
    found = {DeliveryId(number): _reason(state, why) for number, state in rows}
    return {number: found.get(number, Refusal.UNKNOWN_NUMBER) for number in sorted(ids)}


def _reason(state: str, why: Refusal) -> Refusal:
    if state in ("leased", "sending"):
        return Refusal.UNDER_WAY
    return Refusal.TOLD_OTHERWISE if why is Refusal.NOT_FAILED and state == "dead" else why


FIGURES = text(
    "SELECT state, kind, count(*), min(owed_at),"  # noqa: S608 - our own words
    f" count(*) FILTER (WHERE ({WAITS}) AND due_at < now() - interval '1 minute' AND reached.id IS NOT NULL)"
    f" FROM deliveries LEFT JOIN {REACHED} ON reached.id = subscriber_id GROUP BY state, kind"
    " ORDER BY array_position(ARRAY['held', 'pending', 'leased', 'sending', 'unknown', 'sent', 'dead', 'cancelled'],"
    " state), kind"
)

FAILURES = text(
    "SELECT state, coalesce(detail, ''), count(*) AS failed, max(coalesce(settled_at, owed_at)) AS newest_at"
    " FROM deliveries WHERE (state = 'dead' OR state = 'unknown' AND settled_at IS NOT NULL)"
    " AND coalesce(settled_at, owed_at) >= :since"
    " GROUP BY state, coalesce(detail, '') ORDER BY failed DESC, newest_at DESC"
)

LIST = text(
    "SELECT d.id, d.kind, d.state, s.chat_id, coalesce('@' || c.username, c.title), p.message_id, d.attempt, d.detail,"
    " d.owed_at, d.due_at, d.settled_at, CASE WHEN :text THEN p.text END"
    " FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id LEFT JOIN posts p ON p.id = d.post_id"
    " LEFT JOIN channels c ON c.id = p.channel_id"
    " WHERE d.state = ANY(CAST(:states AS text[])) ORDER BY d.id DESC LIMIT :limit"
)

STATES = text("SELECT id, state FROM deliveries WHERE id = ANY(CAST(:ids AS bigint[]))")

FAILED = (
    "SELECT d.id FROM deliveries d WHERE d.id = ANY(CAST(:ids AS bigint[]))"
    " AND (d.state = 'dead' OR d.state = 'unknown' AND d.settled_at IS NOT NULL)"
    # Of a story a subscriber is told once: by another alert, if this one failed and another was let go instead.
    " AND NOT (d.is_first AND d.state = 'dead' AND EXISTS (SELECT FROM deliveries e"
    " WHERE e.story_id = d.story_id AND e.subscriber_id = d.subscriber_id AND e.id <> d.id AND e.is_first"
    " AND (e.state NOT IN ('held', 'cancelled', 'dead')"
    " OR e.state = 'dead' AND e.id < d.id AND e.id = ANY(CAST(:ids AS bigint[])))))"
    " ORDER BY d.id FOR UPDATE OF d SKIP LOCKED"
)

RETRY = text(
    "UPDATE deliveries SET state = 'pending', attempt = 0, due_at = now(), settled_at = NULL, lease_token = NULL,"  # noqa: S608
    f" leased_until_at = NULL WHERE id IN ({FAILED}) RETURNING id"
)
"""What may have arrived (`unknowns`) stays so."""

CANCELLABLE = (
    "SELECT id FROM deliveries WHERE id = ANY(CAST(:ids AS bigint[]))"  # noqa: S608
    f" AND (({WAITS}) OR state = 'held') AND NOT {UNDER_WAY} ORDER BY id FOR UPDATE SKIP LOCKED"
)

CANCEL = text(
    "UPDATE deliveries SET state = 'cancelled', detail = :detail, settled_at = now(), lease_token = NULL"  # noqa: S608
    f" WHERE id IN ({CANCELLABLE}) RETURNING id"
)
