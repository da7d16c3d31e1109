"""A strict Bot API server for the unmodified python-telegram-bot: what Telegram refuses, it refuses."""

from __future__ import annotations

from sandbox.bot_api.faults import (
    CONFLICT,
    UNAUTHORIZED,
    BadGateway,
    BlackHole,
    Delay,
    DropAfter,
    DropBefore,
    Flood,
    Garbage,
    Refusal,
)
from sandbox.bot_api.limits import Limits
from sandbox.bot_api.server import BotApiServer

__all__ = [
    "CONFLICT",
    "UNAUTHORIZED",
    "BadGateway",
    "BlackHole",
    "BotApiServer",
    "Delay",
    "DropAfter",
    "DropBefore",
    "Flood",
    "Garbage",
    "Limits",
    "Refusal",
]
