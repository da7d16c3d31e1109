"""Stored posts are labelled anew in the background: by a new release's topics, and by own topics that come and go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import structlog

from analysis.labels import Labels, label
from analysis.taxonomy import TOPICS
from analysis.text import analyse
from ingest.labelling import labels_version, terms_version
from ingest.own_topics import OwnTopics, with_own_topics
from storage import relabelling
from storage.database import Connection, Database, DatabaseAway, StatementRefused
from storage.posts import LabelledPost
from storage.relabelling import Goal, Relabelling, Stored

log = structlog.get_logger()

PAGE = 25
"""Posts in one transaction: some milliseconds of locks, for which a batch may have to wait."""

REST = 4.0
"""How many times as long as a page took everybody else has processor and database to themselves: a share of 20 %."""

SHORTEST_REST = 0.05

LOOK_EVERY_SECONDS = 10.0
"""How soon a new own topic is noticed here; batches know it at once."""

TROUBLE_SECONDS = 30.0

Pause = Callable[[float], Awaitable[None]]


class Step(NamedTuple):
    """What one step found: whether there is more to do, and whether it waits for others before it can."""

    has_more: bool
    is_waiting: bool = False


class Relabeller:
    """Labels stored posts anew, newest first, a page a transaction. It may be killed anywhere, and goes on there.

    Several processes may run it: each page is noted by one of them only. `version` is of the labels that this release
    makes. Once another release has begun its own, this one stands aside, so that two do not undo each other's labels.
    """

    def __init__(self, database: Database, *, page: int = PAGE, version: str | None = None) -> None:
        self._database = database
        self._page = page
        self._own = OwnTopics()
        self._version = labels_version() if version is None else version
        self._has_aimed = False

    async def run(self, pause: Pause = asyncio.sleep) -> None:
        """For ever, at a gentle share. What fails is tried again later: posts are stored and matched without it."""
        while True:
            began = time.monotonic()
            try:
                step = await self.step()
            except (DatabaseAway, StatementRefused) as error:
                log.warning("relabelling stopped for a while", reason=str(error))
                await pause(TROUBLE_SECONDS)
                continue
            took = time.monotonic() - began
            if not step.has_more:
                await pause(LOOK_EVERY_SECONDS)
            else:
                await pause(1.0 if step.is_waiting else max(REST * took, SHORTEST_REST))

    async def step(self) -> Step:
        """One page, if there is anything to do. Raises DatabaseAway or StatementRefused; nothing is done then."""
        async with self._database.begin() as connection:
            current = await self._aimed(connection)
            if current is None or current.is_done:
                return Step(has_more=False)
            if current.next_id is None:
                return Step(has_more=True, is_waiting=not await relabelling.begin(connection))
            page, next_id = await relabelling.next_posts(connection, current.next_id, self._page)
        labelled = await asyncio.to_thread(self._label_all, page, current)
        async with self._database.begin() as connection:
            changed = await relabelling.write(connection, labelled, with_terms=current.with_terms)
            if not await relabelling.note_progress(connection, current, next_id, len(page), len(changed)):
                # Another process has done this page, or what is to be done has changed since: labels are never wrong
                # for long, for whoever asked for others begins at the top.
                return Step(has_more=True)
        if next_id == 0:
            log.info("posts labelled anew", posts=current.posts + len(page), changed=current.changed + len(changed))
        return Step(has_more=next_id != 0)

    async def _aimed(self, connection: Connection) -> Relabelling | None:
        """What is to be done; None when that is for another release to say."""
        current = await relabelling.read(connection)
        is_mine = current is not None and current.goal.labels_version in ("", self._version)
        if self._has_aimed and not is_mine:
            return None
        await self._own.refresh(connection)
        goal = Goal(self._version, terms_version(), self._own.known.version)
        if current is None or current.goal != goal:
            await relabelling.aim(connection, goal)
            current = await relabelling.read(connection)
        self._has_aimed = True
        return current

    def _label_all(self, page: Sequence[Stored], current: Relabelling) -> list[tuple[Stored, Labels]]:
        found = []
        for stored in page:
            try:
                found.append((stored, self._label(stored, is_whole=current.is_whole)))
            except Exception:  # whatever a text does to our analysis: its labels stay as they are
                log.exception("analysis failed", channel_id=stored.post.channel_id, message_id=stored.post.message_id)
        return found

    def _label(self, stored: Stored, *, is_whole: bool) -> Labels:
        """The labels that a post should have: all of them made anew, or what it has with the own topics of now."""
        if is_whole:
            labels = label(stored.post.text)
        else:
            builtin = tuple(topic for topic in stored.topics if topic.code in TOPICS)
            labels = Labels(analyse(stored.post.text), stored.language, builtin)
        return with_own_topics(LabelledPost(stored.post, labels), self._own).labels
