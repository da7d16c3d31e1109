"""A client of the signed-in reader, and channels that it reads, for tests of what runs beside the listener."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from config.settings import IngestSettings
from ingest.asking import Asking, Lanes
from ingest.client import build_client, connect, disconnect
from ingest.session_key import SessionKey
from ingest.sessions import ACCOUNT, read_session
from ingest.watched import Watched
from sandbox.channels import Channel
from storage import channels, completeness
from storage.accounts import load_account
from storage.database import Database
from storage.ids import AccountId, TelegramChannelId


@asynccontextmanager
async def connected(database: Database, settings: IngestSettings, lanes: Lanes | None = None) -> AsyncIterator[Asking]:
    """A life of the account's client, and the way to ask through it."""
    async with database.begin() as connection:
        account = await load_account(connection, ACCOUNT)
    assert account is not None
    client: Any = build_client(settings, read_session(account, SessionKey.read(settings.session_key_path)))
    await connect(client)
    try:
        yield Asking(client, lanes or Lanes())
    finally:
        await disconnect(client)


async def monitored(database: Database, channel: Channel, user_id: int, *, watermark: int | None = None) -> Watched:
    """A channel of the box that the reader has joined, and reads from behind its newest message (or that one) on."""
    channel.members.add(user_id)
    async with database.begin() as connection:
        account = await load_account(connection, ACCOUNT)
        assert account is not None
        requested = await channels.request_channel(connection, channel.username or "")
        row = await channels.activate_channel(
            connection,
            requested.id,
            account_id=AccountId(account.id),
            telegram_id=TelegramChannelId(channel.id),
            access_hash=channel.hash_for(user_id),
            username=channel.username,
            title=channel.title,
            is_protected=channel.noforwards,
        )
        await completeness.begin_at(connection, row, channel.top_message_id if watermark is None else watermark)
        found = await channels.find_channel(connection, channel.username or "")
    assert found is not None
    assert found.id == row
    return Watched(found, channel.hash_for(user_id))
