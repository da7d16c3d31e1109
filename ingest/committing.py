"""One batch in one transaction: stored, labelled again where it must be, matched, owed, accounted for."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.stories import MOST_POSTS
from config.metrics import note_stored
from ingest.arrivals import Deletion, Labelled, Noted, Ready, channel_of, steps
from ingest.labelling import Labeller, labelled, up_to_date
from ingest.own_topics import OwnTopics
from ingest.stages import Stages
from ingest.standing_queries import REFILE_QUERIES, SAMPLE, StandingQueries
from ingest.story_desk import Report, StoryDesk
from ingest.webhook_queries import WebhookQueries
from storage.completeness import (
    advance_watermarks,
    note_missing,
    note_service,
    published_before_monitoring,
)
from storage.database import Connection, Database, prefer_indexes
from storage.definitions import read_counters
from storage.deliveries import Owed, owe_alerts
from storage.forgetting import forget_texts
from storage.ids import PostId, SubscriptionId
from storage.post_store import store_posts
from storage.post_values import Post
from storage.post_versions import StoredVersion, completed, stored_versions
from storage.posts import LabelledPost, Outcome, mark_deleted
from storage.webhook_deliveries import OwedToWebhook, owe_webhooks

AT_ONCE_SECONDS = 0.005
"""Matching goes on for so long before the event loop turns: the server's answers are read meanwhile."""


@dataclass(slots=True)
class Settled:
    """What became of the posts offered since the last count."""

    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    owed: int = 0

    def add(self, other: Settled) -> None:
        """Count these too."""
        for field in self.__slots__:
            setattr(self, field, getattr(self, field) + getattr(other, field))


@dataclass(frozen=True, slots=True)
class Done:
    """A post that this transaction has stored or changed. `matching`: who asks for it, if that was asked already."""

    post_id: PostId
    item: LabelledPost
    before: StoredVersion | None
    outcome: Outcome
    owes: bool
    matching: set[SubscriptionId] | None


class Committing:
    """Commits batches of what came to the pipeline's door, against the standing queries of the moment."""

    def __init__(
        self,
        database: Database,
        stages: Stages,
        *,
        keeps_deleted_texts: bool = True,
        story_posts: int = MOST_POSTS,
    ) -> None:
        self._database = database
        self._keeps_deleted_texts = keeps_deleted_texts
        self._stages = stages
        self._standing = StandingQueries()
        self._webhooks = WebhookQueries()
        self._filed_anew: StandingQueries | None = None
        self._desk = StoryDesk(story_posts)
        self.own = OwnTopics()

    async def commit(self, batch: Sequence[Ready], labeller: Labeller) -> Settled:
        """One batch. Raises DatabaseAway (the whole batch may go again) or StatementRefused; nothing is done then."""
        while (count := await self._try_to_commit(batch, labeller)) is None:
            self._standing = await StandingQueries.read(self._database)
        return count

    async def refile(self, *, is_old: bool) -> bool:
        """Words become rare or common with the news: read the subscriptions anew, if there are many. Whether it did.

        Also as soon as posts can tell which are: those that were read on an empty database are filed blindly.
        """
        if self._filed_anew is not None:
            return False
        is_blind = self._standing.sampled < SAMPLE // 2 and self._stages.posts >= SAMPLE
        if len(self._standing) < REFILE_QUERIES or not (is_old or is_blind):
            return is_old
        self._filed_anew = await StandingQueries.read(self._database, beside_posts=True)
        return True

    async def _try_to_commit(self, batch: Sequence[Ready], labeller: Labeller) -> Settled | None:
        """One transaction; None, and nothing done, when subscriptions must be read first."""
        if self._filed_anew is not None:  # only here: all of a transaction asks the one that it has refreshed
            self._standing, self._filed_anew = self._filed_anew, None
        await self._desk.read(self._database)
        count = Settled()
        try:
            async with self._database.begin() as connection:
                await prefer_indexes(connection)
                counters = await read_counters(connection)
                if not await self._standing.refresh(connection, counters.subscriptions):
                    return None
                await self._webhooks.refresh(connection, counters.subscriptions)
                await self.own.refresh(connection, counters.definitions)
                done: list[Done] = []
                forgotten: set[PostId] = set()
                for step in steps(batch):
                    if isinstance(step, list):
                        done += await self._store(connection, step, labeller, count)
                    else:
                        forgotten |= await self._account_for(connection, step)
                # After everything that locks posts: whoever has the stories' lock waits for nobody's posts.
                with self._stages.timed("stories"):
                    await self._desk.join(connection, _reports(done, forgotten))
                with self._stages.timed("owing"):
                    count.owed += await owe_alerts(connection, self._owed(done))
                    await owe_webhooks(connection, self._owed_to_webhooks(done))
                await advance_watermarks(connection, {channel_of(item) for item in batch})
                ended = time.perf_counter()
        except BaseException:
            self._desk.rolled_back()
            raise
        self._desk.committed()
        note_stored((each.item.post.found_by, each.item.post.posted_at) for each in done if each.outcome is Outcome.NEW)
        self._stages.commit += time.perf_counter() - ended
        return count

    async def _account_for(self, connection: Connection, step: Deletion | Noted) -> set[PostId]:
        """Note what ids are that are no posts (any more). The posts whose texts are not kept."""
        if isinstance(step, Deletion):
            deleted = await mark_deleted(connection, step.channel_id, step.message_ids, step.deleted_at)
            if self._keeps_deleted_texts:
                return set()
            await forget_texts(connection, deleted)
            return set(deleted)
        if step.service:
            await note_service(connection, step.channel_id, step.service)
        if step.missing:
            await note_missing(connection, step.channel_id, step.missing, may_be_gone=step.is_by_number)
        return set()

    async def _store(
        self, connection: Connection, step: Sequence[Labelled], labeller: Labeller, count: Settled
    ) -> list[Done]:
        with self._stages.timed("storing"):
            stored = await stored_versions(connection, [arrival.item.post for arrival in step])
        twin = _first_twin(stored)
        if twin:  # two parts of one album came as posts of their own: the second builds on the first
            done = await self._store(connection, step[:twin], labeller, count)
            return done + await self._store(connection, step[twin:], labeller, count)
        step, stored = await _without_older(connection, step, stored, count)
        whole = [_completed(arrival.item, before, labeller) for arrival, before in zip(step, stored, strict=True)]
        items = [up_to_date(item, self.own) for item in whole]
        fresh = [item for item, arrival, before in zip(items, step, stored, strict=True) if arrival.owe and not before]
        outcomes, matching = await self._match_meanwhile(store_posts(connection, items, stored), fresh)
        done = []
        for arrival, item, before, (post_id, outcome) in zip(step, items, stored, outcomes, strict=True):
            count.stored += outcome is Outcome.NEW
            count.updated += outcome is Outcome.EDITED
            count.unchanged += outcome is Outcome.UNCHANGED
            if outcome is not Outcome.UNCHANGED:
                done.append(Done(post_id, item, before, outcome, arrival.owe, matching.get(id(item))))
        return done

    async def _match_meanwhile(
        self, storing: Coroutine[Any, Any, list[tuple[PostId, Outcome]]], items: Sequence[LabelledPost]
    ) -> tuple[list[tuple[PostId, Outcome]], dict[int, set[SubscriptionId]]]:
        """Store while the server is busy with it, match: the outcomes, and by id(item) who asks for each.

        Matching holds the event loop AT_ONCE_SECONDS at a time; in a thread it would win nothing, for the other thread
        that labels and this one share the interpreter's lock.
        """
        began, matched = time.perf_counter(), 0.0
        task = asyncio.create_task(storing)
        try:
            matching: dict[int, set[SubscriptionId]] = {}
            left = iter(items)
            while len(matching) < len(items):
                await asyncio.sleep(0)
                turn = now = time.perf_counter()
                while now - turn < AT_ONCE_SECONDS and (item := next(left, None)):
                    matching[id(item)] = self._asking(item)
                    now = time.perf_counter()
                matched += now - turn
            outcomes = await task
        finally:
            if not task.done():  # whatever ended us, the connection must be idle before its transaction ends
                task.cancel()
                await asyncio.wait([task])
        self._stages.matching += matched
        self._stages.storing += time.perf_counter() - began - matched
        return outcomes, matching

    def _asking(self, item: LabelledPost) -> set[SubscriptionId]:
        """The subscriptions that ask for such a post in a channel that is in the sets that it is in now."""
        return self._standing.matching(self.own.fields_of(item))

    def _owed(self, done: Sequence[Done]) -> list[Owed]:
        """A new post owes all who ask for it; an edited one only those whose queries did not hold before the edit."""
        owed: list[Owed] = []
        for each in done:
            if not each.owes:
                continue
            matching = self._asking(each.item) if each.matching is None else each.matching
            if each.before is not None and not each.before.is_unlabelled and matching:
                matching = matching - self._asking(labelled(each.before.post, self.own))
            owed += self._standing.owed_by(each.post_id, matching, is_late=_is_late(each.item.post))
        return owed

    def _owed_to_webhooks(self, done: Sequence[Done]) -> list[OwedToWebhook]:
        """The same for the queries of webhooks."""
        owed: list[OwedToWebhook] = []
        for each in done if self._webhooks else ():
            if not each.owes:
                continue
            before = each.before if each.before is not None and not each.before.is_unlabelled else None
            fields_before = self.own.fields_of(labelled(before.post, self.own)) if before else None
            found = self._webhooks.matching(self.own.fields_of(each.item), fields_before)
            owed += [OwedToWebhook(number, each.post_id, _is_late(each.item.post)) for number in found]
        return owed


def _reports(done: Sequence[Done], forgotten: Collection[PostId]) -> list[Report]:
    """What the story desk is told: each post once, by its last words; none that is not analysed, or not kept."""
    last = {each.post_id: each.item for each in done if not each.item.labels.failed and each.post_id not in forgotten}
    return [Report(post_id, item.post, item.signature) for post_id, item in last.items()]


WATCHED = frozenset({"push", "reconcile"})
"""`Post.found_by` of what comes from watching a channel; archives, backfills and pages bring old posts on purpose."""


async def _without_older(
    connection: Connection, step: Sequence[Labelled], stored: Sequence[StoredVersion | None], count: Settled
) -> tuple[list[Labelled], list[StoredVersion | None]]:
    """Leave out what was published before its channel was watched: somebody has reacted to it, and that is no news."""
    fresh = [
        place
        for place, (arrival, before) in enumerate(zip(step, stored, strict=True))
        if before is None and arrival.item.post.found_by in WATCHED
    ]
    posts = [step[place].item.post for place in fresh]
    older = await published_before_monitoring(connection, [(post.channel_id, post.message_id) for post in posts])
    left_out = {fresh[place] for place in older}
    count.unchanged += len(left_out)
    kept = [place for place in range(len(step)) if place not in left_out]
    return [step[place] for place in kept], [stored[place] for place in kept]


LATE = dt.timedelta(minutes=15)
"""Posts that are first seen later than this reach a subscriber together, as one message (issue 4)."""


def _is_late(post: Post) -> bool:
    """Whether a post, or its edit, was found long after it was made. What an archive brings is not late, but old."""
    return post.found_by != "replay" and post.seen_at - (post.edited_at or post.posted_at) > LATE


def _completed(item: LabelledPost, before: StoredVersion | None, labeller: Labeller) -> LabelledPost:
    """A part of an album that is stored already becomes the whole album, and is labelled by all it says."""
    whole = completed(item.post, before)
    return item if whole is item.post else labeller(whole)


def _first_twin(stored: Sequence[StoredVersion | None]) -> int:
    """The first place whose post is that of an earlier one; 0 when there is none."""
    seen: set[PostId] = set()
    for place, version in enumerate(stored):
        if version is not None and version.id in seen:
            return place
        if version is not None:
            seen.add(version.id)
    return 0
