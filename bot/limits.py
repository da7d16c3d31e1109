"""The one limiter of everything the bot says: how much, how soon, to whom, and never inside a ban.

`bot.rates` is the arithmetic, on any clock; `Limits` lets tasks wait for their turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from bot.rates import EVERYBODY, Rates

__all__ = ["EVERYBODY", "Limits", "Rank"]


class Rank(IntEnum):
    """Who goes first of those that may go now."""

    REPLY = 0
    ALERT = 1
    AMENDMENT = 2


@dataclass(slots=True)
class _Turn:
    chat_id: int
    rank: Rank
    granted: asyncio.Future[float] = field(repr=False)

    def free_at(self, rates: Rates) -> float:
        """When it may go."""
        return rates.free_at(self.chat_id, is_reply=self.rank is Rank.REPLY)


class Limits:
    """Lets one message at a time go, replies before alerts, each as soon as its chat and the whole bot may.

    `clock` gives seconds that never run backwards. Waiting is done on the running event loop's own clock; `speed` is
    how many seconds of `clock` pass in one of those, for a clock that is not the real one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, speed: float = 1.0) -> None:
        self._clock = clock
        self._speed = speed
        self.rates = Rates(clock())
        self._turns: list[_Turn] = []
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, chat_id: int, *, is_reply: bool = False, yields: bool = False) -> float:
        """Wait until a message may go to this chat, and take that place: send it at once.

        `yields` to all others that wait. Returns the place, for `went`.
        """
        rank = Rank.REPLY if is_reply else Rank.AMENDMENT if yields else Rank.ALERT
        turn = _Turn(chat_id, rank, asyncio.get_running_loop().create_future())
        place = next((i for i, other in enumerate(self._turns) if rank < other.rank), len(self._turns))
        self._turns.insert(place, turn)
        self._grant()
        try:
            return await turn.granted
        finally:
            if turn in self._turns:
                self._turns.remove(turn)

    def went(self, chat_id: int, place: float) -> None:
        """Something came between a turn and its request: the request is made now."""
        self.rates.went(chat_id, place, self._clock())

    def busy_chats(self) -> dict[int, float]:
        """Chats that may not be spoken to now, and in how many real seconds each may again."""
        now = self._clock()
        return {chat_id: (free - now) / self._speed for chat_id, free in self.rates.cooling(now).items()}

    def banned_for(self, chat_id: int = EVERYBODY) -> float:
        """Seconds for which Telegram told us to be silent there (by default: altogether); 0 when it did not."""
        return max(0.0, self.rates.banned_until(chat_id) - self._clock())

    def ban(self, chat_id: int, seconds: float) -> None:
        """Be silent to a chat (or EVERYBODY) for that long."""
        self.rates.ban(chat_id, self._clock() + seconds)

    def obey(self, chat_id: int, seconds: float) -> int:
        """A 429 for a message to this chat: ban whom it must have meant, and return that (the chat, or EVERYBODY).

        Telegram does not say whether the chat or the whole bot was told too much (see `Rates.may_be_flooded`).
        """
        scope = chat_id if self.rates.may_be_flooded(chat_id, self._clock()) else EVERYBODY
        self.ban(scope, seconds)
        return scope

    def _grant(self) -> None:
        """Give every turn that may go now its place, and come back when the next one may."""
        now = self._clock()
        for turn in list(self._turns):
            if turn.free_at(self.rates) <= now:
                self._turns.remove(turn)
                if not turn.granted.done():
                    self.rates.take(turn.chat_id, now)
                    turn.granted.set_result(now)
        self._wait_for_next(now)

    def _wait_for_next(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._turns:
            soonest = min(turn.free_at(self.rates) for turn in self._turns)
            wait = max(0.0, soonest - now) / self._speed
            self._timer = asyncio.get_running_loop().call_later(wait, self._grant)
