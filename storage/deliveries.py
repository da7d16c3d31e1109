"""Everything the bot owes: written with the post it is about, leased, sent, and settled, one state at a time.

    pending -> leased -> sending -> sent
                           |-> pending      known not to have been sent
                           |-> unknown      nobody can know; one resend at most follows, plainly marked
                           |-> dead         permanent
    pending, unknown -> cancelled           nobody asks for it any more

Every step is fenced by the lease's token: a process that was paused for an hour cannot settle what another has taken.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import CursorResult, any_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import subscribers, subscriptions
from storage.ids import ChatId, DeliveryId, PostId
from storage.models import DeliveryRow, SendBanRow, SubscriberRow, SubscriptionRow
from storage.owing import Owed, owe_alerts
from storage.post_values import storable
from storage.posts import StoredPost, get_post
from storage.subscribers import Subscriber
from storage.subscriptions import Subscription

__all__ = [
    "Alert",
    "Leased",
    "Owed",
    "alert_of",
    "ban",
    "bans",
    "begin_sending",
    "counts_by_state",
    "expire_leases",
    "lease_due",
    "mark_dead",
    "mark_pending",
    "mark_sent",
    "mark_unknown",
    "next_due_at",
    "owe_alerts",
    "purge_settled",
]

MOST_UNKNOWNS = 2
"""The send that nobody knows the end of, and its one resend (reference: bot-api, D-5)."""

CANDIDATES = 50
"""How many due rows are looked at to find one for each of several chats."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that this process may work on until its lease ends."""

    id: DeliveryId
    token: str
    kind: str
    subscriber: Subscriber
    post_id: PostId
    attempt: int
    unknowns: int
    owed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """What is to be said: the post and the subscriptions that asked. A repeat may have arrived before."""

    delivery_id: DeliveryId
    post: StoredPost
    reasons: list[Subscription]
    is_repeat: bool


async def lease_due(
    connection: AsyncConnection, *, lease: dt.timedelta, busy_chats: Collection[int], limit: int
) -> list[Leased]:
    """Take up to `limit` due deliveries, at most one a chat and none for a chat in `busy_chats`.

    Rows that another process is leasing at this moment are stepped over, not waited for.
    """
    rows = await connection.execute(
        text(
            f"SELECT d.id, d.kind, d.post_id, d.attempt, d.unknowns, d.owed_at,"  # noqa: S608 - our own column names
            f" {', '.join(f's.{column.key}' for column in subscribers.COLUMNS)}"
            " FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id"
            " WHERE d.state IN ('pending', 'unknown') AND d.due_at <= statement_timestamp() AND s.state = 'active'"
            " AND s.chat_id <> ALL(CAST(:busy AS bigint[]))"
            " ORDER BY d.priority, d.due_at, d.id LIMIT :candidates FOR UPDATE OF d SKIP LOCKED"
        ),
        {"busy": list(busy_chats), "candidates": CANDIDATES if limit > 1 else 1},
    )
    chosen: dict[int, Leased] = {}
    token = secrets.token_hex(8)
    for number, kind, post_id, attempt, unknowns, owed_at, *who in rows:
        subscriber = subscribers.subscriber_of(who)
        if subscriber.chat_id not in chosen and len(chosen) < limit:
            chosen[subscriber.chat_id] = Leased(
                DeliveryId(number), token, kind, subscriber, PostId(post_id), attempt, unknowns, owed_at
            )
    if chosen:
        await connection.execute(
            text(
                "UPDATE deliveries SET state = 'leased', lease_token = :token, leased_until_at = now() + :lease"
                " WHERE id = ANY(:ids)"
            ),
            {"token": token, "lease": lease, "ids": [leased.id for leased in chosen.values()]},
        )
    return list(chosen.values())


async def begin_sending(connection: AsyncConnection, leased: Leased, *, lease: dt.timedelta) -> Alert | None:
    """The last look before the request: commit this first, then send. None when there is nothing to send any more."""
    if not await _settle(
        connection, leased, "state = 'sending', attempt = attempt + 1, leased_until_at = now() + :lease",
        from_state="leased", lease=lease,
    ):  # fmt: skip
        return None
    post = await get_post(connection, leased.post_id)
    reasons = [item for item in await _reasons(connection, leased.id) if item.state == "active"]
    if post is None or not reasons:
        await _settle(
            connection,
            leased,
            "state = 'cancelled', detail = 'no subscription asks for it any more', settled_at = now()",
        )
        return None
    return Alert(leased.id, post, reasons, is_repeat=leased.unknowns > 0)


async def mark_sent(connection: AsyncConnection, leased: Leased, telegram_message_id: int) -> bool:
    """Telegram accepted it. Commit at once, alone: until then a crash makes it unknown. False: the lease was lost."""
    return await _settle(
        connection, leased,
        "state = 'sent', telegram_message_id = :message, settled_at = now(), detail = NULL, lease_token = NULL",
        message=telegram_message_id,
    )  # fmt: skip


async def mark_pending(
    connection: AsyncConnection, leased: Leased, delay: dt.timedelta, detail: str, *, count_attempt: bool = True
) -> bool:
    """Known not to have been sent: due again after `delay`. An attempt that never reached Telegram is not counted.

    A row that was unknown before stays a repeat: its first send may have arrived.
    """
    return await _settle(
        connection, leased,
        "state = 'pending', due_at = now() + :delay, detail = :detail, lease_token = NULL,"
        " attempt = attempt - CASE state WHEN 'sending' THEN CAST(:uncounted AS bigint) ELSE 0 END",
        delay=delay, detail=detail, uncounted=0 if count_attempt else 1, from_state=None,
    )  # fmt: skip


async def mark_unknown(connection: AsyncConnection, leased: Leased, detail: str, delay: dt.timedelta) -> bool:
    """Nobody can know whether Telegram took it. Due once more after `delay`; after that it is dead, and said so."""
    return await _settle(connection, leased, UNKNOWN, delay=delay, detail=detail, most=MOST_UNKNOWNS)


UNKNOWN = (
    "unknowns = unknowns + 1, state = CASE WHEN unknowns + 1 >= :most THEN 'dead' ELSE 'unknown' END,"
    " due_at = now() + :delay, detail = :detail, lease_token = NULL,"
    " settled_at = CASE WHEN unknowns + 1 >= :most THEN now() END"
)


async def mark_dead(connection: AsyncConnection, leased: Leased, detail: str) -> bool:
    """It can never be sent; the row stays, with the reason, for the operator."""
    return await _settle(
        connection, leased, "state = 'dead', detail = :detail, settled_at = now(), lease_token = NULL",
        detail=detail, from_state=None,
    )  # fmt: skip


async def expire_leases(connection: AsyncConnection, *, of_everybody: bool = False) -> int:
    """Take back what a process that is gone had leased: not begun is pending again, begun is unknown.

    `of_everybody`: also leases that have time left, for a sender that starts and knows itself to be the only one.
    """
    waiting = await connection.execute(
        text(
            "UPDATE deliveries SET state = 'pending', lease_token = NULL"  # noqa: S608 - our own words
            f" WHERE id IN ({EXPIRED})"
        ),
        {"state": "leased", "all": of_everybody},
    )
    begun = await connection.execute(
        text(f"UPDATE deliveries SET {UNKNOWN} WHERE id IN ({EXPIRED})"),  # noqa: S608
        {
            "most": MOST_UNKNOWNS,
            "delay": dt.timedelta(0),
            "detail": "the sender ended before it knew",
            "state": "sending",
            "all": of_everybody,
        },
    )
    return _count(waiting) + _count(begun)


EXPIRED = (
    "SELECT id FROM deliveries WHERE state = :state AND (:all OR leased_until_at < now())"
    " ORDER BY id FOR UPDATE SKIP LOCKED"
)
"""A row that somebody holds is being settled at this very moment."""


async def next_due_at(connection: AsyncConnection) -> dt.datetime | None:
    """When the next delivery that waits will be due."""
    value: dt.datetime | None = await connection.scalar(
        text(
            "SELECT min(d.due_at) FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id"
            " WHERE d.state IN ('pending', 'unknown') AND s.state = 'active'"
        )
    )
    return value


async def counts_by_state(connection: AsyncConnection) -> dict[str, int]:
    """How many deliveries there are in each state."""
    rows = await connection.execute(text("SELECT state, count(*) AS deliveries FROM deliveries GROUP BY state"))
    return {row.state: row.deliveries for row in rows}


async def alert_of(connection: AsyncConnection, chat_id: ChatId, delivery_id: DeliveryId) -> Alert | None:
    """The alert behind a button, if it was owed to that very chat."""
    row = (
        await connection.execute(
            select(DeliveryRow.post_id, DeliveryRow.unknowns)
            .join(SubscriberRow, SubscriberRow.id == DeliveryRow.subscriber_id)
            .where(DeliveryRow.id == delivery_id, SubscriberRow.chat_id == chat_id)
        )
    ).first()
    if row is None:
        return None
    post = await get_post(connection, PostId(row.post_id))
    if post is None:
        return None
    return Alert(delivery_id, post, await _reasons(connection, delivery_id), is_repeat=row.unknowns > 0)


async def ban(connection: AsyncConnection, chat_id: int, until_at: dt.datetime) -> None:
    """Telegram told us to wait: for one chat, or (chat 0) altogether. Kept across restarts."""
    await connection.execute(
        text(
            "INSERT INTO send_bans (chat_id, until_at) VALUES (:chat, :until) ON CONFLICT (chat_id)"
            " DO UPDATE SET until_at = greatest(send_bans.until_at, excluded.until_at)"
        ),
        {"chat": chat_id, "until": until_at},
    )


async def bans(connection: AsyncConnection) -> dict[int, dt.datetime]:
    """Bans that still hold, by chat (0: the whole bot); those that are over are forgotten."""
    await connection.execute(text("DELETE FROM send_bans WHERE until_at <= now()"))
    rows = await connection.execute(select(SendBanRow.chat_id, SendBanRow.until_at))
    return {row.chat_id: row.until_at for row in rows}


async def purge_settled(connection: AsyncConnection, older_than: dt.timedelta) -> int:
    """Forget deliveries that were settled long ago (docs: 30 days). Returns how many."""
    return _count(
        await connection.execute(
            text("DELETE FROM deliveries WHERE settled_at < now() - CAST(:age AS interval)"), {"age": older_than}
        )
    )


async def _reasons(connection: AsyncConnection, delivery_id: DeliveryId) -> list[Subscription]:
    rows = await connection.execute(
        select(*subscriptions.COLUMNS)
        .join(DeliveryRow, SubscriptionRow.id == any_(DeliveryRow.reasons))
        .where(DeliveryRow.id == delivery_id)
        .order_by(SubscriptionRow.id)
    )
    return [subscriptions.subscription_of(row) for row in rows]


async def _settle(
    connection: AsyncConnection,
    leased: Leased,
    change: str,
    *,
    from_state: str | None = "sending",
    **values: object,
) -> bool:
    # `change` is one of the literals above, never input; the token fences out a lease that was lost meanwhile.
    done = await connection.execute(
        text(
            f"UPDATE deliveries SET {change} WHERE id = :id AND lease_token = :token"  # noqa: S608
            " AND state = ANY(:states)"
        ),
        {
            "id": leased.id,
            "token": leased.token,
            "states": [from_state] if from_state else ["leased", "sending"],
            **{name: storable(value) if isinstance(value, str) else value for name, value in values.items()},
        },
    )
    return _count(done) == 1


def _count(result: CursorResult[tuple[object, ...]]) -> int:
    return result.rowcount
