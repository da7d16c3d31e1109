"""What a pipeline does beside its posts: words sorted into the indexes, queries filed by today's words."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable
from typing import Protocol

import structlog

from ingest.stages import Stages
from storage.database import Database, DatabaseAway, StatementRefused
from storage.upkeep import merge_words

log = structlog.get_logger()

LOOK_EVERY = dt.timedelta(seconds=1)

MERGE_POSTS = 1_000
MERGE_EVERY = dt.timedelta(seconds=30)
"""So many posts, or so long after the last merge if there were any: searches read what is not merged post by post.

1,000 posts of 60 words are some 5 MiB of it (estimated)."""

REFILE_EVERY = dt.timedelta(days=1)


class Refile(Protocol):
    """Files the standing queries anew where that is due: because they are old, or by itself. Whether it is done."""

    def __call__(self, *, is_old: bool) -> Awaitable[bool]:
        """Raises DatabaseAway."""
        ...


class Upkeep:
    """Looks every second whether something is due."""

    def __init__(self, database: Database, stages: Stages, refile: Refile) -> None:
        self._database = database
        self._stages = stages
        self._refile = refile
        self._merged_posts = 0
        self._merged_at = self._filed_at = time.monotonic()

    async def run(self) -> None:
        """For ever. What fails is tried again later: posts are stored and matched without it, only slower."""
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            try:
                await self._look()
            except (DatabaseAway, StatementRefused) as error:
                log.warning("upkeep failed", reason=str(error))
                await asyncio.sleep(MERGE_EVERY.total_seconds())

    async def _look(self) -> None:
        posts, now = self._stages.posts, time.monotonic()
        new = posts - self._merged_posts
        if new >= MERGE_POSTS or (new and now - self._merged_at >= MERGE_EVERY.total_seconds()):
            async with self._database.begin() as connection:
                await merge_words(connection)
            self._merged_posts, self._merged_at = posts, time.monotonic()
        if await self._refile(is_old=now - self._filed_at >= REFILE_EVERY.total_seconds()):
            self._filed_at = time.monotonic()
