"""Channels we monitor, and channels we only hold an archive of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, null, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.ids import AccountId, ChannelId, MessageId, TelegramChannelId
from storage.models import AccountChannelRow, ChannelRow
from storage.post_values import storable


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


async def telegram_ids(
    connection: AsyncConnection, channel_ids: Iterable[ChannelId]
) -> dict[ChannelId, TelegramChannelId | None]:
    """By which numbers Telegram knows channels; None for an archive whose channel it never named."""
    rows = await connection.execute(
        select(ChannelRow.id, ChannelRow.telegram_id).where(ChannelRow.id.in_(sorted(channel_ids)))
    )
    return {ChannelId(number): TelegramChannelId(known) if known is not None else None for number, known in rows}


async def request_channel(connection: AsyncConnection, username: str) -> Channel:
    """Ask ingest to resolve and join a channel; one that is already active stays so."""
    statement = insert(ChannelRow).values(username=username, title=username, state="requested")
    row = (
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[func.lower(ChannelRow.username)],
                set_={
                    "state": "requested",
                    "state_detail": None,
                    "changed_at": func.now(),
                    # Who removed it did not want what it said meanwhile: monitoring begins anew.
                    "watermark": case((ChannelRow.state == "removed", null()), else_=ChannelRow.watermark),
                },
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
    A row that held the username before (it was resold) loses it, and keeps its posts and subscriptions to itself.
    A request that was removed meanwhile stays removed. Who has joined reads, unless another does (`storage.readers`).
    """
    stands_for = await _row_of(connection, channel_id, telegram_id)
    is_other = stands_for != channel_id
    channel_id = stands_for
    if username is not None:
        await connection.execute(
            update(ChannelRow)
            .where(func.lower(ChannelRow.username) == username.lower(), ChannelRow.id != channel_id)
            .values(username=None, state_detail=RESOLD)
        )
    await connection.execute(
        update(ChannelRow)
        .where(ChannelRow.id == channel_id)
        .values(
            telegram_id=telegram_id,
            username=username,
            title=storable(title),
            is_protected=is_protected,
            state="active" if is_other else case((ChannelRow.state == "removed", "removed"), else_="active"),
            state_detail=None,
            changed_at=func.now(),
        )
    )
    await connection.execute(
        insert(AccountChannelRow)
        .values(account_id=account_id, channel_id=channel_id, access_hash=access_hash)
        .on_conflict_do_update(index_elements=["account_id", "channel_id"], set_={"access_hash": access_hash})
    )
    await connection.execute(FIRST_LEASE, {"account": account_id, "id": channel_id})
    return channel_id


FIRST_LEASE = text(
    "UPDATE channels SET reader_id = :account, reader_until_at = now() + interval '30 seconds'"
    " WHERE id = :id AND state = 'active'"
    " AND (reader_id IS NULL OR reader_id = :account OR reader_until_at IS NULL OR reader_until_at <= now())"
)


RESOLD = "its username now belongs to another channel"


async def _row_of(connection: AsyncConnection, requested: ChannelId, telegram_id: TelegramChannelId) -> ChannelId:
    """The row of Telegram's channel, in place of the requested one where that is of another channel, or only a name."""
    known = await connection.scalar(select(ChannelRow.id).where(ChannelRow.telegram_id == telegram_id))
    if known == requested:
        return requested
    was = await connection.scalar(select(ChannelRow.telegram_id).where(ChannelRow.id == requested).with_for_update())
    if known is None and was is None:
        return requested
    ended = {"state": "removed"} if was is None else {"state": "lost", "state_detail": RESOLD}
    await connection.execute(
        update(ChannelRow).where(ChannelRow.id == requested).values(username=None, changed_at=func.now(), **ended)
    )
    if known is None:
        known = await connection.scalar(
            insert(ChannelRow).values(telegram_id=telegram_id, title="", state="requested").returning(ChannelRow.id)
        )
    return ChannelId(int(known or 0))


async def refuse_channel(connection: AsyncConnection, channel_id: ChannelId, why: str) -> None:
    """Record that a requested channel cannot be read, in a sentence for the operator."""
    await mark_lost(connection, channel_id, why)


async def mark_lost(connection: AsyncConnection, channel_id: ChannelId, why: str) -> None:
    """The channel cannot be read any more; what is stored stays."""
    await connection.execute(
        update(ChannelRow)
        .where(ChannelRow.id == channel_id, ChannelRow.state != "removed")
        .values(state="lost", state_detail=storable(why), changed_at=func.now())
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


async def archived_channel(
    connection: AsyncConnection, *, title: str, telegram_id: int | None = None, username: str | None = None
) -> ChannelId:
    """The channel an archive speaks of: found by Telegram's number, else by username, else made."""
    if telegram_id is None and username is None:
        raise ValueError("an archive names its channel by number or by username")
    # Two replays of one new archive must not make the channel twice.
    await connection.execute(text("SELECT pg_advisory_xact_lock(7283462)"))
    number = select(ChannelRow.id).where(ChannelRow.telegram_id == telegram_id)
    if telegram_id is not None and (found := await connection.scalar(number)) is not None:
        return ChannelId(found)
    holder = await find_channel(connection, username) if username else None
    if holder is not None and (telegram_id is None or holder.telegram_id is None):
        if telegram_id is not None:
            await connection.execute(
                update(ChannelRow).where(ChannelRow.id == holder.id).values(telegram_id=telegram_id)
            )
        return holder.id
    made = await connection.scalar(
        insert(ChannelRow)
        # a name that belongs to another channel by now is not taken from it
        .values(telegram_id=telegram_id, username=None if holder else username, title=storable(title), state="archived")
        .returning(ChannelRow.id)
    )
    return ChannelId(int(made or 0))
