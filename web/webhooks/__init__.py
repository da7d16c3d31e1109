"""Outgoing webhooks: posts that match a query of the operators' go to other systems, signed, at least once."""

from __future__ import annotations

import asyncio

from config.keys import Key
from config.settings import WebSettings
from storage.database import Database
from web.webhooks.sender import Sender

__all__ = ["run_webhooks"]


async def run_webhooks(database: Database, settings: WebSettings, stop: asyncio.Event) -> None:
    """Send until told to stop. Any number of processes may; raises config.keys.KeyFileError."""
    await Sender(database, Key.kept_in(settings.home), settings.webhook_hosts).run(stop)
