"""Waiting that ends early: at a wake-up, and never later than so many seconds."""

from __future__ import annotations

import asyncio


async def until(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, so many seconds at most; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
