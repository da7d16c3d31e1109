"""How long posts are kept. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

FORGOTTEN_CONTENT = b""
"""The `content_hash` of a deleted post whose text was forgotten: no copy of it, however new, brings the text back."""


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
