"""How each send ended, written down: the next state of its row, by the table of `bot.errors`."""

from __future__ import annotations

import asyncio
import datetime as dt

import structlog

from bot.bans import TOKEN_PAUSE, Ban, heed, keep
from bot.errors import Action, Verdict
from bot.limits import Limits
from config.metrics import note_send
from storage import amendments, deliveries, subscribers, supergroups
from storage.database import Connection, Database
from storage.deliveries import Leased
from storage.ids import ChatId

log = structlog.get_logger()

MOST_ATTEMPTS = 8
"""Sends of one row, whatever their errors (reference: bot-api, D-5)."""

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
            ban = None
            if isinstance(outcome, Verdict):
                log.info("alert not sent", delivery_id=leased.id, action=outcome.action.value, detail=outcome.detail)
                ban = heed(self._limits, leased.subscriber.chat_id, outcome)
            while waited < GIVE_UP_SETTLING:
                try:
                    await self._write_down(leased, outcome, delay, ban)
                    return
                except Exception as error:  # noqa: BLE001 - an outage now must not make a sent alert a repeated one
                    log.warning("delivery not settled", delivery_id=leased.id, error=type(error).__name__)
                await asyncio.sleep(wait)
                waited, wait = waited + wait, min(wait * 2, LONGEST_SETTLE_WAIT)
        finally:
            self.unsettled -= 1

    async def _write_down(
        self, leased: Leased, outcome: int | Verdict, delay: dt.timedelta | None, ban: Ban | None
    ) -> None:
        async with self._database.begin() as connection:
            if isinstance(outcome, int):
                await _mark_done(connection, leased, outcome)
                return
            if ban is not None:
                await keep(connection, ban)
            await self._mark(connection, leased, outcome, delay)

    async def _mark(self, connection: Connection, leased: Leased, verdict: Verdict, delay: dt.timedelta | None) -> None:
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
                await supergroups.migrate_chat(connection, leased.subscriber.chat_id, new_chat_id)
                await deliveries.mark_pending(connection, leased, dt.timedelta(0), detail, count_attempt=False)
            case _:
                await deliveries.mark_dead(connection, leased, detail)


async def _mark_done(connection: Connection, leased: Leased, telegram_message_id: int) -> None:
    if leased.kind == "amendment":
        await amendments.mark_amended(connection, leased, telegram_message_id)
    else:
        await deliveries.mark_sent(connection, leased, telegram_message_id)
