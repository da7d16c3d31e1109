"""The library's own requests under the one limiter: a reply can never break the limits that alerts keep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from telegram.error import TelegramError
from telegram.ext import BaseRateLimiter

from bot.errors import Action, verdict_of
from bot.limits import Limits
from storage import deliveries
from storage.database import Database

log = structlog.get_logger()

HAS_TURN = True
"""`rate_limit_args` of a request whose sender waited for its turn itself: it passes at once."""

LONGEST_WAIT = dt.timedelta(seconds=60)
"""A reply that was refused for longer is given up: nobody waits for it any more."""

_SPEAKS = ("send", "edit", "copy", "forward")
_SILENT = frozenset({"sendChatAction"})

Json = bool | dict[str, Any] | list[dict[str, Any]]


class ReplyLimits(BaseRateLimiter[bool]):
    """Lets every request that puts or changes a message wait for its turn, before alerts; all others pass."""

    def __init__(self, limits: Limits, database: Database) -> None:
        self._limits = limits
        self._database = database

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to clear."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Json]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: bool | None,
    ) -> Json:
        """Make the request when it may go; one that was refused for a short time is made once more."""
        chat_id = data.get("chat_id")
        if rate_limit_args or not isinstance(chat_id, int) or not speaks(endpoint):
            return await callback(*args, **kwargs)
        await self._limits.turn(chat_id, is_reply=True)
        try:
            return await callback(*args, **kwargs)
        except TelegramError as error:
            verdict = verdict_of(error)
            if verdict.action is not Action.WAIT:
                raise
            await self._obey(chat_id, verdict.wait)
            if verdict.wait > LONGEST_WAIT:
                raise
        await self._limits.turn(chat_id, is_reply=True)
        return await callback(*args, **kwargs)

    async def _obey(self, chat_id: int, wait: dt.timedelta) -> None:
        """Keep a ban at once, and keep it across a restart."""
        scope = self._limits.obey(chat_id, wait.total_seconds())
        log.warning("told to wait", chat_id=scope, seconds=wait.total_seconds())
        async with self._database.begin() as connection:
            await deliveries.ban(connection, scope, dt.datetime.now(dt.UTC) + wait)


def speaks(endpoint: str) -> bool:
    """Whether a method of the Bot API counts against the limits: what puts or changes a message."""
    return endpoint.startswith(_SPEAKS) and endpoint not in _SILENT


async def restore_bans(limits: Limits, database: Database) -> None:
    """Keep the bans that an earlier process was given."""
    async with database.begin() as connection:
        bans = await deliveries.bans(connection)
    now = dt.datetime.now(dt.UTC)
    for scope, until_at in bans.items():
        limits.ban(scope, (until_at - now).total_seconds())
