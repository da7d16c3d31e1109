"""The one limiter of everything the bot says: how much, how soon, to whom, and never inside a ban.

Figures: Telegram documents about 30 messages a second in all, one a second to a chat and 20 a minute to a group
(Bot API FAQ); issue 2 asks for 28, 1 and 18, so that a clock's jitter never crosses the line.

`Rates` is the arithmetic, on any clock; `Limits` lets tasks wait for their turn.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

SECOND_SPACING = 1 / 28
"""Seconds between any two messages: 28 a second, and no two at once."""

CHAT_SPACING = 1.0
"""Seconds between two messages to one chat."""

GROUP_MINUTE = 18
"""Messages to a group or channel in any 60 seconds."""

GROUP_BURST = 6
"""Messages in a group's minute that may follow each other at CHAT_SPACING; the rest of the minute is spread evenly, so
that nobody waits for long behind a burst (a reply least of all)."""

MINUTE = 60.0

EVERYBODY = 0
"""In place of a chat's number: the whole bot."""

FORGET_AFTER = 2 * MINUTE
"""Seconds after which a quiet chat's past decides nothing any more."""


class Rates:
    """When the next message may go, in seconds of a clock that the caller reads. Groups have negative chat numbers.

    Buckets start empty: nothing is known of what an earlier process sent, so the first minute of every group is
    taken as spent at the even rate. A private chat's second is shorter than a process takes to start.
    """

    def __init__(self, now: float) -> None:
        self._started_at = now
        self._last = now
        self._pasts: dict[int, deque[float]] = {}
        """When each chat was last spoken to, the newest at the right."""
        self._bans: dict[int, float] = {}
        self._warm: set[int] = set()
        """Chats that may be cooling: all others are known not to be."""
        self._swept_at = now

    def free_at(self, chat_id: int) -> float:
        """The first moment at which a message may go to this chat, all limits and bans considered."""
        return max(self.free_for_all_at(), self.chat_free_at(chat_id))

    def free_for_all_at(self) -> float:
        """The first moment at which any message may go at all."""
        return max(self._last + SECOND_SPACING, self._bans.get(EVERYBODY, 0.0))

    def chat_free_at(self, chat_id: int) -> float:
        """The first moment that the chat's own limits and ban leave free."""
        banned_until = self._bans.get(chat_id, 0.0)
        past = self._pasts.get(chat_id)
        if past is None:
            return max(banned_until, self._started_at)
        return max(banned_until, _free_again_at(chat_id, past))

    def take(self, chat_id: int, now: float) -> None:
        """A message goes now."""
        self._last = now
        past = self._pasts.get(chat_id)
        if past is None:
            past = self._pasts[chat_id] = self._unknown_past(chat_id, now)
        past.append(now)
        self._warm.add(chat_id)
        self._sweep(now)

    def ban(self, chat_id: int, until: float) -> None:
        """Nothing goes to this chat (or EVERYBODY) before `until`; a ban never shrinks."""
        self._bans[chat_id] = max(until, self._bans.get(chat_id, 0.0))
        self._warm.add(chat_id)

    def banned_until(self, chat_id: int) -> float:
        """When the bans that concern this chat end; 0 when there is none."""
        return max(self._bans.get(chat_id, 0.0), self._bans.get(EVERYBODY, 0.0))

    def may_be_flooded(self, chat_id: int, now: float) -> bool:
        """Whether this chat alone can be what a refused message was too much for.

        A chat that heard nothing else within the last minute cannot be flooded, and a ban of another chat at the same
        time is no coincidence.
        """
        earlier = list(self._pasts.get(chat_id, ()))[:-1]
        others = any(until > now for banned, until in self._bans.items() if banned not in (EVERYBODY, chat_id))
        return bool(earlier) and now - earlier[-1] <= MINUTE and not others

    def cooling(self, now: float) -> dict[int, float]:
        """Chats that may not be spoken to now for reasons of their own, and when they may again."""
        waiting = {chat_id: self.chat_free_at(chat_id) for chat_id in self._warm - {EVERYBODY}}
        waiting = {chat_id: free for chat_id, free in waiting.items() if free > now}
        self._warm = set(waiting)
        return waiting

    def _unknown_past(self, chat_id: int, now: float) -> deque[float]:
        if chat_id > 0:
            return deque(maxlen=2)
        # What may have been said before we started, at the even rate, as far as it still counts.
        times = (self._started_at - step * MINUTE / GROUP_MINUTE for step in range(GROUP_MINUTE - 1, 0, -1))
        return deque((moment for moment in times if now - moment < MINUTE), maxlen=GROUP_MINUTE)

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < MINUTE:
            return
        self._swept_at = now
        self._pasts = {chat: past for chat, past in self._pasts.items() if now - past[-1] < FORGET_AFTER}
        self._bans = {chat: until for chat, until in self._bans.items() if until > now}


def _free_again_at(chat_id: int, times: deque[float]) -> float:
    last = times[-1]
    if chat_id > 0:
        return last + CHAT_SPACING
    recent = sum(moment > last + CHAT_SPACING - MINUTE for moment in times)
    spaced = last + (CHAT_SPACING if recent < GROUP_BURST else MINUTE / GROUP_MINUTE)
    return max(spaced, times[0] + MINUTE) if len(times) == GROUP_MINUTE else spaced


@dataclass(slots=True)
class _Turn:
    chat_id: int
    is_reply: bool
    granted: asyncio.Future[None] = field(repr=False)


class Limits:
    """Lets one message at a time go, replies before alerts, each as soon as its chat and the whole bot may.

    `clock` gives seconds that never run backwards. Waiting is done on the running event loop's own clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.rates = Rates(clock())
        self._turns: list[_Turn] = []
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, chat_id: int, *, is_reply: bool = False) -> None:
        """Wait until a message may go to this chat, and take that place: send it at once."""
        turn = _Turn(chat_id, is_reply, asyncio.get_running_loop().create_future())
        place = next((i for i, other in enumerate(self._turns) if is_reply > other.is_reply), len(self._turns))
        self._turns.insert(place, turn)
        self._grant()
        try:
            await turn.granted
        finally:
            if turn in self._turns:
                self._turns.remove(turn)

    def busy_chats(self) -> dict[int, float]:
        """Chats that may not be spoken to now, and in how many seconds each may again."""
        now = self._clock()
        return {chat_id: free - now for chat_id, free in self.rates.cooling(now).items()}

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
            if self.rates.free_at(turn.chat_id) <= now:
                self._turns.remove(turn)
                if not turn.granted.done():
                    self.rates.take(turn.chat_id, now)
                    turn.granted.set_result(None)
        self._wait_for_next(now)

    def _wait_for_next(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._turns:
            soonest = min(self.rates.free_at(turn.chat_id) for turn in self._turns)
            self._timer = asyncio.get_running_loop().call_later(max(0.0, soonest - now), self._grant)
