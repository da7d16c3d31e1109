"""Sends what webhooks are owed: one request a webhook at a time, so that one in trouble holds up no other."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Collection

import structlog

from config.keys import Key, KeyFileError
from storage import webhook_deliveries, webhooks
from storage.database import Database, DatabaseAway
from storage.posts import get_post
from storage.webhook_deliveries import Due
from web.webhooks import by_apprise, payloads, requests
from web.webhooks.requests import Answer
from web.webhooks.signatures import signed

log = structlog.get_logger()

WORKERS = 4
"""Requests under way at once, over all webhooks."""

LEASE = dt.timedelta(seconds=60)
"""Twice as long as the longest request (by_apprise.LONGEST)."""

LOOK_EVERY = dt.timedelta(seconds=30)
"""When no wake-up comes: one may be lost."""

KEEP = dt.timedelta(days=30)
PURGE_EVERY = dt.timedelta(hours=1)

DELAYS = tuple(dt.timedelta(seconds=each) for each in (5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200))
"""Until the next attempt, after the first, the second, … : a receiver that is repaired within a day misses nothing."""

REST = dt.timedelta(seconds=5)
"""How long a webhook is left alone after its first failure in a row; twice as long after each further one."""

LONGEST_REST = dt.timedelta(minutes=5)
"""A receiver that does not answer is asked at most that seldom, however much it is owed."""

LONGEST_WAIT = dt.timedelta(hours=1)
"""As long as a receiver may ask to be left alone (Retry-After)."""

GONE = 410
"""The receiver says that it wants nothing any more, ever."""


class Sender:
    """The loop. `allowed`: hosts that webhooks may go to though they are private. `takes_back`: what a sender that is
    gone had begun is sent again; off in a test only, to show what it is for."""

    def __init__(self, database: Database, key: Key, allowed: Collection[str], *, takes_back: bool = True) -> None:
        self._database = database
        self._key = key
        self._allowed = allowed
        self._takes_back = takes_back
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._purged_at = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; then finish what is under way."""
        listening = asyncio.create_task(self._listen())
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._woken.set())
        try:
            while not stop.is_set():
                self._woken.clear()
                try:
                    wait = await self._round()
                except DatabaseAway as away:
                    log.warning("webhooks not looked at", reason=str(away))
                    wait = 1.0
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._woken.wait()
            if self._under_way:
                await asyncio.wait(self._under_way.values(), timeout=by_apprise.LONGEST.total_seconds())
        finally:
            tasks = [listening, stopping, *self._under_way.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        async for _ in self._database.wakeups(webhooks.WAKE):
            self._woken.set()

    async def _round(self) -> float:
        """Begin whatever may begin now; the seconds after which to look again."""
        async with self._database.begin() as connection:
            if self._takes_back:
                await webhook_deliveries.expire_leases(connection)
            free = WORKERS - len(self._under_way)
            due = await webhook_deliveries.lease_due(connection, lease=LEASE, limit=free, busy=list(self._under_way))
            next_at = await webhook_deliveries.next_due_at(connection)
            if time.monotonic() - self._purged_at > PURGE_EVERY.total_seconds():
                await webhook_deliveries.purge_settled(connection, KEEP)
                self._purged_at = time.monotonic()
        for each in due:
            task = asyncio.create_task(self._send(each))
            self._under_way[each.webhook_id] = task
        if self._under_way or next_at is None:  # who ends wakes us
            return LOOK_EVERY.total_seconds()
        until = (next_at - dt.datetime.now(dt.UTC)).total_seconds()
        return min(max(until, 0.05), LOOK_EVERY.total_seconds())

    async def _send(self, due: Due) -> None:
        try:
            await self._settle(due, await self._safe_answer(due))
        except DatabaseAway as away:  # its lease ends, and it goes once more, marked
            log.warning("webhook not settled", webhook_id=due.webhook_id, post_id=due.post_id, reason=str(away))
        finally:
            del self._under_way[due.webhook_id]
            self._woken.set()

    async def _safe_answer(self, due: Due) -> Answer | None:
        """A post that none of us can put into words is given up in the end, and holds up no other."""
        try:
            return await self._answer(due)
        except DatabaseAway:
            raise
        except Exception as error:
            log.exception("webhook not made", webhook_id=due.webhook_id, post_id=due.post_id)
            return Answer(None, f"the request could not be made ({type(error).__name__})")

    async def _answer(self, due: Due) -> Answer | None:
        """What came of it; None when there is nothing to send any more."""
        async with self._database.begin() as connection:
            post = await get_post(connection, due.post_id)
        if post is None:
            return None
        try:
            to = webhooks.address(self._key, due.url, due.secret)
        except KeyFileError as error:
            return Answer(None, str(error))
        if due.kind == "apprise":
            return await by_apprise.notify(to.url, *payloads.message(due, post))
        now = dt.datetime.now(dt.UTC)
        body = payloads.matched(due, post, now)
        headers = signed(to.secret or "", payloads.id_of(due), now, body) | {"webhook-attempt": str(due.attempt)}
        return await requests.post(to.url, body, headers, self._allowed)

    async def _settle(self, due: Due, answer: Answer | None) -> None:
        async with self._database.begin() as connection:
            if answer is None:
                await webhook_deliveries.give_up(connection, due, "the post is not kept any more", state="cancelled")
            elif answer.is_accepted:
                await webhook_deliveries.mark_sent(connection, due)
            elif answer.status == GONE:
                await webhooks.pause(connection, due.webhook_id, "its receiver answered 410 Gone")
                await webhook_deliveries.give_up(connection, due, "HTTP 410: its receiver wants nothing any more")
            else:
                asked = min(answer.retry_after or dt.timedelta(0), LONGEST_WAIT)
                delay = max(DELAYS[min(due.attempt, len(DELAYS)) - 1], asked)
                rest = max(min(REST * 2 ** min(due.failures, 10), LONGEST_REST), asked)
                is_dead = await webhook_deliveries.mark_failed(connection, due, answer.detail, delay=delay, rest=rest)
                log.warning(
                    "webhook not delivered", webhook_id=due.webhook_id, post_id=due.post_id, attempt=due.attempt,
                    reason=answer.detail, is_dead=is_dead,
                )  # fmt: skip
