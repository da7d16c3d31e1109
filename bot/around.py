"""Limiters around a limiter: each does one thing to the library's requests and hands them on (`bot.application`)."""

from __future__ import annotations

from telegram.ext import BaseRateLimiter


class Around(BaseRateLimiter[bool]):
    """Has nothing of its own to prepare or to clear: that is the business of the limiter inside."""

    def __init__(self, inner: BaseRateLimiter[bool]) -> None:
        self.inner = inner

    async def initialize(self) -> None:
        """Prepare the limiter inside."""
        await self.inner.initialize()

    async def shutdown(self) -> None:
        """Clear the limiter inside."""
        await self.inner.shutdown()
