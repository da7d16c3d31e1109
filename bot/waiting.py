"""Waiting that ends early: at a wake-up, or when told to stop, and never later than so many seconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable


async def until(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, so many seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def act_whenever(
    wakeups: AsyncIterator[object], every: float, act: Callable[[], Awaitable[None]], stop: asyncio.Event
) -> None:
    """Act now, at each wake-up, and after so many seconds without one (they are only hints), until `stop` is set."""
    woken = asyncio.Event()
    helpers = [asyncio.create_task(_wake_at_each(wakeups, woken)), asyncio.create_task(wake_at(stop, woken))]
    try:
        while not stop.is_set():
            woken.clear()
            await act()
            await until(woken, every)
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)


async def wake_at(stop: asyncio.Event, woken: asyncio.Event) -> None:
    """Wake who waits for something else, when it is time to stop."""
    await stop.wait()
    woken.set()


async def _wake_at_each(wakeups: AsyncIterator[object], woken: asyncio.Event) -> None:
    async for _ in wakeups:
        woken.set()
