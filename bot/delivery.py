"""Everything that is owed goes out: leased, sent, settled; one chat never waits for another.

    lease -> the limiter's turn -> "sending" is committed -> HTTP -> settled at once, in a transaction of its own

A crash leaves at most WORKERS messages whose end nobody knows. Each is sent once more at most, and says so. Most are
about one row; late posts, what has piled up, and notices for an operator, go several rows to a message. Amendments edit
what was sent: they yield to everything else, and making one twice does no harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from dataclasses import replace
from typing import Any

import structlog
from telegram.ext import ExtBot

from bot.errors import Action, Verdict, place_of
from bot.limits import EVERYBODY, Limits
from bot.message import Message
from bot.owed_messages import Owed, message_of
from bot.sending import request
from bot.settling import NOT_SENT_DELAY, UNKNOWN_DELAY, Ledger
from bot.waiting import until, wake_at
from storage import amendments, deliveries, digest_stories
from storage.amendments import Amendment
from storage.database import Database, DatabaseAway
from storage.deliveries import Leased

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

SPREAD_EVERY = 1.0
"""Seconds between two looks for what may have changed alerts that were sent."""

LONGEST_OUTAGE_WAIT = 15.0
"""Seconds between two tries while the database is away."""

GRACE = 5.0
"""Seconds that sends under way get to end when the bot stops."""


class Delivery:
    """Sends what is owed until told to stop. `bot` sends through `limits` only: see `bot.reply_limits`.

    `folds`: what has piled up for a chat goes as one message; a benchmark of the rate wants each of them.
    """

    def __init__(
        self,
        database: Database,
        bot: ExtBot[Any],
        limits: Limits,
        *,
        unknown_delay: dt.timedelta = UNKNOWN_DELAY,
        not_sent_delay: dt.timedelta = NOT_SENT_DELAY,
        folds: bool = True,
    ) -> None:
        self._database = database
        self._folds = folds
        self._bot = bot
        self._limits = limits
        self._ledger = Ledger(database, limits, unknown_delay=unknown_delay, not_sent_delay=not_sent_delay)
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._outage_wait = 0.0
        self._expired_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; then let what is under way end, for GRACE seconds at most."""
        helpers = [
            asyncio.create_task(each) for each in (self._listen(), wake_at(stop, self._wake), self._spread_amendments())
        ]
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
        await until(self._wake, self._outage_wait or self._until_next_look())

    async def _lease(self) -> list[Leased]:
        free = WORKERS - len(self._under_way)
        if free <= 0 or self._limits.banned_for(EVERYBODY) > 0:
            return []
        busy = {*self._under_way, *self._limits.busy_chats()}
        async with self._database.begin() as connection:
            return await deliveries.lease_due(
                connection, lease=WAITING_LEASE, busy_chats=busy, limit=free, folds=self._folds
            )

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
            place = await self._turn(leased)
            if place is None:
                await self._give_back(leased)
                return
            owed = await self._begin(leased)
            if owed:
                await self._send(leased, owed, place)
        except Exception as error:  # noqa: BLE001 - a worker's door: one failing row never stops the others
            log.error("delivery failed", delivery_id=leased.id, error=type(error).__name__, place=place_of(error))

    async def _turn(self, leased: Leased) -> float | None:
        """Wait for the limiter, but not until the lease ends: a ban may have begun."""
        try:
            async with asyncio.timeout(WAITING_LEASE.total_seconds() / 2):
                return await self._limits.turn(leased.subscriber.chat_id, yields=leased.kind == "amendment")
        except TimeoutError:
            return None

    async def _begin(self, leased: Leased) -> Owed | None:
        async with self._database.begin() as connection:
            if leased.kind == "notice":
                return await deliveries.begin_notices(connection, leased, lease=SENDING_LEASE)
            if leased.kind == "burst":
                return await deliveries.begin_burst(connection, leased, lease=SENDING_LEASE)
            if leased.kind == "amendment":
                return await amendments.begin(connection, leased, lease=SENDING_LEASE)
            alert = await deliveries.begin_sending(connection, leased, lease=SENDING_LEASE)
            if leased.is_digest and alert is not None and alert.digest is not None:
                return await digest_stories.read_digest(connection, leased, alert)
            return alert

    async def _give_back(self, leased: Leased) -> None:
        """A lease that was not used: due again at once, for when the chat is free. No attempt was made."""
        async with self._database.begin() as connection:
            await deliveries.mark_pending(connection, leased, dt.timedelta(0), "no turn came")

    async def _send(self, leased: Leased, owed: Owed, place: float) -> None:
        try:
            message = message_of(leased, owed)
        except Exception as error:  # noqa: BLE001 - a post that cannot be shown is an error of ours, never an obstacle
            await self._ledger.settle(
                leased, Verdict(Action.DEAD, f"not composed: {type(error).__name__} {place_of(error)}")
            )
            return
        banned = self._limits.banned_for(leased.subscriber.chat_id)
        if banned > 0:  # it came while the row was being committed
            await self._ledger.settle(leased, Verdict(Action.NOT_SENT, "a ban began"), dt.timedelta(seconds=banned))
            return
        self._limits.went(leased.subscriber.chat_id, place)
        edited = owed.telegram_message_id if isinstance(owed, Amendment) else None
        outcome = await request(self._bot, leased, message, edited=edited)
        if isinstance(outcome, Verdict) and outcome.action in (Action.PLAIN, Action.NO_THREAD):
            outcome = await self._second_form(leased, message, outcome, edited)
        await self._ledger.settle(leased, outcome)

    async def _second_form(
        self, leased: Leased, message: Message, refused: Verdict, edited: int | None
    ) -> int | Verdict:
        """Once more without what was refused: its formatting, or a forum topic that is gone."""
        log.warning("message refused", delivery_id=leased.id, detail=refused.detail)
        if await self._turn(leased) is None:
            return Verdict(Action.NOT_SENT, "no turn came for the second form")
        if refused.action is Action.PLAIN:
            outcome = await request(self._bot, leased, message.plain().shortened(), edited=edited)
        else:
            outcome = await request(self._bot, replace(leased, is_thread_gone=True), message, edited=edited)
            await self._remember_lost_thread(leased, outcome)
        if isinstance(outcome, Verdict) and outcome.action in (Action.PLAIN, Action.NO_THREAD):
            return Verdict(Action.DEAD, outcome.detail)
        return outcome

    async def _remember_lost_thread(self, leased: Leased, outcome: int | Verdict) -> None:
        """The next goes to the group itself at once. An outage here costs one refused request more."""
        if not isinstance(outcome, int):
            return
        with contextlib.suppress(DatabaseAway):
            async with self._database.begin() as connection:
                await deliveries.note_thread_gone(connection, leased.subscriber.id)

    async def _spread_amendments(self) -> None:
        while True:
            try:
                async with self._database.begin() as connection:
                    spread = await amendments.spread(connection)
            except Exception as error:  # noqa: BLE001 - the job's door: no outage of the database may end it
                log.warning("amendments not owed", error=type(error).__name__, place=place_of(error))
                spread = 0
            await asyncio.sleep(0 if spread == amendments.AT_ONCE else SPREAD_EVERY)

    async def _listen(self) -> None:
        async for _ in self._database.wakeups("deliveries"):
            self._wake.set()

    def _until_next_look(self) -> float:
        """Seconds: a chat that has cooled down may have something waiting that nobody wakes us for."""
        return min([LOOK, *self._limits.busy_chats().values()])

    async def _finish(self) -> None:
        tasks = list(self._under_way.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
