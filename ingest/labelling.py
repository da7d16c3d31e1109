"""Posts are analysed off the event loop, while the posts before them are being committed."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Callable, Sequence
from importlib import resources
from importlib.resources.abc import Traversable

import structlog

from analysis.labels import label, unlabelled
from analysis.lemmas import signature
from analysis.topic_model import model_version
from ingest.arrivals import Arrival, Labelled, Offered, Ready
from ingest.own_topics import OwnTopics, with_own_topics
from storage.post_values import Post
from storage.posts import LabelledPost

log = structlog.get_logger()

FEW_ENOUGH = 4
LIGHT_ENOUGH = 8_192
"""Up to so many posts, and characters, are analysed at once; more would hold the event loop, and go to a thread."""

Labeller = Callable[[Post], LabelledPost]


async def label_all(items: Sequence[Offered], own: OwnTopics | None = None) -> list[Ready]:
    """The same in the same order, with every post analysed, and given the own topics that are known by now."""
    if len(items) <= FEW_ENOUGH and sum(item.weight for item in items) <= LIGHT_ENOUGH:
        return [_ready(item, own) for item in items]
    return await asyncio.to_thread(lambda: [_ready(item, own) for item in items])


def labelled(post: Post, own: OwnTopics | None = None) -> LabelledPost:
    """The post with what analysis says of it, and the own topics that are known by now."""
    try:
        item = LabelledPost(post, label(post.text))
        if own is not None:
            item = with_own_topics(item, own)
        _ = item.row, item.signature  # made here, where it costs nobody's transaction
    except Exception:
        # Whatever a text does to our analysis, the post itself must not be lost: it is stored and tried again.
        log.exception("analysis failed", channel_id=post.channel_id, message_id=post.message_id)
        return without_labels(post)
    return item


def up_to_date(item: LabelledPost, own: OwnTopics) -> LabelledPost:
    """The post with the own topics of this moment: the very same one, unless they have changed since it was labelled.

    To be asked inside the batch's transaction, after `own.refresh`.
    """
    try:
        return with_own_topics(item, own)
    except Exception:
        log.exception("own topics failed", channel_id=item.post.channel_id, message_id=item.post.message_id)
        return without_labels(item.post)


def without_labels(post: Post) -> LabelledPost:
    """The post as it is stored when nothing can be said of it: a job tries again."""
    return LabelledPost(post, unlabelled())


TERMS_MADE_BY = ("folding.py", "lemmas.py", "text.py", "tokens.py")
LABELS_MADE_BY = (
    *TERMS_MADE_BY, "explaining.py", "held.py", "labels.py", "lanes.py", "language.py", "learned.py", "lexicon.py",
    "manner.py", "taxonomy", "topic_model.py", "topics.py", "word_lists.py",
)  # fmt: skip
"""Files and folders of `analysis` that decide on them."""


def labels_version() -> str:
    """Differs between releases that may label posts differently: rules, word lists, the dictionaries behind them, or a
    plugged-in topic model."""
    return _digest(LABELS_MADE_BY, model_version())


def terms_version() -> str:
    """Differs between releases that may make other terms of a text."""
    return _digest(TERMS_MADE_BY)


@functools.cache
def _digest(names: tuple[str, ...], model: str | None = None) -> str:
    found = hashlib.sha256(signature().encode())
    if model is not None:
        found.update(b"model " + model.encode())
    for name in names:
        for path in _files(resources.files("analysis").joinpath(name)):
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:32]


def _files(path: Traversable) -> list[Traversable]:
    """The files of a folder and those below it, in one order everywhere; of a file, itself."""
    if not path.is_dir():
        return [path]
    inner = sorted((each for each in path.iterdir() if each.name != "__pycache__"), key=lambda each: each.name)
    return [found for each in inner for found in _files(each)]


def _ready(item: Offered, own: OwnTopics | None) -> Ready:
    return Labelled(labelled(item.post, own), item.owe) if isinstance(item, Arrival) else item
