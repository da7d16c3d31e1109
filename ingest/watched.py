"""A channel as one account reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from telethon.tl import types

from storage import channels
from storage.channels import Channel
from storage.database import Database
from storage.ids import AccountId, ChannelId


@dataclass(frozen=True, slots=True)
class Watched:
    """An active channel with the access hash that is worth something to one account only."""

    channel: Channel
    access_hash: int

    @property
    def id(self) -> ChannelId:
        """Our own number of it."""
        return self.channel.id

    @property
    def telegram_id(self) -> int:
        """Telegram's."""
        return self.channel.telegram_id or 0

    def to_input(self) -> Any:
        """As requests about channels name it."""
        return types.InputChannel(self.telegram_id, self.access_hash)

    def to_peer(self) -> Any:
        """As requests about any conversation name it."""
        return types.InputPeerChannel(self.telegram_id, self.access_hash)


async def watched_channels(database: Database, account_id: AccountId) -> list[Watched]:
    """The active channels that an account reads."""
    async with database.begin() as connection:
        active = await channels.active_channels(connection, account_id)
    return [Watched(channel, access_hash) for channel, access_hash in active if channel.telegram_id]
