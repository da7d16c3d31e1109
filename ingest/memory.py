"""Memory that stays as large as what is held: glibc's allocator, told how a program that runs for months wants it.

Measured at 200 posts a second (issue 4 wants less than 1 MB an hour): as glibc is set by default the process grew by
25 MB an hour, none of it ours. What posts leave between what stays is kept for later, once in every thread's own heap.
"""

from __future__ import annotations

import asyncio
import ctypes
import datetime as dt
import functools
from typing import Any

GIVE_BACK_EVERY = dt.timedelta(minutes=1)
"""How often free pieces in the middle of the heap go back to the system: glibc keeps them until it is asked."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""What can be set, as malloc.h numbers it."""

SETTINGS = {M_ARENA_MAX: 1, M_MMAP_THRESHOLD: 128 * 1024, M_TRIM_THRESHOLD: 128 * 1024}
"""One heap for all threads, of which only one runs Python at a time. And the thresholds (bytes) that glibc begins
with, kept: by itself it raises them up to 32 MiB once large buffers come and go, which then lie among the small."""


def keep_memory_together() -> None:
    """Set the allocator, before other threads begin. Nothing where libc cannot."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        for what, value in SETTINGS.items():
            mallopt(what, value)


async def give_back_memory() -> None:
    """Do it, beside the event loop: some 50 ms in which only large allocations wait. Nothing where libc cannot."""
    trim = _function("malloc_trim")
    if trim is not None:
        await asyncio.to_thread(trim, 0)


@functools.cache
def _function(name: str) -> Any:
    """One of glibc's own; other systems' C libraries have none, and need none."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):
        return None
