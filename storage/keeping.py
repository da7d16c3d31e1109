"""How long posts are kept, and whether one is. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

FORGOTTEN_CONTENT = b""
"""The `content_hash` of a deleted post whose text was forgotten: no copy of it, however new, brings the text back."""


class Lasting(Protocol):
    """What is kept for a while: a post, whether stored or at the door."""

    @property
    def posted_at(self) -> dt.datetime:
        """When the channel published it."""

    @property
    def expires_at(self) -> dt.datetime | None:
        """When the channel's own time to live ends for it; None where there is none."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the operator wants kept."""

    posts: dt.timedelta | None = dt.timedelta(days=365)
    """The age at which a post goes, by the time it was published. None: they are kept for ever."""
    since_at: dt.datetime | None = None
    """Posts from before it are not kept: how far back the disk budget reaches (`storage.disk_usage.reach`)."""
    disk_budget_mib: int | None = None
    """MiB (2**20 bytes) that the database may fill, its write-ahead log not counted. None: as much as there is."""
    deleted_texts: bool = True
    """Whether what a deleted post said is kept as long as other posts are. False: it is forgotten at once."""
    records: dt.timedelta = dt.timedelta(days=30)
    """The age at which settled deliveries, notices for operators, and where finished replays stood are forgotten."""

    @property
    def disk_budget(self) -> int | None:
        """The budget in bytes."""
        return None if self.disk_budget_mib is None else self.disk_budget_mib * 2**20

    def oldest_at(self, now: dt.datetime) -> dt.datetime | None:
        """Posts from before that moment are not kept; None: all are."""
        bounds = [*([] if self.posts is None else [now - self.posts]), *([self.since_at] if self.since_at else [])]
        return max(bounds, default=None)


def is_kept(post: Lasting, keeping: Keeping, now: dt.datetime) -> bool:
    """Whether a post is stored, and stays: asked at the door, and what forgetting does (`ingest.forgetting`)."""
    oldest_at = keeping.oldest_at(now)
    is_young = oldest_at is None or post.posted_at >= oldest_at
    return is_young and (post.expires_at is None or post.expires_at > now)
