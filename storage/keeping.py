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
    def seen_at(self) -> dt.datetime:
        """When it came to us."""

    @property
    def expires_at(self) -> dt.datetime | None:
        """When the channel's own time to live ends for it; None where there is none."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the operator wants kept."""

    posts: dt.timedelta | None = dt.timedelta(days=365)
    """How long a post is kept, from when it came. None: for ever.

    From when it came, not from when it was published: who brings an archive of years wants to have it for a while."""
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
        """Posts that came before that moment are not kept; None: all are."""
        return None if self.posts is None else now - self.posts


def is_kept(post: Lasting, keeping: Keeping, now: dt.datetime) -> bool:
    """Whether a post stays, the disk budget aside: what forgetting does (`ingest.forgetting`)."""
    oldest_at = keeping.oldest_at(now)
    is_young = oldest_at is None or max(post.posted_at, post.seen_at) >= oldest_at
    return is_young and (post.expires_at is None or post.expires_at > now)
