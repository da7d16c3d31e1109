"""Everything that is owed goes out: leased, sent, settled; one chat never waits for another.

    lease -> the limiter's turn -> "sending" is committed -> HTTP -> settled at once, in a transaction of its own

A crash leaves at most WORKERS messages whose end nobody knows. Each is sent once more at most, and says so. Most are
about one row; late posts, and notices for an operator, go several rows to a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from typing import Any

import structlog
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.alerts import compose_alert
from bot.digests import compose_digest
from bot.errors import Action, Verdict, place_of, verdict_of
from bot.limits import EVERYBODY, Limits
from bot.message import Message
from bot.notices import compose_notices
from bot.reply_limits import HAS_TURN
from bot.settling import NOT_SENT_DELAY, UNKNOWN_DELAY, Ledger
from storage import deliveries
from storage.database import Database
from storage.deliveries import Alert, Leased
from storage.notices import Notice

log = structlog.get_logger()

WORKERS = 3
"""Messages under way at once, and so the most that a crash can repeat: enough for 28 a second at 100 ms (issue 2)."""

WAITING_LEASE = dt.timedelta(seconds=20)
"""How long a row may wait for its turn before another process takes it."""

SENDING_LEASE = dt.timedelta(seconds=60)
"""How long a request may be under way: more than twice what connecting, writing and reading may take in all."""

LOOK = 1.0
"""Seconds between the looks that need no wake-up: those are only hints."""

EXPIRE_EVERY = 10.0
"""Seconds between two searches for leases that nobody holds any more."""

LONGEST_OUTAGE_WAIT = 15.0
"""Seconds between two tries while the database is away."""

GRACE = 5.0
"""Seconds that sends under way get to end when the bot stops."""


class Delivery:
    """Sends what is owed until told to stop. `bot` sends through `limits` only: see `bot.reply_limits`."""

    def __init__(
        self,
        database: Database,
        bot: ExtBot[Any],
        limits: Limits,
        *,
        unknown_delay: dt.timedelta = UNKNOWN_DELAY,
        not_sent_delay: dt.timedelta = NOT_SENT_DELAY,
    ) -> None:
        self._database = database
        self._bot = bot
        self._limits = limits
        self._ledger = Ledger(database, limits, unknown_delay=unknown_delay, not_sent_delay=not_sent_delay)
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._outage_wait = 0.0
        self._expired_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; then let what is under way end, for GRACE seconds at most."""
        helpers = [asyncio.create_task(self._listen()), asyncio.create_task(self._wake_at(stop))]
        try:
            while not stop.is_set():
                await self._look()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._finish()

    async def _look(self) -> None:
        """One round: take what can be sent now, start it, wait for a reason to look again."""
        self._wake.clear()
        try:
            await self._expire_now_and_then()
            leased = await self._lease()
            self._outage_wait = 0.0
        except Exception as error:  # noqa: BLE001 - the loop's door: no outage of the database may end delivery
            self._outage_wait = min(max(0.5, self._outage_wait * 2), LONGEST_OUTAGE_WAIT)
            log.warning("deliveries not read", error=type(error).__name__, place=place_of(error))
            leased = []
        for item in leased:
            self._start(item)
        await self._wait(self._outage_wait or self._until_next_look())

    async def _lease(self) -> list[Leased]:
        free = WORKERS - len(self._under_way)
        if free <= 0 or self._limits.banned_for(EVERYBODY) > 0:
            return []
        busy = {*self._under_way, *self._limits.busy_chats()}
        async with self._database.begin() as connection:
            return await deliveries.lease_due(connection, lease=WAITING_LEASE, busy_chats=busy, limit=free)

    async def _expire_now_and_then(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._ledger.unsettled or now - self._expired_at < EXPIRE_EVERY:
            return
        async with self._database.begin() as connection:
            expired = await deliveries.expire_leases(connection)
        self._expired_at = now
        if expired:
            log.warning("leases expired", count=expired)

    def _start(self, leased: Leased) -> None:
        chat_id = leased.subscriber.chat_id
        task = asyncio.create_task(self._deliver(leased), name=f"delivery {leased.id}")
        self._under_way[chat_id] = task

        def done(_: asyncio.Task[None]) -> None:
            self._under_way.pop(chat_id, None)
            self._wake.set()

        task.add_done_callback(done)

    async def _deliver(self, leased: Leased) -> None:
        """One row, from its turn to its settlement. What fails here is this row's trouble: its lease will end."""
        try:
            if not await self._turn(leased):
                await self._give_back(leased)
                return
            owed = await self._begin(leased)
            if owed:
                await self._send(leased, owed)
        except Exception as error:  # noqa: BLE001 - a worker's door: one failing row never stops the others
            log.error("delivery failed", delivery_id=leased.id, error=type(error).__name__, place=place_of(error))

    async def _turn(self, leased: Leased) -> bool:
        """Wait for the limiter, but not until the lease ends: a ban may have begun."""
        try:
            async with asyncio.timeout(WAITING_LEASE.total_seconds() / 2):
                await self._limits.turn(leased.subscriber.chat_id)
        except TimeoutError:
            return False
        return True

    async def _begin(self, leased: Leased) -> Alert | list[Notice] | None:
        async with self._database.begin() as connection:
            if leased.kind == "notice":
                return await deliveries.begin_notices(connection, leased, lease=SENDING_LEASE)
            return await deliveries.begin_sending(connection, leased, lease=SENDING_LEASE)

    async def _give_back(self, leased: Leased) -> None:
        """A lease that was not used: due again at once, for when the chat is free. No attempt was made."""
        async with self._database.begin() as connection:
            await deliveries.mark_pending(connection, leased, dt.timedelta(0), "no turn came", count_attempt=True)

    async def _send(self, leased: Leased, owed: Alert | list[Notice]) -> None:
        try:
            message = _message_of(leased, owed)
        except Exception as error:  # noqa: BLE001 - a post that cannot be shown is an error of ours, never an obstacle
            await self._ledger.settle(
                leased, Verdict(Action.DEAD, f"not composed: {type(error).__name__} {place_of(error)}")
            )
            return
        banned = self._limits.banned_for(leased.subscriber.chat_id)
        if banned > 0:  # it came while the row was being committed
            await self._ledger.settle(leased, Verdict(Action.NOT_SENT, "a ban began"), dt.timedelta(seconds=banned))
            return
        outcome = await self._request(leased, message, leased.subscriber.thread_id)
        if isinstance(outcome, Verdict) and outcome.action in (Action.PLAIN, Action.NO_THREAD):
            outcome = await self._second_form(leased, message, outcome)
        await self._ledger.settle(leased, outcome)

    async def _request(self, leased: Leased, message: Message, thread_id: int) -> int | Verdict:
        """Telegram's number of the message, or what its error means."""
        try:
            sent = await self._bot.send_message(
                leased.subscriber.chat_id,
                message.text.text,
                entities=message.text.entities(),
                reply_markup=message.markup(),
                link_preview_options=message.preview(),
                message_thread_id=thread_id or None,
                rate_limit_args=HAS_TURN,
            )
        except TelegramError as error:
            return verdict_of(error)
        return sent.message_id

    async def _second_form(self, leased: Leased, message: Message, refused: Verdict) -> int | Verdict:
        """Once more without what was refused: its formatting, or a forum topic that is gone."""
        log.warning("message refused", delivery_id=leased.id, detail=refused.detail)
        if not await self._turn(leased):
            return Verdict(Action.NOT_SENT, "no turn came for the second form")
        if refused.action is Action.PLAIN:
            outcome = await self._request(leased, message.plain().shortened(), leased.subscriber.thread_id)
        else:
            outcome = await self._request(leased, message, 0)
        if isinstance(outcome, Verdict) and outcome.action in (Action.PLAIN, Action.NO_THREAD):
            return Verdict(Action.DEAD, outcome.detail)
        return outcome

    async def _listen(self) -> None:
        async for _ in self._database.wakeups("deliveries"):
            self._wake.set()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    def _until_next_look(self) -> float:
        """Seconds: a chat that has cooled down may have something waiting that nobody wakes us for."""
        return min([LOOK, *self._limits.busy_chats().values()])

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _finish(self) -> None:
        tasks = list(self._under_way.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _message_of(leased: Leased, owed: Alert | list[Notice]) -> Message:
    to, now = leased.subscriber, dt.datetime.now(dt.UTC)
    if isinstance(owed, list):
        return compose_notices(owed, language=to.language, is_repeat=leased.unknowns > 0)
    if owed.digest is not None:
        return compose_digest(
            owed.digest, owed.reasons, language=to.language, time_zone=to.time_zone, is_repeat=owed.is_repeat, now=now
        )
    return compose_alert(
        owed.post,
        owed.reasons,
        delivery_id=owed.delivery_id,
        language=to.language,
        time_zone=to.time_zone,
        is_repeat=owed.is_repeat,
        is_replay=owed.is_replay,
        now=now,
    )
