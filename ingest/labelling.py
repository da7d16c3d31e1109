"""Posts are analysed off the event loop, while the posts before them are being committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from analysis.labels import label, unlabelled
from ingest.arrivals import Arrival, Labelled, Offered, Ready
from storage.post_values import Post
from storage.posts import LabelledPost

log = structlog.get_logger()

FEW_ENOUGH = 4
LIGHT_ENOUGH = 8_192
"""Up to so many posts, and characters, are analysed at once; more would hold the event loop, and go to a thread."""

Labeller = Callable[[Post], LabelledPost]


async def label_all(items: Sequence[Offered]) -> list[Ready]:
    """The same in the same order, with every post analysed."""
    if len(items) <= FEW_ENOUGH and sum(item.weight for item in items) <= LIGHT_ENOUGH:
        return [_ready(item) for item in items]
    return await asyncio.to_thread(lambda: [_ready(item) for item in items])


def labelled(post: Post) -> LabelledPost:
    """The post with what analysis says of it."""
    try:
        item = LabelledPost(post, label(post.text))
        _ = item.row, item.signature  # made here, where it costs nobody's transaction
    except Exception:
        # Whatever a text does to our analysis, the post itself must not be lost: it is stored and tried again.
        log.exception("analysis failed", channel_id=post.channel_id, message_id=post.message_id)
        return without_labels(post)
    return item


def without_labels(post: Post) -> LabelledPost:
    """The post as it is stored when nothing can be said of it: a job tries again."""
    return LabelledPost(post, unlabelled())


def _ready(item: Offered) -> Ready:
    return Labelled(labelled(item.post), item.owe) if isinstance(item, Arrival) else item
