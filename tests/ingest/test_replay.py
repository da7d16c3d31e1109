"""Replays through the real pipeline into a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ingest.pipeline import Pipeline, Settled
from ingest.replay import ArchivedAlbums, Replayed, replay
from matching.query import parse
from storage import search, subscribers, subscriptions
from storage.database import Database
from storage.deliveries import counts_by_state
from storage.ids import ChatId
from storage.post_values import Post
from tests.ingest.test_archive import LINE, export, message, write_lines
from tests.ingest.values import post


@pytest.fixture
async def pipeline(database: Database) -> AsyncIterator[Pipeline]:
    """The pipeline, running."""
    made = Pipeline(database)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def numbered(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{**LINE, "message_id": n, "text": f"bridge number {n}", **fields} for n in range(1, count + 1)]


def figures(result: Replayed) -> tuple[int, int, int, int]:
    return result.read, result.stored, result.updated, result.skipped


async def stored_count(database: Database) -> int:
    async with database.begin() as connection:
        return await search.count(connection, parse("bridge"))


async def test_a_second_replay_stores_nothing(database: Database, pipeline: Pipeline, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl.gz", *numbered(30), is_gzip=True)
    assert figures(await replay(database, pipeline, path, live=False)) == (30, 30, 0, 0)
    assert figures(await replay(database, pipeline, path, live=False)) == (30, 0, 0, 30)
    assert await stored_count(database) == 30


async def test_a_changed_text_is_an_update(database: Database, pipeline: Pipeline, tmp_path: Path) -> None:
    await replay(database, pipeline, write_lines(tmp_path / "a", *numbered(3)), live=False)
    changed = [*numbered(2), {**LINE, "message_id": 3, "text": "bridge closed", "edit_date": "2024-11-27T00:00:00Z"}]
    result = await replay(database, pipeline, write_lines(tmp_path / "b", *changed), live=False)
    assert figures(result) == (3, 0, 1, 2)


async def test_broken_lines_are_reported_and_skipped(database: Database, pipeline: Pipeline, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", *numbered(2), "oops", {**LINE, "date": 5, "message_id": 9})
    reported: list[tuple[int, str]] = []
    result = await replay(database, pipeline, path, live=False, report=lambda *line: reported.append(line))
    assert figures(result) == (4, 2, 0, 2)
    assert [number for number, _ in reported] == [3, 4]


async def test_albums_are_joined_across_other_channels(database: Database, pipeline: Pipeline, tmp_path: Path) -> None:
    album = [{**LINE, "message_id": n, "grouped_id": "inferred:1", "text": "bridge"} for n in (1, 2, 3)]
    other = {**LINE, "channel": "other_box", "text": "bridge"}
    path = write_lines(tmp_path / "a", album[0], other, album[1], {**other, "message_id": 6}, album[2])
    assert figures(await replay(database, pipeline, path, live=False)) == (3, 3, 0, 0)
    assert figures(await replay(database, pipeline, path, live=False)) == (3, 0, 0, 3)


async def test_an_export_is_replayed(database: Database, pipeline: Pipeline, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(export(message(id=1, text="bridge"), message(id=2, type="service"), message(id=3))))
    seen: list[tuple[int, int | None]] = []
    result = await replay(database, pipeline, path, live=False, progress=lambda *step: seen.append(step))
    assert figures(result) == (2, 2, 0, 0)
    assert (seen[0], seen[-1]) == ((0, 3), (3, 3))
    assert await stored_count(database) == 1


class Cut(Exception):
    """The process is gone."""


class CutOff(Pipeline):
    """A pipeline whose process dies after so many posts."""

    left = 0

    async def offer(self, post: Post, *, owe: bool = True) -> None:
        """Take a post, or die."""
        self.left -= 1
        if self.left < 0:
            raise Cut
        await super().offer(post, owe=owe)


async def test_a_replay_cut_short_goes_on_behind_what_is_committed(
    database: Database, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.replay.CHUNK", 10)
    path = write_lines(tmp_path / "a", *numbered(45))
    dying = CutOff(database)
    dying.left = 27
    running = asyncio.create_task(dying.run())
    with pytest.raises(Cut):
        await replay(database, dying, path, live=False)
    await dying.settle()
    running.cancel()
    result = await replay(database, pipeline, path, live=False)
    assert result.read == 25  # from line 21 on: two chunks of ten were marked as committed
    assert (result.stored, result.skipped) == (18, 7)
    assert await stored_count(database) == 45


async def test_a_live_replay_owes_alerts_once_and_a_backfill_none(
    database: Database, pipeline: Pipeline, tmp_path: Path
) -> None:
    async with database.begin() as connection:
        subscriber = await subscribers.enter(connection, ChatId(77), chat_type="private", language="en")
        draft = await subscriptions.draft(connection, subscriber.id, name="b", query=parse("bridge"))
        await subscriptions.confirm(connection, subscriber.id, draft)
    await replay(database, pipeline, write_lines(tmp_path / "old", *numbered(5, channel="old_box")), live=False)
    for _ in range(2):
        await replay(database, pipeline, write_lines(tmp_path / "new", *numbered(4)), live=True)
    async with database.begin() as connection:
        assert sum((await counts_by_state(connection)).values()) == 4


def test_an_album_is_not_waited_for_for_ever() -> None:
    albums = ArchivedAlbums()
    assert albums.add(1, post(1, grouped_id=5)) == []
    assert albums.oldest == 1
    [joined, single] = albums.add(200, post(9))
    assert (joined.grouped_id, single.message_id) == (5, 9)


async def test_what_the_database_refuses_is_counted_as_skipped(database: Database, tmp_path: Path) -> None:
    class Refusing(Pipeline):
        async def offer(self, post: Post, *, owe: bool = True) -> None:
            """Swallow."""

        async def settle(self) -> Settled:
            """All refused."""
            return Settled(refused=1)

    path = write_lines(tmp_path / "a", LINE)
    assert (await replay(database, Refusing(database), path, live=False)).skipped >= 1
