"""The whole way of a backfill: asked for by the command, read beside the listener, and kill -9 at every commit."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import ingest.committing
from config.settings import IngestSettings, read
from ingest.backfilling import Backfilling
from ingest.listener import utc_now
from ingest.pipeline import Pipeline
from ingest.supervision import first_to_end
from ingest.watched import Watched
from sandbox.channels import Channel
from storage import backfills, channels
from storage.backfills import Reach
from storage.database import Database
from storage.heartbeats import beat
from tests.cli.test_commands import channelwatch
from tests.ingest.connected import connected, monitored
from tests.journeys.killed import AFTER_COMMIT, BEFORE_COMMIT, NEVER_ANSWERED, Reaper
from tests.journeys.lives import PROCESSES, Life
from tests.journeys.people import until
from tests.journeys.stage import Stage
from tests.storage import makers

OLD_POSTS = 250


@pytest.fixture
async def news(stage: Stage) -> Channel:
    """A channel with old posts that is monitored by now, and somebody who asked for what they are about."""
    channel = stage.world.channels.add("River News", "river_news")
    stage.world.channels.publish_many(channel, [f"The bridge, day {number}" for number in range(OLD_POSTS)])
    await monitored(stage.database, channel, stage.reader.id)
    await makers.subscribe(stage.database, await makers.make_subscriber(stage.database), "bridge")
    return channel


async def test_the_command_asks_and_shows_and_the_running_ingest_reads(stage: Stage, news: Channel) -> None:
    assert news.username is not None
    async with stage.database.begin() as connection:
        await beat(connection, "ingest")
    async with _life(stage) as life:
        done = await asyncio.to_thread(
            channelwatch, "backfill", news.username, "--json", url=stage.database.url, home=stage.settings.home
        )
        await life.ends()
    assert (done.returncode, json.loads(done.stdout)["state"]) == (0, "done"), done.stderr
    assert "river_news: noted" in done.stderr
    assert await _complaints(stage, news) == []


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", [BEFORE_COMMIT, AFTER_COMMIT])
async def test_a_backfill_killed_at_every_commit_reads_all_and_owes_nothing(
    stage: Stage, news: Channel, moment: str
) -> None:
    await _request(stage)
    for number in count(1):
        async with _life(stage, moment, number) as life:
            await until(lambda: life.is_over or _is_done(stage), "the kill or the end")
            is_killed = await life.ends()
        if not is_killed:
            break
    assert number > 3
    assert await _complaints(stage, news) == []


async def test_control_a_progress_that_runs_ahead_of_the_commit_loses_posts(stage: Stage, news: Channel) -> None:
    await _request(stage)
    async with _life(stage, AFTER_COMMIT, 2, has_cure=False) as life:  # the first is its beginning
        await until(lambda: life.is_over, "the kill")
    async with _life(stage) as life:
        await until(lambda: _is_done(stage), "the end")
        await life.ends()
    assert "lost" in " ".join(await _complaints(stage, news))


async def _request(stage: Stage) -> None:
    number = await stage.value("SELECT id FROM channels")
    async with stage.database.begin() as connection:
        await backfills.request(connection, number, Reach())


async def _is_done(stage: Stage) -> bool:
    return bool(await stage.rows("SELECT 1 FROM backfills WHERE state = 'done'"))


async def _complaints(stage: Stage, channel: Channel) -> list[str]:
    stored = await stage.rows("SELECT message_id, text FROM posts ORDER BY message_id")
    published = [(post.message_id, post.text) for post in channel.posts.values()]
    return [
        *(f"lost: {each}" for each in sorted(set(published) - set(stored))),
        *(f"phantom: {each}" for each in sorted(set(stored) - set(published))),
        *([f"doubled: {len(stored)} posts"] if len(stored) != len(set(stored)) else []),
        *(f"owed: {each}" for each in await stage.rows("SELECT post_id FROM deliveries")),
    ]


@asynccontextmanager
async def _life(
    stage: Stage, moment: str = NEVER_ANSWERED, number: int = 1, *, has_cure: bool = True
) -> AsyncIterator[Life]:
    """A process that reads old posts, and kills itself at a moment."""
    log = stage.settings.home / "backfilling.log"
    process = PROCESSES.Process(
        target=live, args=(Reaper(moment, number), has_cure, stage.environment(), log), daemon=True
    )
    process.start()
    try:
        yield Life(process, log)
    finally:
        process.kill()
        process.join()
        process.close()


def live(reaper: Reaper, has_cure: bool, environment: Mapping[str, str], log: Path) -> None:
    """Be that process."""
    os.environ.update(environment)
    os.chdir(environment["CHANNELWATCH_HOME"])
    with log.open("wb") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    if not has_cure:
        _run_ahead()
    asyncio.run(_live(reaper))


def _run_ahead() -> None:
    """Without waiting for the commit, which comes late."""
    commit = ingest.committing.Committing.commit

    async def commit_late(self: Any, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(5)
        return await commit(self, *args, **kwargs)

    async def is_not_waited_for(self: Pipeline) -> None:
        pass

    ingest.committing.Committing.commit = commit_late  # type: ignore[method-assign]
    Pipeline.caught_up = is_not_waited_for  # type: ignore[method-assign]


async def _live(reaper: Reaper) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = read(IngestSettings)
    assert settings.database_url is not None
    database = await Database.open(settings.home, settings.database_url.get_secret_value())
    async with database.begin() as connection:
        found = await connection.exec_driver_sql("SELECT channel_id, access_hash FROM account_channels")
        hashes = {row.channel_id: row.access_hash for row in found}
        watched = {each.id: Watched(each, hashes[each.id]) for each in await channels.list_channels(connection)}
    reaper.watch(database)
    pipeline = Pipeline(database)
    async with connected(database, settings) as asking:
        backfilling = Backfilling(database, pipeline, lambda number: (asking, watched[number]), clock=utc_now)
        await first_to_end(pipeline.run(), backfilling.run(), stop.wait())
    await database.close()
