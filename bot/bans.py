"""Silence that Telegram asks for: kept at once by the limiter, and across restarts by the database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog

from bot.errors import Action, Verdict
from bot.limits import EVERYBODY, Limits
from storage import deliveries
from storage.database import Connection, Database

log = structlog.get_logger()

TOKEN_PAUSE = dt.timedelta(seconds=60)
"""Silence after Telegram refused the token; stray refusals are part of its outages."""


@dataclass(frozen=True, slots=True)
class Ban:
    """Until when to be silent, and to whom: a chat, or EVERYBODY."""

    scope: int
    until_at: dt.datetime


def heed(limits: Limits, chat_id: int, verdict: Verdict) -> Ban | None:
    """Be silent from now on if what became of a message to this chat asks for it; the ban that is to be kept."""
    if verdict.action is Action.WAIT:
        scope = limits.obey(chat_id, verdict.wait.total_seconds())
        log.warning("told to wait", chat_id=scope, seconds=verdict.wait.total_seconds())
        return Ban(scope, dt.datetime.now(dt.UTC) + verdict.wait)
    if verdict.action is Action.PAUSE:
        limits.ban(EVERYBODY, TOKEN_PAUSE.total_seconds())
        log.error("Telegram refuses the bot's token; sending pauses", seconds=TOKEN_PAUSE.total_seconds())
    return None


async def keep(connection: Connection, ban: Ban) -> None:
    """For the next process, if this one ends before the ban does."""
    await deliveries.ban(connection, ban.scope, ban.until_at)


async def restore_bans(limits: Limits, database: Database) -> None:
    """Keep the bans that an earlier process was given."""
    async with database.begin() as connection:
        bans = await deliveries.bans(connection)
    now = dt.datetime.now(dt.UTC)
    for scope, until_at in bans.items():
        limits.ban(scope, (until_at - now).total_seconds())
