"""Posts are read again: for edits and deletions that nobody pushed, and for views, forwards and reactions.

Young posts often, old ones rarely. No view is ever added by it: messages are read by id, as a client does that shows
none of them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field

import structlog
from telethon import errors

from ingest.asking import MethodClosed, ServerTrouble
from ingest.client import NoAnswer
from ingest.door import Door
from ingest.fetching import AT_ONCE, Fetched, Fetching
from ingest.watched import Watched, watched_channels
from storage import rereads
from storage.completeness import SECOND_LOOK_AFTER
from storage.database import Database, DatabaseAway
from storage.ids import AccountId, MessageId
from storage.rereads import MOST_AT_ONCE

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Age:
    """Posts are read again when they are so old; those that become so within `every` go together."""

    old: dt.timedelta
    every: dt.timedelta


SCHEDULE = (
    Age(dt.timedelta(minutes=5), dt.timedelta(minutes=1)),
    Age(dt.timedelta(minutes=30), dt.timedelta(minutes=5)),
    Age(dt.timedelta(hours=2), dt.timedelta(minutes=15)),
    Age(dt.timedelta(hours=6), dt.timedelta(minutes=30)),
    Age(dt.timedelta(days=1), dt.timedelta(hours=2)),
    Age(dt.timedelta(days=3), dt.timedelta(hours=6)),
    Age(dt.timedelta(days=7), dt.timedelta(hours=12)),
)
"""Most edits come within minutes; seven readings cost some 0.1 requests a post, since a channel's posts of one stretch
go in hundreds."""

PAUSE_SECONDS = 2.0

MOST_PASSES = 5
"""Some minutes, for which posts that reach the same age meanwhile wait."""

LONGEST_BACK = dt.timedelta(days=3)
"""An account that was idle for longer reads again what it missed in these days only."""


@dataclass(slots=True)
class _Round:
    """One reading of what has reached an age: what is left of it."""

    until: dt.datetime
    due: list[tuple[Watched, list[MessageId]]]
    is_part: bool = False
    """More have reached the age: they are the next round's."""
    missing: list[tuple[Watched, list[MessageId]]] = field(default_factory=list)
    troubles: int = 0
    """Times in a row that Telegram could not answer."""

    def puts_off(self) -> bool:
        """Telegram cannot answer about the first of `due`: it comes behind the others. False when none is left to try
        for now; when that was so MOST_PASSES times in a row, what is due is left to the next age.
        """
        self.troubles += 1
        self.due.append(self.due.pop(0))
        if self.troubles < MOST_PASSES * len(self.due):
            return self.troubles % len(self.due) > 0
        log.warning("posts are not read again at this age", requests=len(self.due))
        self.due.clear()
        return True


class Rereading:
    """Reads posts again until cancelled."""

    def __init__(
        self,
        database: Database,
        account_id: AccountId,
        fetching: Fetching,
        door: Door,
        *,
        clock: Callable[[], dt.datetime],
        schedule: Sequence[Age] = SCHEDULE,
        second_look_after: dt.timedelta = SECOND_LOOK_AFTER,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:
        self._database = database
        self._account_id = account_id
        self._fetching = fetching
        self._door = door
        self._clock = clock
        self._schedule = schedule
        self._second_look_after = second_look_after.total_seconds()
        self._most_at_once = most_at_once
        self._rounds: dict[dt.timedelta, _Round] = {}

    async def run(self) -> None:
        """For ever. Raises ConnectionError and what stands against the account."""
        shortest = min(age.every for age in self._schedule)
        while True:
            is_behind = False
            for age in self._schedule:  # a round of each: old posts never hold up young ones for long
                is_behind |= await self._tried(self.read_again(age))
            await asyncio.sleep(0 if is_behind else min(shortest.total_seconds(), 60.0) / 2)

    async def read_again(self, age: Age) -> bool:
        """Read the posts that have reached an age since the last time, if that is long enough ago.

        A round is some thousands of posts at most. One that is interrupted goes on where it was, as long as this object
        lives. Returns whether there are more to read now.
        """
        round_ = self._rounds.get(age.old) or await self._begin(age)
        if round_ is None:
            return False
        self._rounds[age.old] = round_
        while round_.due:
            watched, ids = round_.due[0]
            try:
                fetched = await self._fetching.by_ids(watched, ids)
            except (errors.BadRequestError, errors.ForbiddenError):
                fetched = Fetched()  # the sweep finds out why, and says so
            except ServerTrouble:  # which may concern this channel only: the others do not wait for it
                if not round_.puts_off():
                    raise
                continue
            round_.troubles = 0
            await self._take_in(watched, fetched)
            if fetched.missing:
                round_.missing.append((watched, fetched.missing))
            round_.due.pop(0)
        await self._look_twice(round_)
        async with self._database.begin() as connection:
            await rereads.advance(connection, self._account_id, age.old, round_.until)
        del self._rounds[age.old]
        return round_.is_part

    async def _begin(self, age: Age) -> _Round | None:
        until = self._clock() - age.old
        async with self._database.begin() as connection:
            since = await rereads.done_until(connection, self._account_id, age.old)
        if since is not None and until - since < age.every:
            return None
        since = max(since or until - age.every, until - LONGEST_BACK)
        watched = {each.id: each for each in await watched_channels(self._database, self._account_id)}
        async with self._database.begin() as connection:
            published = await rereads.published_between(connection, watched, since, until, self._most_at_once)
        parts = [
            (watched[channel_id], ids[start : start + AT_ONCE])
            for channel_id, ids in published.messages.items()
            for start in range(0, len(ids), AT_ONCE)
        ]
        return _Round(published.until, parts, is_part=published.until < until)

    async def _look_twice(self, round_: _Round) -> None:
        """What was not given is asked for once more, a minute later: only then it is deleted."""
        if round_.missing:
            await asyncio.sleep(self._second_look_after)
        while round_.missing:
            watched, ids = round_.missing[0]
            try:
                gone = (await self._fetching.by_ids(watched, ids)).missing
            except (errors.BadRequestError, errors.ForbiddenError, ServerTrouble):
                gone = []  # of a channel that we cannot see any more, nothing is known to be deleted
            if gone:
                await self._door.offer_deletion(watched.id, gone, self._clock())
            round_.missing.pop(0)

    async def _take_in(self, watched: Watched, fetched: Fetched) -> None:
        for post in fetched.posts:
            await self._door.offer(post)
        await self._door.caught_up()  # a hundred old posts at a time: new ones must not wait behind thousands

    async def _tried(self, reading: Coroutine[object, object, bool]) -> bool:
        try:
            return await reading
        except MethodClosed as closed:
            await asyncio.sleep(min(closed.seconds, PAUSE_SECONDS))
        except (NoAnswer, DatabaseAway) as error:
            log.warning("posts not read again yet", error=type(error).__name__)
            return False
        except (errors.BadRequestError, errors.ForbiddenError) as error:
            log.warning("posts cannot be read again", error=type(error).__name__)  # the sweep finds out why
        return False
