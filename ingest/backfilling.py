"""Old posts are read on purpose: page by page from where monitoring began, downwards, and owing nothing.

It uses the method that the reconciler fills long holes with, so it goes at a pace of its own, far slower than what that
method is allowed: whatever is asked for here, there is room for what happens now.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import structlog
from telethon import errors
from telethon.tl import functions

from ingest.arrivals import Noted
from ingest.asking import Lanes, MethodClosed
from ingest.client import NoAnswer
from ingest.door import Door
from ingest.fetching import Fetched, Fetching
from ingest.pace import Pace
from ingest.supervision import first_to_end
from ingest.waiting import until
from ingest.watched import AskingFor
from storage import backfills
from storage.backfills import Backfill
from storage.completeness import stored_ids
from storage.database import Database, DatabaseAway
from storage.ids import ChannelId, MessageId
from storage.post_values import Post

log = structlog.get_logger()

PAGE_EVERY = dt.timedelta(seconds=1)
"""Between two pages of one account: 360,000 posts an hour at most, and a fifth of what `Lanes` allows the method
(reference: telethon, 5.4 and platform terms: one page each 1-2 s)."""

LOOK_EVERY = dt.timedelta(seconds=10)
"""A wake-up is a hint: whoever listens also looks by itself, for channels that have become readable too."""

PAUSE_SECONDS = 2.0
"""After a page that failed for reasons of the server's, the network's or the database's."""

REFUSED = "Telegram refuses to show the channel's history ({}). Ask again when the channel can be read."


class Backfilling:
    """Reads the old posts that were asked for, until cancelled.

    One object a program, or one a life of its client: it asks anew for the client before every page, and a client that
    goes away in the middle of one costs that page only.
    """

    def __init__(
        self,
        database: Database,
        door: Door,
        asking_for: AskingFor,
        *,
        clock: Callable[[], dt.datetime],
        page_every: dt.timedelta = PAGE_EVERY,
        look_every: dt.timedelta = LOOK_EVERY,
    ) -> None:
        self._database = database
        self._door = door
        self._asking_for = asking_for
        self._clock = clock
        self._page_every = page_every
        self._look_every = look_every.total_seconds()
        self._turns: WeakKeyDictionary[Lanes, _Turns] = WeakKeyDictionary()
        self._under_way: set[ChannelId] = set()
        self._is_woken = asyncio.Event()

    async def run(self) -> None:
        """For ever."""
        await first_to_end(self._listen(), self._read_all())

    async def _listen(self) -> None:
        async for _ in self._database.wakeups("backfills"):
            self._is_woken.set()

    async def _read_all(self) -> None:
        async with asyncio.TaskGroup() as together:
            while True:
                self._is_woken.clear()
                for channel_id in await self._open():
                    if channel_id not in self._under_way and self._asking_for(channel_id) is not None:
                        self._under_way.add(channel_id)
                        together.create_task(self._read(channel_id))
                await until(self._is_woken, self._look_every)

    async def _open(self) -> list[ChannelId]:
        try:
            async with self._database.begin() as connection:
                return [backfill.channel_id for backfill in await backfills.open_backfills(connection)]
        except DatabaseAway as away:
            log.warning("backfills not looked for", reason=str(away))
            return []

    async def _read(self, channel_id: ChannelId) -> None:
        try:
            while await self._turn(channel_id):
                pass
        finally:
            self._under_way.discard(channel_id)

    async def _turn(self, channel_id: ChannelId) -> bool:
        """One page, or one pause. Whether there is more to do, and somebody to do it with."""
        try:
            return await self._read_page(channel_id)
        except (errors.BadRequestError, errors.ForbiddenError) as error:
            log.warning("channel refuses to be backfilled", channel_id=channel_id, error=type(error).__name__)
            return await self._fail(channel_id, REFUSED.format(type(error).__name__.removesuffix("Error")))
        except (NoAnswer, ConnectionError, DatabaseAway, errors.RPCError) as error:
            log.warning("backfill waits", channel_id=channel_id, error=type(error).__name__)
        except asyncio.CancelledError:
            # Telethon cancels the requests of a client that is disconnected: then it is not us who are to end.
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            log.warning("backfill waits", channel_id=channel_id, error="disconnected")
        await asyncio.sleep(PAUSE_SECONDS)
        return True

    async def _read_page(self, channel_id: ChannelId) -> bool:
        async with self._database.begin() as connection:
            backfill = await backfills.begin(connection, channel_id)
        ours = self._asking_for(channel_id)
        if backfill is None or backfill.next_id is None or ours is None:
            return False
        if backfill.is_satisfied:
            return await self._advance(backfill, backfill.next_id, 0, None, is_done=True)
        asking, _ = ours
        if (closed := asking.lanes.closed_for(functions.messages.GetHistoryRequest)) > 0:
            return await self._rest(channel_id, closed)
        turns = self._turns.setdefault(asking.lanes, _Turns(self._page_every))
        await turns.wait()
        if (ours := self._asking_for(channel_id)) is None:
            return False
        asking, watched = ours
        try:
            page = await Fetching(asking, self._clock, "backfill").downwards(watched, backfill.next_id)
        except MethodClosed as closed_now:
            turns.slow_down()
            return await self._rest(channel_id, closed_now.seconds)
        turns.speed_up()
        return await self._take_in(backfill, page)

    async def _take_in(self, backfill: Backfill, page: Fetched) -> bool:
        """Store what is asked for of a page, and only when it is committed remember that it is."""
        taken = choose(backfill, page)
        ids = [part.message_id for post in taken.posts for part in post.parts]
        async with self._database.begin() as connection:
            known = await stored_ids(connection, backfill.channel_id, ids)
        for post in taken.posts:
            if any(part.message_id not in known for part in post.parts):
                await self._door.offer(post, owe=False)
        if taken.service:
            await self._door.note(Noted(backfill.channel_id, service=taken.service))
        await self._door.caught_up()
        oldest_at = min((post.posted_at for post in taken.posts), default=None)
        return await self._advance(backfill, taken.next_id, len(taken.posts), oldest_at, is_done=taken.is_last)

    async def _advance(
        self, backfill: Backfill, next_id: int, posts: int, oldest_at: dt.datetime | None, *, is_done: bool
    ) -> bool:
        async with self._database.begin() as connection:
            await backfills.advance(
                connection, backfill, next_id=next_id, posts=posts, oldest_at=oldest_at, is_done=is_done
            )
        if is_done:
            log.info("backfill done", channel_id=backfill.channel_id, posts=backfill.posts + posts)
        return True

    async def _rest(self, channel_id: ChannelId, seconds: float) -> bool:
        """Leave Telegram alone, and say so; but look now and then whether the channel has got another reader."""
        until = self._clock() + dt.timedelta(seconds=seconds)
        async with self._database.begin() as connection:
            await backfills.explain(connection, channel_id, f"Telegram asks to wait until {until:%H:%M:%S} UTC.")
        await asyncio.sleep(min(seconds, self._look_every))
        return True

    async def _fail(self, channel_id: ChannelId, why: str) -> bool:
        try:
            async with self._database.begin() as connection:
                await backfills.fail(connection, channel_id, why)
        except DatabaseAway:
            await asyncio.sleep(PAUSE_SECONDS)  # it is refused again, and then noted
            return True
        return False


@dataclass(frozen=True, slots=True)
class Taken:
    """What is asked for of a page, and how far down it goes."""

    posts: tuple[Post, ...]
    service: tuple[MessageId, ...]
    next_id: int
    is_last: bool


def choose(backfill: Backfill, page: Fetched) -> Taken:
    """Of a page, the posts within the backfill's reach, the newest first. What is left out is below `next_id`."""
    reach = backfill.reach
    wanted = [post for post in reversed(page.posts) if reach.since_at is None or post.posted_at >= reach.since_at]
    if reach.most is not None:
        wanted = wanted[: max(reach.most - backfill.posts, 0)]
    taken = {post.message_id for post in wanted}
    left_out = [part.message_id for post in page.posts if post.message_id not in taken for part in post.parts]
    next_id = max(left_out) + 1 if left_out else page.oldest
    is_too_old = reach.since_at is not None and page.oldest_at is not None and page.oldest_at < reach.since_at
    has_the_number = reach.most is not None and backfill.posts + len(wanted) >= reach.most
    return Taken(
        posts=tuple(wanted),
        service=tuple(number for number in page.service if number >= next_id),
        next_id=next_id,
        is_last=bool(left_out) or is_too_old or has_the_number or page.oldest <= 1,
    )


class _Turns:
    """The pages of one account, one at a time and each so long after the last one."""

    def __init__(self, every: dt.timedelta) -> None:
        self._pace = Pace(1, every)
        self._one_at_a_time = asyncio.Lock()
        self.slow_down = self._pace.slow_down
        self.speed_up = self._pace.speed_up

    async def wait(self) -> None:
        """For the next turn."""
        async with self._one_at_a_time:
            await self._pace.wait()
