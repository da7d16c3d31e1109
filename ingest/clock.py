"""The machine's clock beside Telegram's: Telethon drops, without a word, what comes from too far in time.

A clock that is 30 s slow or 300 s fast makes an account deaf while it says that it is connected (reference: telethon,
4.4). Every message of the server carries its time in its number, so a wrong clock is seen at once, and said.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from storage.database import Database
from storage.notices import Kind, notify_operators

log = structlog.get_logger()

ALARM_SECONDS = 15.0
"""From here on it may come to the 30 s at which messages are dropped: operators are told."""

FINE_SECONDS = 5.0
"""Below this the alarm is over, and may sound again."""


class ServerClock:
    """How far Telegram's clock is ahead of ours, as its last message said."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._is_alarmed = False
        self.seconds_ahead = 0.0

    def heard(self, message_id: int) -> None:
        """A message of the server has come; its number holds seconds since 1970 in the upper 32 bits."""
        self.seconds_ahead = message_id / 2**32 - self._wall()

    async def check(self, database: Database) -> bool:
        """Tell operators, once, when the clock is wrong. Whether it is."""
        off = abs(self.seconds_ahead)
        if off < FINE_SECONDS:
            self._is_alarmed = False
        if off < ALARM_SECONDS or self._is_alarmed:
            return self._is_alarmed
        log.error("the clock of this machine is wrong", seconds_behind_telegram=round(self.seconds_ahead, 1))
        async with database.begin() as connection:
            await notify_operators(connection, Kind.CLOCK, seconds=round(self.seconds_ahead))
        self._is_alarmed = True
        return True
