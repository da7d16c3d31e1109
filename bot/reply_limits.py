"""The library's own requests under the one limiter: a reply can never break the limits that alerts keep."""

from __future__ import annotations

import datetime as dt

from telegram.error import TelegramError

from bot.bans import heed, keep
from bot.errors import Action, verdict_of
from bot.limits import Limits
from bot.outgoing import Json, Outgoing, Request, speaks
from storage.database import Database

HAS_TURN = True
"""`rate_limit_args` of a request whose sender waited for its turn itself: it passes at once."""

LONGEST_WAIT = dt.timedelta(seconds=60)
"""A reply that was refused for longer is given up: nobody waits for it any more."""


class ReplyLimits(Outgoing):
    """Lets every request that puts or changes a message wait for its turn, before alerts; all others pass."""

    def __init__(self, limits: Limits, database: Database) -> None:
        self._limits = limits
        self._database = database

    async def answer_to(self, request: Request) -> Json:
        """Make the request when it may go; one that was refused for a short time is made once more."""
        chat_id = request.data.get("chat_id")
        if request.has_turn or not isinstance(chat_id, int) or not speaks(request.endpoint):
            return await request.call()
        await self._limits.turn(chat_id, is_reply=True)
        try:
            return await request.call()
        except TelegramError as error:
            verdict = verdict_of(error)
            if verdict.action is not Action.WAIT:
                raise
            if (ban := heed(self._limits, chat_id, verdict)) is not None:
                async with self._database.begin() as connection:
                    await keep(connection, ban)
            if verdict.wait > LONGEST_WAIT:
                raise
        await self._limits.turn(chat_id, is_reply=True)
        return await request.call()
