"""Asking Telegram, each method at its own pace: one that is flooded rests, and the others go on."""

from __future__ import annotations

import datetime as dt
import struct
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from telethon import TelegramClient, errors
from telethon.tl import functions

from config.metrics import note_flood_wait
from ingest.client import ANSWER_TIMEOUT, NoAnswer, call
from ingest.pace import Pace

log = structlog.get_logger()

CLOSED_AFTERWARDS = dt.timedelta(seconds=1)
"""A flood wait is told in whole seconds."""


class MethodClosed(Exception):
    """Telegram wants us to leave this method alone for `seconds`; nothing was sent."""

    def __init__(self, method: str, seconds: float) -> None:
        super().__init__(f"Telegram closed {method} for {seconds:.0f} s.")
        self.method = method
        self.seconds = seconds


class ServerTrouble(NoAnswer):
    """Telegram answered that it cannot answer: the connection lives, and the same may be asked later."""


class UnreadableAnswer(ServerTrouble):
    """Telegram answered with something that our Telethon has no words for: to ask for less may leave it out."""


UNREADABLE = (errors.TypeNotFoundError, struct.error, BufferError, UnicodeDecodeError, OverflowError)
"""What Telethon raises of an answer that it cannot take apart: a constructor of a newer layer, and what it takes the
bytes behind it for (`telethon.extensions.BinaryReader`)."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How often a method may be asked: `burst` at once, then one each `every`."""

    burst: int
    every: dt.timedelta


ALLOWANCES: Mapping[type, Allowance] = {
    functions.messages.GetPeerDialogsRequest: Allowance(10, dt.timedelta(seconds=1)),
    functions.channels.GetMessagesRequest: Allowance(40, dt.timedelta(milliseconds=100)),
    functions.updates.GetChannelDifferenceRequest: Allowance(100, dt.timedelta(milliseconds=40)),
    functions.messages.GetHistoryRequest: Allowance(20, dt.timedelta(milliseconds=200)),
    functions.channels.GetChannelsRequest: Allowance(5, dt.timedelta(seconds=1)),
    functions.upload.GetFileRequest: Allowance(8, dt.timedelta(milliseconds=250)),
}
"""Where each method begins. Nobody knows Telegram's own numbers (reference: telethon, 5.4, calls its own unverified):
so a flood wait halves the rate, and what is answered brings it back slowly. 100,000 missed posts are 1,000 pages of
getHistory, which must fit into five minutes (issue 4)."""

OTHERS = Allowance(5, dt.timedelta(seconds=1))


class Lanes:
    """The paces of all methods for one account. Lives as long as the program; clients come and go."""

    def __init__(
        self,
        allowances: Mapping[type, Allowance] = ALLOWANCES,
        *,
        on_flood: Callable[[str, dt.timedelta], object] | None = None,
    ) -> None:
        """`on_flood` is called with a method's name and how long it is to be left alone, once a flood."""
        self._allowances = allowances
        self._on_flood = on_flood
        self._paces: dict[type, Pace] = {}
        self._closed_until: dict[str, float] = {}
        self.calls: Counter[str] = Counter()

    async def wait(self, method: type) -> None:
        """Take a turn of the method. Raises MethodClosed while Telegram wants it left alone."""
        self._refuse_closed(method)
        await self._pace(method).wait()
        self._refuse_closed(method)  # another request may have met a flood meanwhile
        self.calls[method_name(method)] += 1

    def flooded(self, method: type, seconds: float) -> None:
        """Telegram said to wait: leave the method alone for so long, then ask half as often."""
        is_news = self.closed_for(method) <= 0  # several requests may meet one flood
        wait = dt.timedelta(seconds=seconds) + CLOSED_AFTERWARDS
        self.close(method_name(method), wait)
        if is_news:
            note_flood_wait(method_name(method), wait)
            self._pace(method).slow_down()
            if self._on_flood is not None:
                self._on_flood(method_name(method), wait)

    def close(self, method: str, wait: dt.timedelta) -> None:
        """Leave a method alone for so long: Telegram may have said so to the program that ran before us."""
        until = time.monotonic() + wait.total_seconds()
        self._closed_until[method] = max(until, self._closed_until.get(method, 0.0))

    def answered(self, method: type) -> None:
        """Telegram answered: a little faster again."""
        self._pace(method).speed_up()

    def closed_for(self, method: type) -> float:
        """Seconds until the method may be asked again; 0 when it may."""
        return max(self._closed_until.get(method_name(method), 0.0) - time.monotonic(), 0.0)

    @property
    def closed(self) -> dict[str, float]:
        """Every method that is to be left alone now, with the seconds that are left."""
        now = time.monotonic()
        return {method: until - now for method, until in self._closed_until.items() if until > now}

    def _refuse_closed(self, method: type) -> None:
        if (left := self.closed_for(method)) > 0:
            raise MethodClosed(method_name(method), left)

    def _pace(self, method: type) -> Pace:
        if method not in self._paces:
            allowance = self._allowances.get(method, OTHERS)
            self._paces[method] = Pace(allowance.burst, allowance.every)
        return self._paces[method]


class Asking:
    """Requests through one client, at the pace of their methods."""

    def __init__(self, client: TelegramClient, lanes: Lanes) -> None:
        self.client = client
        self.lanes = lanes

    async def ask(self, request: Any, timeout: dt.timedelta = ANSWER_TIMEOUT) -> Any:  # noqa: ASYNC109
        """The answer.

        Raises MethodClosed; ServerTrouble, UnreadableAnswer and other NoAnswer (later, perhaps); ConnectionError; what
        Telegram has against the request or the account as RPCError.
        """
        method = type(request)
        await self.lanes.wait(method)
        try:
            answer = await call(self.client, request, timeout)
        except errors.FloodError as flood:
            seconds = getattr(flood, "seconds", None)
            if seconds is None:  # the account is frozen, or something that no waiting heals
                raise
            self.lanes.flooded(method, seconds)
            log.warning("telegram says wait", method=method_name(method), seconds=seconds)
            raise MethodClosed(method_name(method), seconds) from None
        except UNREADABLE:  # whose words quote posts
            raise UnreadableAnswer(f"What Telegram answered to {method_name(method)} cannot be read.") from None
        except errors.RPCError as error:
            if error.code is not None and abs(error.code) < 500:
                raise
            raise ServerTrouble(f"Telegram cannot answer {method_name(method)} at the moment.") from error
        self.lanes.answered(method)
        return answer


def method_name(method: type) -> str:
    """A request's class as logs, operators and `flood_waits` name it: GetHistory."""
    return method.__name__.removesuffix("Request")
