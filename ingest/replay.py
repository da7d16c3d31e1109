"""Feeding an archive through the pipeline. What is stored already stays as it is, so a replay may be repeated."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.albums import MOST_PARTS, join
from ingest.archive import Archive, ArchiveError
from ingest.archive_values import ArchivedChannel, ArchivedMessage, BrokenLine
from storage import replays
from storage.channels import archived_channel
from storage.database import Database
from storage.ids import ChannelId
from storage.post_values import Post

CHUNK = 1000
"""Lines between two marks of how far we are: so much is read again, harmlessly, when a replay is cut short."""

ALBUM_REACH = 50
"""Lines within which the parts of an album are looked for; archives of many channels mix them by time."""

Progress = Callable[[int, int | None], None]
"""Told the lines done and, where it is known, the lines in all."""

Report = Callable[[int, str], None]
"""Told the number of a line that was skipped, and why."""


class Settled(Protocol):
    """What became of the posts offered: `ingest.pipeline.Settled`."""

    stored: int
    updated: int
    unchanged: int
    refused: int


class Intake(Protocol):
    """The pipeline's door for those who can wait; its `run` is somebody else's to start."""

    async def offer(self, post: Post, *, owe: bool) -> None:
        """Take a post; waits while the buffer is full."""

    async def settle(self) -> Settled:
        """Wait until all is committed."""


@dataclass(slots=True)
class Replayed:
    """What a replay did. `read` counts posts (an album is one) and broken lines; read = stored + updated + skipped."""

    read: int = 0
    stored: int = 0
    """New posts."""
    updated: int = 0
    """Posts that were there with another text, formatting or media."""
    skipped: int = 0
    """Posts that were there already, unchanged, and lines that could not be read or stored."""
    seconds: float = 0.0


async def replay(
    database: Database,
    pipeline: Intake,
    path: Path,
    *,
    live: bool,
    progress: Progress | None = None,
    report: Report | None = None,
) -> Replayed:
    """Feed an archive through the pipeline. `live`: matching subscriptions are owed alerts; else nothing is owed.

    Goes on behind the last committed line of a replay of the same content in the same mode that was cut short. Raises
    ArchiveError for a file that is no archive.
    """
    started = time.monotonic()
    archive = await asyncio.to_thread(Archive, path)
    result = await _Replay(database, pipeline, archive, live, progress, report).run()
    result.seconds = round(time.monotonic() - started, 3)
    return result


class _Replay:
    def __init__(
        self,
        database: Database,
        pipeline: Intake,
        archive: Archive,
        live: bool,
        progress: Progress | None,
        report: Report | None,
    ) -> None:
        self._database = database
        self._pipeline = pipeline
        self._archive = archive
        self._live = live
        self._progress = progress or (lambda done, total: None)
        self._report = report or (lambda number, reason: None)
        mode = "live" if live else "backfill"
        self._fingerprint = hashlib.sha256(f"{mode} {archive.fingerprint}".encode()).hexdigest()
        self._channels: dict[ArchivedChannel, ChannelId] = {}
        self._albums = ArchivedAlbums()
        self._result = Replayed()

    async def run(self) -> Replayed:
        """Read to the end, a chunk a time."""
        async with self._database.begin() as connection:
            done = await replays.position(connection, self._fingerprint)
        self._progress(done, self._archive.lines)
        messages = self._archive.read(after=done)
        while chunk := await asyncio.to_thread(_next_chunk, messages):
            for item in chunk:
                await self._take(item)
            await self._mark(min(chunk[-1].number, self._albums.oldest - 1))
            self._progress(chunk[-1].number, self._archive.lines)
        await self._offer(self._albums.drain())
        await self._mark(self._archive.lines)
        async with self._database.begin() as connection:
            await replays.finish(connection, self._fingerprint)
        self._progress(self._archive.lines, self._archive.lines)
        return self._result

    async def _take(self, item: ArchivedMessage | BrokenLine) -> None:
        if isinstance(item, BrokenLine):
            self._result.read += 1
            self._result.skipped += 1
            self._report(item.number, item.reason)
            return
        channel_id = await self._channel(item.channel)
        found_by = "replay" if self._live else "backfill"
        post = item.to_post(channel_id, seen_at=dt.datetime.now(dt.UTC), found_by=found_by)
        await self._offer(self._albums.add(item.number, post))

    async def _channel(self, channel: ArchivedChannel) -> ChannelId:
        if channel not in self._channels:
            async with self._database.begin() as connection:
                self._channels[channel] = await archived_channel(
                    connection, telegram_id=channel.telegram_id, username=channel.username, title=channel.title
                )
        return self._channels[channel]

    async def _offer(self, posts: list[Post]) -> None:
        for post in posts:
            self._result.read += 1
            await self._pipeline.offer(post, owe=self._live)

    async def _mark(self, line: int) -> None:
        """Wait until what was offered is committed, then remember that everything up to this line is."""
        settled = await self._pipeline.settle()
        self._result.stored += settled.stored
        self._result.updated += settled.updated
        self._result.skipped += settled.unchanged + settled.refused
        async with self._database.begin() as connection:
            await replays.advance(connection, self._fingerprint, line)


def _next_chunk(messages: Iterator[ArchivedMessage | BrokenLine]) -> list[ArchivedMessage | BrokenLine]:
    return list(itertools.islice(messages, CHUNK))


class ArchivedAlbums:
    """Joins the parts of albums that stand near each other in an archive; others are merged by storage later."""

    def __init__(self) -> None:
        self._held: dict[tuple[ChannelId, int], tuple[int, list[Post]]] = {}

    @property
    def oldest(self) -> int:
        """The line of the first part that is held; larger than every line where nothing is."""
        return min((first for first, _ in self._held.values()), default=2**62)

    def add(self, number: int, post: Post) -> list[Post]:
        """The posts that this line completes, in order: itself, or albums that have no more parts to expect."""
        ready = [key for key, (first, parts) in self._held.items() if _is_over(key, first, parts, number, post)]
        completed = [join(self._held.pop(key)[1]) for key in ready]
        if post.grouped_id is None:
            return [*completed, post]
        self._held.setdefault((post.channel_id, post.grouped_id), (number, []))[1].append(post)
        return completed

    def drain(self) -> list[Post]:
        """What is still held, at the end."""
        completed = [join(parts) for _, parts in self._held.values()]
        self._held.clear()
        return completed


def _is_over(key: tuple[ChannelId, int], first: int, parts: list[Post], number: int, post: Post) -> bool:
    """An album is over when its channel says something else, when it is full, or some lines later."""
    says_something_else = post.channel_id == key[0] and post.grouped_id != key[1]
    return says_something_else or len(parts) >= MOST_PARTS or number - first > ALBUM_REACH


__all__ = ["ArchiveError", "ArchivedAlbums", "Replayed", "replay"]
