"""A machine that slept, and a clock that jumped: both show as wall time that ran without us."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LOOK_EVERY_SECONDS = 1.0
JUMP_SECONDS = 5.0
"""A look that is so late, or a wall clock that moved so much beside the steady one, means suspend or a step of the
clock (reference: telethon, 4.4): whatever was pushed meanwhile is not to be relied on."""


async def watch_wakeups(
    woke_up: Callable[[], None],
    *,
    wall: Callable[[], float] = time.time,
    steady: Callable[[], float] = time.monotonic,
) -> None:
    """Call `woke_up` whenever that has happened; for ever."""
    while True:
        before = wall(), steady()
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        passed, ran = wall() - before[0], steady() - before[1]
        if abs(passed - ran) > JUMP_SECONDS or ran > LOOK_EVERY_SECONDS + JUMP_SECONDS:
            woke_up()
