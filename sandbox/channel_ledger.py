"""The ledger of the box's channels: what was published and what was deleted, kept whatever happens later."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """A line of the ledger: what was published, kept even when the post is edited or deleted later.

    `published_at` is the wall clock at that moment (a post may claim another date), `monotonic` its seconds.
    """

    channel_id: int
    message_id: int
    text: str
    grouped_id: int | None
    published_at: dt.datetime
    monotonic: float


@dataclass(frozen=True, slots=True)
class Deleted:
    """A line of the other half: when a message (a service message too) was deleted, by both clocks."""

    channel_id: int
    message_id: int
    deleted_at: dt.datetime
    monotonic: float
