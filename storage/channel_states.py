"""What becomes of a channel while it is watched: renamed, made private, lost, and found again."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import channels
from storage.channels import Channel, channel_of
from storage.database import notify
from storage.ids import AccountId, ChannelId
from storage.models import AccountChannelRow, ChannelRow
from storage.notices import Kind, notify_operators
from storage.post_values import storable

Unreadable = Literal["private", "kicked", "deleted"]
"""Why a channel that was read cannot be read any more."""

_REASONS: dict[Unreadable, tuple[Kind, str]] = {
    "private": (Kind.PRIVATE, "The channel is private now, and the account is no member."),
    "kicked": (Kind.KICKED, "The account was thrown out of the channel."),
    "deleted": (Kind.DELETED, "The channel is gone."),
}


async def mark_unreadable(connection: AsyncConnection, channel_id: ChannelId, state: Unreadable) -> bool:
    """An active channel cannot be read any more; operators are told once. What is stored stays."""
    kind, sentence = _REASONS[state]
    changed = await connection.scalar(
        update(ChannelRow)
        .where(ChannelRow.id == channel_id, ChannelRow.state == "active")
        .values(state=state, state_detail=sentence, changed_at=func.now())
        .returning(ChannelRow.id)
    )
    if changed is None:
        return False
    await notify_operators(connection, kind, channel_id=channel_id)
    await notify(connection, "channels")
    return True


async def mark_readable(connection: AsyncConnection, channel_id: ChannelId) -> bool:
    """It can be read again; what was missed is found by its watermark. Operators are told."""
    changed = await connection.scalar(
        update(ChannelRow)
        .where(ChannelRow.id == channel_id, ChannelRow.state.in_(_REASONS))
        .values(state="active", state_detail=None, changed_at=func.now())
        .returning(ChannelRow.id)
    )
    if changed is None:
        return False
    await notify_operators(connection, Kind.RESTORED, channel_id=channel_id)
    await notify(connection, "channels")
    return True


async def note_names(
    connection: AsyncConnection, channel: Channel, *, username: str | None, title: str, is_protected: bool
) -> bool:
    """Keep what a channel calls itself now. Another username is told to operators; whether anything changed."""
    title = storable(title)
    if (channel.username, channel.title, channel.is_protected) == (username, title, is_protected):
        return False
    if username is not None and username != channel.username:
        await connection.execute(
            update(ChannelRow)
            .where(func.lower(ChannelRow.username) == username.lower(), ChannelRow.id != channel.id)
            .values(username=None, state_detail=channels.RESOLD)
        )
    await connection.execute(
        update(ChannelRow)
        .where(ChannelRow.id == channel.id)
        .values(
            username=username,
            title=title,
            is_protected=is_protected,
            state_detail=func.nullif(ChannelRow.state_detail, channels.RESOLD) if username else ChannelRow.state_detail,
        )
    )
    if username != channel.username:
        await notify_operators(connection, Kind.RENAMED, channel_id=channel.id, old=channel.username, new=username)
    return True


async def unreadable_channels(connection: AsyncConnection, account_id: AccountId) -> list[tuple[Channel, int]]:
    """The channels that an account read once and cannot read any more, each with its access hash."""
    rows = await connection.execute(
        select(*channels.COLUMNS, AccountChannelRow.access_hash)
        .join(AccountChannelRow, AccountChannelRow.channel_id == ChannelRow.id)
        .where(ChannelRow.state.in_(_REASONS), AccountChannelRow.account_id == account_id)
    )
    return [(channel_of(row[:-1]), row[-1]) for row in rows]
