"""What every program counts of itself, for Prometheus. Words, queries, and numbers of channels or people are no labels.

The counters belong to the process. What the database knows (lag, holes, the queue) is read when somebody asks:
`storage.figures`. docs/metrics.md explains each, with a rule for an alert.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector

REGISTRY = CollectorRegistry()
"""Ours alone: what a library registers by itself stays out."""

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

POSTS = Counter("channelwatch_posts_stored", "Posts stored, by the way they came.", ["way"], registry=REGISTRY)

POST_DELAY = Histogram(
    "channelwatch_post_delay_seconds",
    "From a post's publication to its commit, of posts of watched channels.",
    buckets=(0.5, 1, 2, 5, 15, 60, 300, 900, 3600),
    registry=REGISTRY,
)

FLOOD_WAITS = Counter(
    "channelwatch_flood_waits", "Telegram said to leave a method alone.", ["method"], registry=REGISTRY
)

FLOOD_WAIT_SECONDS = Counter(
    "channelwatch_flood_wait_seconds", "For how long Telegram said so, in all.", ["method"], registry=REGISTRY
)

SENDS = Counter("channelwatch_sends", "How sends of what is owed ended.", ["kind", "outcome"], registry=REGISTRY)

ALERT_DELAY = Histogram(
    "channelwatch_alert_delay_seconds",
    "From owing an alert to Telegram's acceptance.",
    buckets=(0.25, 0.5, 1, 2, 5, 15, 60, 300, 1800, 21_600),
    registry=REGISTRY,
)

BURSTS = Counter("channelwatch_bursts_opened", "Bursts that were found.", ["kind"], registry=REGISTRY)

LIVE = frozenset({"push", "reconcile"})
"""Ways of posts whose delay says something of us."""


def note_stored(posts: Iterable[tuple[str, dt.datetime]]) -> None:
    """New posts are committed: the way of each (`Post.found_by`), and when it was published."""
    now = dt.datetime.now(dt.UTC)
    for way, posted_at in posts:
        POSTS.labels(way).inc()
        if way in LIVE:
            POST_DELAY.observe((now - posted_at).total_seconds())


def note_flood_wait(method: str, wait: dt.timedelta) -> None:
    """Telegram wants a method to be left alone; `method`: its name, such as GetHistory."""
    FLOOD_WAITS.labels(method).inc()
    FLOOD_WAIT_SECONDS.labels(method).inc(wait.total_seconds())


def note_send(kind: str, outcome: str, owed_at: dt.datetime) -> None:
    """A send has ended; `outcome`: sent, or what its error means (`bot.errors.Action`)."""
    SENDS.labels(kind, outcome).inc()
    if kind == "alert" and outcome == "sent":
        ALERT_DELAY.observe((dt.datetime.now(dt.UTC) - owed_at).total_seconds())
