"""Giving back memory: what posts leave between what stays is returned to the system now and then."""

from __future__ import annotations

import asyncio
import ctypes
import datetime as dt
import functools
from collections.abc import Callable

GIVE_BACK_EVERY = dt.timedelta(minutes=1)
"""glibc keeps free pieces in the middle of its heap until it is asked: at 200 posts a second they came to 25 MB an
hour, and after each call the process was as large as after the first (issue 4 wants less than 1 MB an hour)."""


async def give_back_memory() -> None:
    """Do it, beside the event loop: some 50 ms in which only large allocations wait. Nothing where libc cannot."""
    trim = _trim()
    if trim is not None:
        await asyncio.to_thread(trim, 0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    """glibc's malloc_trim; other systems' C libraries have none, and need none."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return None
    return found
