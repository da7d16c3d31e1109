"""Reasons to look at channels now: whatever might have lost a post makes a doubt, and the reconciler settles it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from ingest.waiting import until
from storage.ids import ChannelId


class Doubts:
    """What is to be looked at, gathered until somebody takes it.

    Doubts about one channel, or about all, fall together: one that comes while the last ones are being settled is a
    reason for exactly one more look.
    """

    def __init__(self) -> None:
        self._about: set[ChannelId] = set()
        self._about_all = False
        self._raised = asyncio.Event()
        self.elsewhere = asyncio.Event()
        """A lost channel was spoken of (see `Listener.heard_of`): it may be back."""
        self.causes: Counter[str] = Counter()
        """How often each cause has raised one, since the beginning."""

    def raise_about(self, channel_id: ChannelId | None, cause: str) -> None:
        """A channel, or (None) every channel, may have lost something."""
        self.causes[cause] += 1
        if channel_id is None:
            self._about_all = True
        else:
            self._about.add(channel_id)
        self._raised.set()

    def raise_about_each(self, channel_ids: Iterable[ChannelId], cause: str) -> None:
        """The same of several channels."""
        for channel_id in channel_ids:
            self.raise_about(channel_id, cause)

    async def wait(self, seconds: float) -> None:
        """Return when there is a doubt, or after so many seconds."""
        await until(self._raised, seconds)

    def take(self) -> set[ChannelId] | None:
        """The channels in doubt, which are so no more; None for all of them."""
        taken = None if self._about_all else self._about
        self._about, self._about_all = set(), False
        self._raised.clear()
        return taken
