"""Everything the bot owes: written with the post it is about, leased, sent, and settled, one state at a time.

    pending -> leased -> sending -> sent
                           |-> pending      known not to have been sent
                           |-> unknown      nobody can know; one resend at most follows, plainly marked
                           |-> dead         permanent
    pending, unknown -> cancelled           nobody asks for it any more
    held -> pending                         nothing else tells its story (any more), or enough channels do (decision 16)

Every step is fenced by the lease's token: a process that was paused for an hour cannot settle what another has taken.
A message about several rows (late posts, notices) moves all of them in one statement.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import alerts, burst_alerts, notices
from storage.alerts import Alert, FoundLate, alert_of
from storage.burst_alerts import ToldBurst
from storage.ids import SubscriberId
from storage.leases import Leased, lease_due
from storage.notices import Notice
from storage.owing import Owed, owe_alerts
from storage.post_values import storable
from storage.send_bans import ban, bans

__all__ = [
    "Alert",
    "FoundLate",
    "Leased",
    "Owed",
    "alert_of",
    "ban",
    "bans",
    "begin_burst",
    "begin_notices",
    "begin_sending",
    "counts_by_state",
    "expire_leases",
    "lease_due",
    "mark_dead",
    "mark_pending",
    "mark_sent",
    "mark_unknown",
    "next_due_at",
    "note_thread_gone",
    "owe_alerts",
    "purge_settled",
]

MOST_UNKNOWNS = 2
"""The send that nobody knows the end of, and its one resend (reference: bot-api, D-5)."""


async def begin_sending(connection: AsyncConnection, leased: Leased, *, lease: dt.timedelta) -> Alert | None:
    """The last look before the request: commit this first, then send. None when there is nothing to send any more.

    What nobody asks for any more is cancelled; the rest of a digest goes all the same.
    """
    if len(leased.ids) > 1:
        count = await _begin(connection, leased, lease, UNWANTED, detail=NOT_ASKED_FOR)
        return await alerts.begun(connection, leased, count) if count else None
    if not await _settle(connection, leased, BEGUN, from_state="leased", lease=lease):
        return None
    alert = await alerts.begun(connection, leased, 1)
    if alert is None or not alert.reasons:
        await _settle(connection, leased, CANCELLED, detail=NOT_ASKED_FOR)
        return None
    return alert


async def begin_notices(connection: AsyncConnection, leased: Leased, *, lease: dt.timedelta) -> list[Notice]:
    """The same for an operator's notices, oldest first; those that are old news by now are cancelled."""
    count = await _begin(connection, leased, lease, OLD_NEWS, detail="too old to be told", age=notices.OLD)
    return await notices.begun(connection, leased) if count else []


async def begin_burst(connection: AsyncConnection, leased: Leased, *, lease: dt.timedelta) -> ToldBurst | None:
    """The same for news of a burst: cancelled when nobody asks any more, or when it is old news."""
    count = await _begin(
        connection, leased, lease, OLD_BURST, detail=f"too old, or {NOT_ASKED_FOR}", age=burst_alerts.OLD
    )
    return await burst_alerts.begun(connection, leased) if count else None


async def _begin(
    connection: AsyncConnection, leased: Leased, lease: dt.timedelta, unwanted: str, **values: dt.timedelta | str
) -> int:
    """From leased to sending; how many rows of the message are to be sent."""
    begun = await _settle(connection, leased, BEGUN, from_state="leased", lease=lease)
    if not begun:
        return 0
    # Only after the rows are locked: reasons that were added while we waited for that are seen now.
    cancelled = await _settle(connection, leased, CANCELLED, "sending", only=unwanted, **values)
    return begun - cancelled


BEGUN = (
    "state = 'sending', attempt = attempt + 1, leased_until_at = now() + :lease,"
    " shown_version = 1 + (SELECT count(*) FROM post_versions v WHERE v.post_id = deliveries.post_id)"
)

CANCELLED = "state = 'cancelled', detail = :detail, settled_at = now(), lease_token = NULL"

NOT_ASKED_FOR = "no subscription asks for it any more"

UNWANTED = (
    "NOT EXISTS (SELECT FROM posts WHERE posts.id = deliveries.post_id) OR NOT EXISTS ("
    "SELECT FROM subscriptions n WHERE n.id = ANY(deliveries.reasons) AND n.state = 'active')"
)

OLD_NEWS = (
    "NOT EXISTS (SELECT FROM notices n"
    " WHERE n.id = deliveries.notice_id AND n.created_at > now() - CAST(:age AS interval))"
)

OLD_BURST = (
    "NOT EXISTS (SELECT FROM bursts b WHERE b.id = deliveries.burst_id AND b.last_at > now() - CAST(:age AS interval))"
    " OR NOT EXISTS (SELECT FROM subscriptions n WHERE n.id = ANY(deliveries.reasons) AND n.state = 'active')"
)


async def mark_sent(connection: AsyncConnection, leased: Leased, telegram_message_id: int) -> bool:
    """Telegram accepted it. Commit at once, alone: until then a crash makes it unknown. False: the lease was lost."""
    sent = await _settle(
        connection, leased,
        "state = 'sent', telegram_message_id = :message, settled_at = now(), detail = NULL, lease_token = NULL,"
        " in_digest = :several",
        message=telegram_message_id, several=len(leased.ids) > 1,
    )  # fmt: skip
    return sent > 0


async def mark_pending(
    connection: AsyncConnection, leased: Leased, delay: dt.timedelta, detail: str, *, count_attempt: bool = True
) -> bool:
    """Known not to have been sent: due again after `delay`. An attempt that never reached Telegram is not counted.

    A row that was unknown before stays a repeat: its first send may have arrived.
    """
    waiting = await _settle(
        connection, leased,
        "state = 'pending', due_at = now() + :delay, detail = :detail, lease_token = NULL,"
        " attempt = attempt - CASE state WHEN 'sending' THEN CAST(:uncounted AS bigint) ELSE 0 END",
        delay=delay, detail=detail, uncounted=0 if count_attempt else 1, from_state=None,
    )  # fmt: skip
    return waiting > 0


async def mark_unknown(connection: AsyncConnection, leased: Leased, detail: str, delay: dt.timedelta) -> bool:
    """Nobody can know whether Telegram took it. Due once more after `delay`; after that it is dead, and said so.

    Who wants everything at most once is not sent it again: it stays unknown, and is listed. An amendment may be made
    twice without harm, and is.
    """
    return await _settle(connection, leased, UNKNOWN, delay=delay, detail=detail, most=MOST_UNKNOWNS) > 0


AT_MOST_ONCE = "(SELECT at_most_once FROM subscribers s WHERE s.id = deliveries.subscriber_id)"

UNKNOWN = (
    "unknowns = unknowns + CASE kind WHEN 'amendment' THEN 0 ELSE 1 END,"
    f" state = CASE WHEN kind = 'amendment' THEN 'pending' WHEN {AT_MOST_ONCE} THEN 'unknown'"
    " WHEN unknowns + 1 >= :most THEN 'dead' ELSE 'unknown' END,"
    " due_at = now() + :delay, detail = :detail, lease_token = NULL,"
    f" settled_at = CASE WHEN kind <> 'amendment' AND ({AT_MOST_ONCE} OR unknowns + 1 >= :most) THEN now() END"
)


async def mark_dead(connection: AsyncConnection, leased: Leased, detail: str) -> bool:
    """It can never be sent; the row stays, with the reason, for the operator."""
    dead = await _settle(
        connection, leased, "state = 'dead', detail = :detail, settled_at = now(), lease_token = NULL",
        detail=detail, from_state=None,
    )  # fmt: skip
    return dead > 0


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
            " WHERE d.state IN ('pending', 'unknown') AND d.settled_at IS NULL AND s.state = 'active'"
        )
    )
    return value


async def counts_by_state(connection: AsyncConnection) -> dict[str, int]:
    """How many deliveries there are in each state."""
    rows = await connection.execute(text("SELECT state, count(*) AS deliveries FROM deliveries GROUP BY state"))
    return {row.state: row.deliveries for row in rows}


async def note_thread_gone(connection: AsyncConnection, subscriber_id: SubscriberId) -> None:
    """The subscriber's forum topic was deleted: from now on all goes to the group itself, without asking each time."""
    await connection.execute(text("UPDATE subscribers SET is_thread_gone = true WHERE id = :id"), {"id": subscriber_id})


async def purge_settled(connection: AsyncConnection, older_than: dt.timedelta) -> int:
    """Forget deliveries that were settled long ago (docs: 30 days). Returns how many."""
    return _count(
        await connection.execute(
            text("DELETE FROM deliveries WHERE settled_at < now() - CAST(:age AS interval)"), {"age": older_than}
        )
    )


async def _settle(
    connection: AsyncConnection,
    leased: Leased,
    change: str,
    from_state: str | None = "sending",
    *,
    only: str = "true",
    **values: object,
) -> int:
    """Change all rows of a leased message in one statement; how many there were."""
    # `change` and `only` are literals of ours, never input; the token fences out a lease that was lost meanwhile.
    done = await connection.execute(
        text(
            f"UPDATE deliveries SET {change} WHERE id = ANY(:ids) AND lease_token = :token"  # noqa: S608
            f" AND state = ANY(:states) AND ({only})"
        ),
        {
            "ids": list(leased.ids),
            "token": leased.token,
            "states": [from_state] if from_state else ["leased", "sending"],
            **{name: storable(value) if isinstance(value, str) else value for name, value in values.items()},
        },
    )
    return _count(done)


def _count(result: CursorResult[tuple[object, ...]]) -> int:
    return result.rowcount
