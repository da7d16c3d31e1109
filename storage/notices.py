"""What operators should know: noted with what happened, in its transaction, and owed to them by the bot."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.ids import ChannelId
from storage.models import NoticeRow
from storage.post_values import storable_json


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


async def notify_operators(
    connection: AsyncConnection, kind: Kind, *, channel_id: ChannelId | None = None, **detail: Any
) -> None:
    """Note something for every operator, in the transaction that makes it true; the bot wakes when it commits."""
    await connection.execute(
        insert(NoticeRow).values(kind=kind.value, channel_id=channel_id, detail=storable_json(detail))
    )
    await notify(connection, "notices")
