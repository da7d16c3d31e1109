"""Channels we monitor, and channels we only hold an archive of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.ids import AccountId, ChannelId, MessageId, TelegramChannelId
from storage.models import AccountChannelRow, ChannelMessageRow, ChannelRow


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as stored; `username` without @, `state` as in `models.ChannelRow`."""

    id: ChannelId
    telegram_id: TelegramChannelId | None
    username: str | None
    title: str
    state: str
    state_detail: str | None
    is_protected: bool

    @property
    def name(self) -> str:
        """How people call it: @username, or its title where it has none."""
        return f"@{self.username}" if self.username else self.title

    def url_of(self, message_id: MessageId) -> str | None:
        """The public link of one message; None for an archive whose channel Telegram never named."""
        if self.username:
            return f"https://t.me/{self.username}/{message_id}"
        return f"https://t.me/c/{self.telegram_id}/{message_id}" if self.telegram_id else None


COLUMNS = (
    ChannelRow.id,
    ChannelRow.telegram_id,
    ChannelRow.username,
    ChannelRow.title,
    ChannelRow.state,
    ChannelRow.state_detail,
    ChannelRow.is_protected,
)


def channel_of(row: Any) -> Channel:
    """A channel from a row (or tuple) of COLUMNS."""
    return Channel(*row)


async def list_channels(connection: AsyncConnection) -> list[Channel]:
    """All but the removed ones, by name."""
    rows = await connection.execute(
        select(*COLUMNS)
        .where(ChannelRow.state != "removed")
        .order_by(func.lower(func.coalesce(ChannelRow.username, ChannelRow.title)))
    )
    return [channel_of(row) for row in rows]


async def find_channel(connection: AsyncConnection, username: str) -> Channel | None:
    """The channel of that username (without @), whatever its state."""
    row = (
        await connection.execute(select(*COLUMNS).where(func.lower(ChannelRow.username) == username.lower()))
    ).first()
    return channel_of(row) if row else None


async def channel_names(connection: AsyncConnection) -> dict[str, ChannelId]:
    """Usernames, in lower case, to our numbers: what `channel:@name` is resolved with."""
    rows = await connection.execute(
        select(func.lower(ChannelRow.username), ChannelRow.id).where(ChannelRow.username.is_not(None))
    )
    return {name: ChannelId(number) for name, number in rows}


async def request_channel(connection: AsyncConnection, username: str) -> Channel:
    """Ask ingest to resolve and join a channel; one that is already active stays so."""
    statement = insert(ChannelRow).values(username=username, title=username, state="requested")
    row = (
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[func.lower(ChannelRow.username)],
                set_={"state": "requested", "state_detail": None, "changed_at": func.now()},
                where=ChannelRow.state != "active",
            ).returning(*COLUMNS)
        )
    ).first()
    await notify(connection, "channels")
    if row is not None:
        return channel_of(row)
    found = await find_channel(connection, username)
    if found is None:
        raise LookupError(username)
    return found


async def requested_channels(connection: AsyncConnection) -> list[Channel]:
    """Channels that wait to be joined, oldest request first."""
    rows = await connection.execute(
        select(*COLUMNS).where(ChannelRow.state == "requested").order_by(ChannelRow.changed_at, ChannelRow.id)
    )
    return [channel_of(row) for row in rows]


async def activate_channel(
    connection: AsyncConnection,
    channel_id: ChannelId,
    *,
    account_id: AccountId,
    telegram_id: TelegramChannelId,
    access_hash: int,
    username: str | None,
    title: str,
    is_protected: bool,
) -> ChannelId:
    """Record that an account has joined a channel. Returns the row that stands for it from now on.

    The channel may be known already under another name (it was renamed): then that row goes on and the request ends.
    A row that held the username before (it was resold) loses it.
    """
    known = await connection.scalar(
        select(ChannelRow.id).where(ChannelRow.telegram_id == telegram_id, ChannelRow.id != channel_id)
    )
    if known is not None:
        await connection.execute(
            update(ChannelRow).where(ChannelRow.id == channel_id).values(username=None, state="removed")
        )
        channel_id = ChannelId(known)
    if username is not None:
        await connection.execute(
            update(ChannelRow)
            .where(func.lower(ChannelRow.username) == username.lower(), ChannelRow.id != channel_id)
            .values(username=None, state_detail="its username now belongs to another channel")
        )
    await connection.execute(
        update(ChannelRow)
        .where(ChannelRow.id == channel_id)
        .values(
            telegram_id=telegram_id,
            username=username,
            title=title,
            is_protected=is_protected,
            state="active",
            state_detail=None,
            changed_at=func.now(),
        )
    )
    await connection.execute(
        insert(AccountChannelRow)
        .values(account_id=account_id, channel_id=channel_id, access_hash=access_hash)
        .on_conflict_do_update(index_elements=["account_id", "channel_id"], set_={"access_hash": access_hash})
    )
    return channel_id


async def refuse_channel(connection: AsyncConnection, channel_id: ChannelId, why: str) -> None:
    """Record that a requested channel cannot be read, in a sentence for the operator."""
    await mark_lost(connection, channel_id, why)


async def mark_lost(connection: AsyncConnection, channel_id: ChannelId, why: str) -> None:
    """The channel cannot be read any more; what is stored stays."""
    await connection.execute(
        update(ChannelRow)
        .where(ChannelRow.id == channel_id)
        .values(state="lost", state_detail=why, changed_at=func.now())
    )


async def remove_channel(connection: AsyncConnection, username: str) -> bool:
    """Stop monitoring a channel; its posts stay. False when there is none of that name."""
    row = (
        await connection.execute(
            update(ChannelRow)
            .where(func.lower(ChannelRow.username) == username.lower(), ChannelRow.state != "removed")
            .values(state="removed", state_detail=None, changed_at=func.now())
            .returning(ChannelRow.id)
        )
    ).first()
    await notify(connection, "channels")
    return row is not None


async def active_channels(connection: AsyncConnection, account_id: AccountId) -> list[tuple[Channel, int]]:
    """The channels that an account reads, each with its access hash."""
    rows = await connection.execute(
        select(*COLUMNS, AccountChannelRow.access_hash)
        .join(AccountChannelRow, AccountChannelRow.channel_id == ChannelRow.id)
        .where(ChannelRow.state == "active", AccountChannelRow.account_id == account_id)
    )
    return [(channel_of(row[:-1]), row[-1]) for row in rows]


async def archived_channel(
    connection: AsyncConnection, *, title: str, telegram_id: int | None = None, username: str | None = None
) -> ChannelId:
    """The channel an archive speaks of: found by Telegram's number, else by username, else made."""
    if telegram_id is None and username is None:
        raise ValueError("an archive names its channel by number or by username")
    # Two replays of one new archive must not make the channel twice.
    await connection.execute(text("SELECT pg_advisory_xact_lock(7283462)"))
    condition = (
        ChannelRow.telegram_id == telegram_id
        if telegram_id is not None
        else func.lower(ChannelRow.username) == (username or "").lower()
    )
    found = await connection.scalar(select(ChannelRow.id).where(condition))
    if found is None:
        found = await connection.scalar(
            insert(ChannelRow)
            .values(telegram_id=telegram_id, username=username, title=title, state="archived")
            .returning(ChannelRow.id)
        )
    return ChannelId(int(found or 0))


async def record_gone(connection: AsyncConnection, channel_id: ChannelId, message_ids: Iterable[MessageId]) -> None:
    """Account for ids that the channel has deleted."""
    rows = [{"channel_id": channel_id, "message_id": number, "kind": "gone"} for number in sorted(message_ids)]
    if rows:
        await connection.execute(
            insert(ChannelMessageRow)
            .values(rows)
            .on_conflict_do_update(index_elements=["channel_id", "message_id"], set_={"kind": "gone"})
        )


async def record_service(connection: AsyncConnection, channel_id: ChannelId, message_id: MessageId) -> None:
    """Account for the id of a service message (pinned, renamed, …), which is no post."""
    await connection.execute(
        insert(ChannelMessageRow)
        .values(channel_id=channel_id, message_id=message_id, kind="service")
        .on_conflict_do_nothing()
    )
