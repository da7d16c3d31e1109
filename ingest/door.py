"""The pipeline's door, as those see it who can wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from ingest.arrivals import Noted
from storage.ids import ChannelId, MessageId
from storage.post_values import Post


class Door(Protocol):
    """`ingest.pipeline.Pipeline`, whose `run` is somebody else's to start. Each waits while the buffer is full."""

    async def offer(self, post: Post, *, owe: bool = True) -> None:
        """Take a post; one that owes nothing is stored as backfill."""

    async def offer_deletion(
        self, channel_id: ChannelId, message_ids: Sequence[MessageId], deleted_at: dt.datetime
    ) -> None:
        """Take the news that a channel deleted messages."""

    async def note(self, noted: Noted) -> None:
        """Account for ids that are no posts."""

    async def caught_up(self) -> None:
        """Wait until everything offered before is committed."""
