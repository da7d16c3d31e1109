"""What forgetting is held to: whether a post stays, told without a database."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from storage.keeping import Keeping


class Lasting(Protocol):
    """What is kept for a while: a post, whether stored or at the door."""

    @property
    def posted_at(self) -> dt.datetime:
        """When the channel published it."""

    @property
    def seen_at(self) -> dt.datetime:
        """When it came to us."""

    @property
    def expires_at(self) -> dt.datetime | None:
        """When the channel's own time to live ends for it; None where there is none."""


def is_kept(post: Lasting, keeping: Keeping, now: dt.datetime) -> bool:
    """Whether a post stays, the disk budget aside: what forgetting does (`ingest.forgetting`)."""
    oldest_at = keeping.oldest_at(now)
    is_young = oldest_at is None or max(post.posted_at, post.seen_at) >= oldest_at
    return is_young and (post.expires_at is None or post.expires_at > now)
