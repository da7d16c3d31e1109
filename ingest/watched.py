"""A channel as one account reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telethon.tl import types

from ingest.asking import Asking
from storage import readers
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


AskingFor = Callable[[ChannelId], tuple[Asking, Watched] | None]
"""How to ask about a channel with the account that reads it; None while none of this process does."""


async def watched_channels(database: Database, account_id: AccountId) -> list[Watched]:
    """The active channels that an account reads: those of whose lease it can be sure at this moment."""
    async with database.begin() as connection:
        held = await readers.held_channels(connection, account_id)
    return [Watched(channel, access_hash) for channel, access_hash in held if channel.telegram_id]
