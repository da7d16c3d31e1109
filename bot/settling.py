"""How each send ended, written down: the next state of its row, by the table of `bot.errors`."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import structlog

from bot.errors import Action, Verdict
from bot.limits import EVERYBODY, Limits
from config.metrics import note_send
from storage import amendments, deliveries, subscribers
from storage.database import Database
from storage.deliveries import Leased
from storage.ids import ChatId

log = structlog.get_logger()

MOST_ATTEMPTS = 8
"""Sends of one row, whatever their errors (reference: bot-api, D-5)."""

TOKEN_PAUSE = dt.timedelta(seconds=60)
"""Silence after Telegram refused the token; stray refusals are part of its outages."""

LONGEST_SETTLE_WAIT = 2.0
"""Seconds between two tries to write down how a send ended: short, because nothing else knows it."""

GIVE_UP_SETTLING = 600.0
"""Seconds after which a row is left to its lease: by then it is no outage, but an error of ours."""

NOT_SENT_DELAY = dt.timedelta(seconds=2)
"""Before the next try of what never left this machine."""

UNKNOWN_DELAY = dt.timedelta(seconds=60)
"""Before the one resend of what may have arrived: a lease's time (reference: bot-api, D-5)."""


class Ledger:
    """Writes down how sends ended. `unsettled` counts those that a database's outage keeps from it at this moment."""

    def __init__(
        self, database: Database, limits: Limits, *, unknown_delay: dt.timedelta, not_sent_delay: dt.timedelta
    ) -> None:
        self._database = database
        self._limits = limits
        self._unknown_delay = unknown_delay
        self._not_sent_delay = not_sent_delay
        self.unsettled = 0
        """While there are some, expired leases are not a dead process's: they may be these rows'."""

    async def settle(self, leased: Leased, outcome: int | Verdict, delay: dt.timedelta | None = None) -> None:
        """Write down Telegram's number of the message, or what its error means; `delay` instead of the usual one.

        Tried until the database answers: nothing else knows that an alert was sent.
        """
        wait, waited = 0.1, 0.0
        note_send(leased.kind, "sent" if isinstance(outcome, int) else outcome.action.value, leased.owed_at)
        self.unsettled += 1
        try:
            scope = self._heed(leased, outcome)
            while waited < GIVE_UP_SETTLING:
                try:
                    await self._write_down(leased, outcome, delay, scope)
                    return
                except Exception as error:  # noqa: BLE001 - an outage now must not make a sent alert a repeated one
                    log.warning("delivery not settled", delivery_id=leased.id, error=type(error).__name__)
                await asyncio.sleep(wait)
                waited, wait = waited + wait, min(wait * 2, LONGEST_SETTLE_WAIT)
        finally:
            self.unsettled -= 1

    def _heed(self, leased: Leased, outcome: int | Verdict) -> int:
        """Be silent at once where the outcome asks for it; whom a flood's ban concerns (a chat, or EVERYBODY)."""
        if isinstance(outcome, int):
            return EVERYBODY
        log.info("alert not sent", delivery_id=leased.id, action=outcome.action.value, detail=outcome.detail)
        if outcome.action is Action.WAIT:
            scope = self._limits.obey(leased.subscriber.chat_id, outcome.wait.total_seconds())
            log.warning("told to wait", chat_id=scope, seconds=outcome.wait.total_seconds())
            return scope
        if outcome.action is Action.PAUSE:
            self._limits.ban(EVERYBODY, TOKEN_PAUSE.total_seconds())
            log.error("Telegram refuses the bot's token; sending pauses", seconds=TOKEN_PAUSE.total_seconds())
        return EVERYBODY

    async def _write_down(self, leased: Leased, outcome: int | Verdict, delay: dt.timedelta | None, scope: int) -> None:
        async with self._database.begin() as connection:
            if isinstance(outcome, int):
                await _mark_done(connection, leased, outcome)
                return
            if outcome.action is Action.WAIT:
                await deliveries.ban(connection, scope, dt.datetime.now(dt.UTC) + outcome.wait)
            await self._mark(connection, leased, outcome, delay)

    async def _mark(self, connection: Any, leased: Leased, verdict: Verdict, delay: dt.timedelta | None) -> None:
        """The row's next state."""
        detail = verdict.detail
        match verdict.action:
            case Action.NOT_SENT:
                wait = delay or self._not_sent_delay
                await deliveries.mark_pending(connection, leased, wait, detail, count_attempt=False)
            case Action.PAUSE:
                await deliveries.mark_pending(connection, leased, TOKEN_PAUSE, detail, count_attempt=False)
            case Action.WAIT if leased.attempt + 1 < MOST_ATTEMPTS:
                await deliveries.mark_pending(connection, leased, verdict.wait, detail)
            case Action.UNKNOWN if leased.kind != "amendment" or leased.attempt + 1 < MOST_ATTEMPTS:
                await deliveries.mark_unknown(connection, leased, detail, self._unknown_delay)
            case Action.SUSPEND:
                await subscribers.suspend(connection, leased.subscriber.id, detail)
            case Action.IGNORE if leased.kind == "amendment":
                await amendments.mark_amended(connection, leased, 0)
            case Action.MIGRATE if verdict.new_chat_id is not None and leased.kind != "amendment":
                new_chat_id = ChatId(verdict.new_chat_id)
                await subscribers.migrate_chat(connection, leased.subscriber.chat_id, new_chat_id)
                await deliveries.mark_pending(connection, leased, dt.timedelta(0), detail, count_attempt=False)
            case _:
                await deliveries.mark_dead(connection, leased, detail)


async def _mark_done(connection: Any, leased: Leased, telegram_message_id: int) -> None:
    if leased.kind == "amendment":
        await amendments.mark_amended(connection, leased, telegram_message_id)
    else:
        await deliveries.mark_sent(connection, leased, telegram_message_id)
