"""What operators should know: noted with what happened, in its transaction, and owed to them by the bot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, any_, cast, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import channels
from storage.channels import Channel
from storage.database import notify
from storage.ids import ChannelId
from storage.leases import Leased
from storage.models import ChannelRow, DeliveryRow, NoticeRow
from storage.post_values import storable_json

PRIORITY = 25
"""Behind alerts, before digests: what an operator is told keeps no subscriber waiting."""

OLD = dt.timedelta(days=1)
"""What nobody could be told for that long is told no more: the state of the channels says what is still true."""

GATHERED = dt.timedelta(seconds=5)
"""How long a notice waits for others, so that twenty channels that go private at once are one message."""


class Kind(StrEnum):
    """What happened."""

    RENAMED = "renamed"
    """A channel has another name: `old`, `new` (usernames without @, or None)."""
    PRIVATE = "private"
    """A channel was made private, and the account is no member."""
    KICKED = "kicked"
    """The account was thrown out of a channel."""
    DELETED = "deleted"
    """A channel is gone."""
    RESTORED = "restored"
    """A channel can be read again; what was missed is being read."""
    BLIND = "blind"
    """A channel's looks have failed for `minutes`."""
    SEES_AGAIN = "sees_again"
    """They succeed again."""
    ACCOUNT_LOST = "account_lost"
    """Telegram refuses an account (`account`, `reason`); `moved` channels went to others, `left` found no reader."""
    CLOCK = "clock"
    """The machine's clock is `seconds` away from Telegram's."""
    SILENT = "silent"
    """Ingest has said nothing for `minutes`."""
    BACK = "back"
    """Ingest works again."""
    QUARANTINED = "quarantined"
    """An update of the bot failed again and again and was set aside (storage.inbox.Alarm)."""
    CONFLICT = "conflict"
    """Another program polls with the bot's token (storage.inbox.Alarm)."""


async def notify_operators(
    connection: AsyncConnection, kind: Kind, *, channel_id: ChannelId | None = None, **detail: Any
) -> None:
    """Note something for every operator, in the transaction that makes it true; the bot wakes when it commits."""
    await connection.execute(
        insert(NoticeRow).values(kind=kind.value, channel_id=channel_id, detail=storable_json(detail))
    )
    await notify(connection, "notices")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it is told, with the channel that it is about, as that is now."""

    kind: str
    """One of Kind, or what a later version of ingest calls it."""
    detail: Mapping[str, Any]
    channel: Channel | None
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Owing:
    """What became of the notices that waited: their kinds, oldest first, and how many operators are told of them."""

    owed: tuple[str, ...] = ()
    operators: int = 0
    waiting: int = 0
    """Notices that wait on, because no operator has started the bot."""


async def owe_notices(connection: AsyncConnection, operators: Collection[int]) -> Owing:
    """Owe every waiting notice to each operator (numbers of people) who has started the bot; the bot wakes by it.

    While none of them has, notices wait. With no operators at all, and for old ones, only the log is told.
    """
    rows = (await connection.execute(WAITING, {"age": OLD})).all()
    if not rows:
        return Owing()
    told = (await connection.execute(PRESENT, {"operators": sorted(operators)})).scalars().all()
    settled = [row for row in rows if told or row.is_old or not operators]
    numbers = [row.id for row in settled]
    await connection.execute(SETTLE, {"notices": numbers})
    if told:
        new = [row.id for row in settled if not row.is_old]
        await connection.execute(
            OWE, {"notices": new, "subscribers": list(told), "priority": PRIORITY, "gathered": GATHERED}
        )
        await notify(connection, "deliveries")
    return Owing(tuple(row.kind for row in settled), len(told), len(rows) - len(settled))


async def begun(connection: AsyncConnection, leased: Leased) -> list[Notice]:
    """The notices of a lease whose rows are being sent, oldest first."""
    rows = await connection.execute(
        select(NoticeRow.kind, NoticeRow.detail, NoticeRow.created_at, *channels.COLUMNS)
        .join(DeliveryRow, DeliveryRow.notice_id == NoticeRow.id)
        .outerjoin(ChannelRow, ChannelRow.id == NoticeRow.channel_id)
        .where(
            DeliveryRow.id == any_(cast(list(leased.ids), ARRAY(BigInteger))),
            DeliveryRow.lease_token == leased.token,
            DeliveryRow.state == "sending",
        )
        .order_by(NoticeRow.id)
    )
    return [
        Notice(kind, detail, channels.channel_of(about) if about[0] is not None else None, created_at)
        for kind, detail, created_at, *about in rows
    ]


async def purge_old(connection: AsyncConnection, older_than: dt.timedelta) -> None:
    """Forget notices of long ago; the last word on ingest stays: it says whether silence has been told."""
    await connection.execute(PURGE, {"age": older_than})


WAITING = text(
    "SELECT id, kind, created_at < now() - CAST(:age AS interval) AS is_old FROM notices WHERE owed_at IS NULL"
    " ORDER BY id FOR UPDATE SKIP LOCKED"
)

PRESENT = text(
    "SELECT id FROM subscribers WHERE chat_id = ANY(CAST(:operators AS bigint[])) AND thread_id = 0"
    " AND state = 'active' ORDER BY id FOR SHARE"
)
"""A person's private chat has the person's number. Locked, so that who leaves meanwhile is owed nothing."""

SETTLE = text("UPDATE notices SET owed_at = now() WHERE id = ANY(CAST(:notices AS bigint[]))")

OWE = text(
    "INSERT INTO deliveries (kind, subscriber_id, notice_id, priority, due_at, state, reasons)"
    " SELECT 'notice', s, n, CAST(:priority AS smallint), statement_timestamp() + CAST(:gathered AS interval),"
    " 'pending', '{}'"
    " FROM unnest(CAST(:subscribers AS bigint[])) AS s, unnest(CAST(:notices AS bigint[])) AS n ORDER BY s, n"
    " ON CONFLICT DO NOTHING"
)

PURGE = text(
    "DELETE FROM notices WHERE owed_at IS NOT NULL AND created_at < now() - CAST(:age AS interval)"
    " AND id IS DISTINCT FROM (SELECT max(id) FROM notices WHERE kind IN ('silent', 'back'))"
)
