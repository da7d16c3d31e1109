"""Asks Telegram for updates and keeps each before it is confirmed; notices when the asking itself has died.

The library's own polling loses what it fetched when it is killed, ends for good at one stray 401, and repeats for ever
a batch with an update that it cannot read (measured, reference: bot-api, section 2). Here the raw answer is stored, and
parsed when it is handled.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import httpx
import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut
from telegram.ext import ExtBot

from bot.errors import seconds_of
from bot.intake import arrived_in, keep
from bot.requests import POLL_SECONDS, PollRequest, form_of
from bot.updates import ALLOWED_UPDATES
from bot.waiting import until
from storage import inbox
from storage.database import Database, DatabaseAway, StatementRefused
from storage.inbox import Alarm, Arrived

log = structlog.get_logger()

SILENCE = 60.0
"""Seconds without any answer after which the connections are made anew; after as many again the process ends, for
whoever watches it to start it again (fault matrix, row 32)."""

TICK = 1.0
"""Seconds between two looks at that."""

CONFIRM_REFUSAL = 300.0
"""Seconds for which a refused token is asked about before it is called dead: Telegram's outages refuse good ones."""

ASK_AGAIN = 5.0
"""Seconds between two such questions."""

SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 3.0
"""Seconds before asking again after a failure: recovery within 5 s (fault matrix, rows 12 and 31), twice a second at
most (row 27)."""

LONGEST_CONFLICT_PAUSE = 30.0
"""The same after another poller was there: each try of ours ends a request of theirs. Over within 35 s (row 25)."""

CALM = 300.0
"""Seconds without another poller after which the next one is told to operators again."""


class TokenRefused(Exception):
    """Telegram does not know the token; the message says what to do."""


class PollingStalled(Exception):
    """Telegram answers nothing, with new connections neither; the message says what to do."""


class Poller:
    """Fetches updates until told to stop; `on_stored` is called after each batch. `clock` gives seconds.

    `run` raises TokenRefused or PollingStalled; everything else is tried again.
    """

    def __init__(
        self,
        database: Database,
        bot: ExtBot[Any],
        on_stored: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        tick: float = TICK,
        ask_again: float = ASK_AGAIN,
        shortest_pause: float = SHORTEST_PAUSE,
    ) -> None:
        self._database = database
        self._bot = bot
        self._on_stored = on_stored
        self._clock = clock
        self._tick = tick
        self._ask_again = ask_again
        self._shortest_pause = shortest_pause
        self._request = PollRequest()
        self._offset: int | None = None
        """Confirms the last batch. Not kept for longer: after a quiet week numbers begin anew, and an old offset would
        confirm what was never seen (Bot API documentation, Update)."""
        self._heard_at = clock()
        self._is_rebuilt = False
        self._pause = shortest_pause
        self._conflict_pause = shortest_pause
        self._conflict_at: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set."""
        self._heard_at = self._clock()
        await self._request.initialize()
        try:
            while not stop.is_set():
                asking = asyncio.create_task(self._ask(), name="getUpdates")
                try:
                    await self._watch(asking, stop)
                finally:
                    asking.cancel()
                    await asyncio.gather(asking, return_exceptions=True)
                if not asking.cancelled():
                    await self._heed(asking, stop)
        finally:
            await self._request.shutdown()

    async def _ask(self) -> list[Any]:
        values: dict[str, object] = {"timeout": POLL_SECONDS, "allowed_updates": ALLOWED_UPDATES}
        if self._offset is not None:
            values["offset"] = self._offset
        url = f"{self._bot.base_url}/getUpdates"
        answer = await self._request.post(url, form_of(values), read_timeout=POLL_SECONDS + 10)
        if not isinstance(answer, list):
            raise TelegramError("Invalid server response")
        return answer

    async def _watch(self, asking: asyncio.Task[list[Any]], stop: asyncio.Event) -> None:
        """Return when the request has ended, or is not worth waiting for any more."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not asking.done() and not stop.is_set():
                await asyncio.wait([asking, stopping], timeout=self._tick, return_when=asyncio.FIRST_COMPLETED)
                if not asking.done() and await self._is_stalled():
                    return
        finally:
            stopping.cancel()

    async def _is_stalled(self) -> bool:
        """Whether the watchdog has just thrown this request away."""
        silence = self._clock() - self._heard_at
        if silence >= 2 * SILENCE:
            raise PollingStalled(
                f"Telegram has answered nothing for {silence:.0f} s, with new connections neither. Start the bot again."
            )
        if silence < SILENCE or self._is_rebuilt:
            return False
        log.warning("polling is silent; connections made anew", seconds=round(silence))
        self._is_rebuilt = True
        old, self._request = self._request, PollRequest()
        await self._request.initialize()
        with contextlib.suppress(Exception):  # it may be the very thing that is broken
            async with asyncio.timeout(self._tick):
                await old.shutdown()
        return True

    async def _heed(self, asked: asyncio.Task[list[Any]], stop: asyncio.Event) -> None:
        """Keep what came, or wait as long as what went wrong asks for."""
        error = asked.exception()
        if error is None:
            await self._keep(asked.result(), stop)
            return
        match error:
            case Conflict():
                await self._conflict(stop)
            case InvalidToken():
                await self._confirm_refusal(stop)
            case RetryAfter():
                await until(stop, seconds_of(error.retry_after).total_seconds())
            case _:
                log.warning("polling failed", error=type(error).__name__, cause=type(error.__cause__).__name__)
                if _is_silence(error):
                    await self._is_stalled()
                await self._wait(stop)
        if not _is_silence(error):
            self._heard()

    def _heard(self) -> None:
        self._heard_at = self._clock()
        self._is_rebuilt = False

    async def _wait(self, stop: asyncio.Event) -> None:
        await until(stop, self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _keep(self, answer: list[Any], stop: asyncio.Event) -> None:
        """Store a batch; only then is its end the offset that confirms it."""
        updates = arrived_in(answer)
        if updates and not await self._kept(updates, stop):
            return
        self._heard()
        self._conflict_pause = self._shortest_pause
        self._offset = max((update.update_id + 1 for update in updates), default=None)
        if answer and not updates:
            log.error("updates without a number", count=len(answer))
            await self._wait(stop)  # nothing can confirm these: they come at once again
            return
        self._pause = self._shortest_pause
        if updates:
            self._on_stored()

    async def _kept(self, updates: list[Arrived], stop: asyncio.Event) -> bool:
        """Tried until the database takes them; False when told to stop before: Telegram still has them."""
        while not stop.is_set():
            try:
                await keep(self._database, updates)
                return True
            except DatabaseAway as error:
                log.warning("updates not kept", error=str(error))
                await self._wait(stop)
        return False

    async def _conflict(self, stop: asyncio.Event) -> None:
        """Another program polls with our token: say so once, and ask ever more rarely."""
        now = self._clock()
        log.error("another program polls with the bot's token", next_try_in=self._conflict_pause)
        if self._conflict_at is None or now - self._conflict_at > CALM:
            try:
                async with self._database.begin() as connection:
                    await inbox.alarm(connection, Alarm.CONFLICT)
            except (DatabaseAway, StatementRefused) as error:
                log.warning("operators not told", error=str(error))
        self._conflict_at = now
        await until(stop, self._conflict_pause)
        self._conflict_pause = min(self._conflict_pause * 2, LONGEST_CONFLICT_PAUSE)

    async def _confirm_refusal(self, stop: asyncio.Event) -> None:
        """A refused token: ask whether it is, for as long as an outage may say so. TokenRefused when it is for good."""
        log.error("Telegram refuses the bot's token while polling")
        since = self._clock()
        while not stop.is_set():
            try:
                await self._bot.get_me()
            except InvalidToken:
                if self._clock() - since >= CONFIRM_REFUSAL:
                    log.error("Telegram has refused the bot's token for good; nothing is sent, everything is kept")
                    raise TokenRefused("Telegram does not know BOT_TOKEN: take it anew from @BotFather.") from None
            except TelegramError as error:
                log.warning("token not confirmed", error=type(error).__name__)
            else:
                log.warning("Telegram knows the bot's token after all")
                await self._wait(stop)
                return
            await until(stop, self._ask_again)


def _is_silence(error: BaseException) -> bool:
    """Whether nobody answered at all. A refused connection, a proxy's page or half an answer is no wedged poll."""
    return isinstance(error, TimedOut) or isinstance(error.__cause__, httpx.TimeoutException)
