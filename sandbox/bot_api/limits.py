"""Telegram's rates: so many messages a second over all, so many a chat, and bans that grow when they are ignored.

Source of the figures: Bot API FAQ ("about 30 messages a second", "one message a second in a chat", "20 messages a
minute to one group"); that short bursts pass and that ignoring a 429 makes it worse is reported, sizes are ours.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.bot_api.errors import TooManyRequests
from sandbox.chat_records import Chat

if TYPE_CHECKING:
    from sandbox.world import Clock


@dataclass(frozen=True, slots=True)
class Limits:
    """How strict the server is. Edits count as messages do."""

    per_second: int = 30
    chat_per_second: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20
    penalty_growth: float = 2.0
    """Each request inside a ban starts a ban this many times as long."""
    longest_ban: float = 300.0
    """Seconds."""
    grace: float = 0.5
    """Seconds after a ban begins in which requests may still be under way: refused, but not held against the bot."""
    clock: Clock | None = None
    """What seconds and minutes are measured with, say `SpedClock(5)`; None is the world's clock."""

    @classmethod
    def none(cls) -> Limits:
        """No limits, for tests of something else."""
        return cls(per_second=10**9, chat_per_second=1e9, chat_burst=10**9, group_per_minute=10**9)


@dataclass(slots=True)
class _Ban:
    began: float
    until: float
    seconds: float


@dataclass(slots=True)
class _ChatUse:
    """Tokens of the bucket at a moment, and when the last minute's messages were sent."""

    tokens: float
    counted_at: float
    minute: deque[float] = field(default_factory=deque)


class Limiter:
    """Admits messages or refuses them with 429, on the monotonic clock of the limits, else of the world."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self._clock = limits.clock or clock
        self._second: deque[float] = deque()
        self._uses: dict[int, _ChatUse] = {}
        self._bans: dict[int | None, _Ban] = {}
        self.inside_bans = 0
        """Requests that came inside a ban window, after its grace."""

    def admit(self, chat: Chat, messages: int = 1) -> None:
        """Count the messages, or raise TooManyRequests; an album counts as its parts."""
        now = self._clock.monotonic()
        for scope in (None, chat.id):
            self._respect_ban(scope, now)
        use = self._use(chat.id, now)
        self._forget_old(use, now)
        if len(self._second) + messages > self.limits.per_second:
            self._refuse(None, now, self._second[0] + 1 - now if self._second else 1)
        if use.tokens < min(messages, self.limits.chat_burst):
            missing = min(messages, self.limits.chat_burst) - use.tokens
            self._refuse(chat.id, now, missing / self.limits.chat_per_second)
        if chat.kind != "private" and len(use.minute) + messages > self.limits.group_per_minute:
            self._refuse(chat.id, now, use.minute[0] + 60 - now if use.minute else 60)
        use.tokens -= messages
        self._second.extend([now] * messages)
        use.minute.extend([now] * messages)

    def ban(self, chat_id: int | None, seconds: float) -> None:
        """Begin a ban of one chat, or of the whole bot (None)."""
        now = self._clock.monotonic()
        self._bans[chat_id] = _Ban(now, now + seconds, seconds)

    def _respect_ban(self, scope: int | None, now: float) -> None:
        ban = self._bans.get(scope)
        if ban is None:
            return
        if now >= ban.until:
            del self._bans[scope]
            return
        if now >= ban.began + self.limits.grace:
            self.inside_bans += 1
            seconds = min(ban.seconds * self.limits.penalty_growth, self.limits.longest_ban)
            self._bans[scope] = ban = _Ban(now, max(ban.until, now + seconds), seconds)
        raise TooManyRequests(_whole_seconds(ban.until - now))

    def _refuse(self, scope: int | None, now: float, seconds: float) -> None:
        whole = _whole_seconds(seconds)
        self._bans[scope] = _Ban(now, now + whole, whole)
        raise TooManyRequests(whole)

    def _use(self, chat_id: int, now: float) -> _ChatUse:
        burst = self.limits.chat_burst
        use = self._uses.setdefault(chat_id, _ChatUse(burst, now))
        use.tokens = min(burst, use.tokens + (now - use.counted_at) * self.limits.chat_per_second)
        use.counted_at = now
        return use

    def _forget_old(self, use: _ChatUse, now: float) -> None:
        while self._second and now - self._second[0] >= 1:
            self._second.popleft()
        while use.minute and now - use.minute[0] >= 60:
            use.minute.popleft()


def _whole_seconds(seconds: float) -> int:
    """retry_after is whole seconds, at least one; a hair of floating point over a whole one is not another."""
    return max(1, math.ceil(seconds - 1e-6))
