"""The course of the demo, from the opening to the count."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from bot.application import run_bot
from cli.demonstration import outcome
from cli.demonstration.broadcast import Broadcast, endless
from cli.demonstration.expectation import Expectation
from cli.demonstration.outcome import Outcome
from cli.demonstration.stage import Stage, set_stage
from cli.demonstration.subscribing import subscribe
from ingest.pace import Pace
from ingest.pipeline import Pipeline
from ingest.program import run_ingest
from ingest.replay import replay
from sandbox.chat_records import ChatEvent
from storage.channels import channel_names, requested_channels
from storage.posts import count_posts
from storage.told_stories import stories_by_link

DELIVERED_WITHIN_SECONDS = 30.0
"""How long the last alerts are waited for before they count as lost."""

ENDLESS_PAUSE_SECONDS = 4.0
"""Between posts for whoever stays: slow enough to read along."""


async def play(*, leave: bool, port: int) -> Outcome:
    """Run the demo; `leave`: end after the feed, else when interrupted. The outcome counts the feed."""
    async with set_stage(port) as stage:
        print("channelwatch demo: Telegram in a box, an own database, no account, no internet.")
        print(f"Chat page, where you talk to the bot: {stage.page.url}\n", flush=True)
        stop = asyncio.Event()
        at_once = Pace(burst=100, every=dt.timedelta(seconds=0.1))  # nobody has to be polite to the box
        programs = [
            asyncio.create_task(run_ingest(stage.database, stage.ingest, stop=stop, pace=at_once)),
            asyncio.create_task(run_bot(stage.database, stage.bot_api.token, stage.bot_api.base_url, stop=stop)),
        ]
        broadcast = Broadcast(stage)
        course = asyncio.create_task(_course(stage, broadcast, leave=leave))
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, course.cancel)
        await asyncio.wait([course, *programs], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        course.cancel()
        await asyncio.wait([course, *programs])
        for program in programs:
            program.result()
        return await _count(stage, broadcast) if course.cancelled() else course.result()


async def _course(stage: Stage, broadcast: Broadcast, *, leave: bool) -> Outcome:
    await _read_history(stage, broadcast)
    await _joined(stage)
    await _subscribe_all(stage)
    print("\nThe channels go live.\n")
    stage.world.chats.subscribe(_printer(stage))
    async with stage.database.begin() as connection:
        expectation = Expectation(stage.feed, await channel_names(connection))
    await broadcast.go_live(expectation)
    result = await _settled(stage, broadcast)
    if not leave:
        print(f"\n{result.to_json()}")
        await _stay(stage, broadcast)
    return result


async def _read_history(stage: Stage, broadcast: Broadcast) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "history.jsonl"
        broadcast.publish_history(archive)
        pipeline = Pipeline(stage.database)
        running = asyncio.create_task(pipeline.run())
        try:
            read = await replay(stage.database, pipeline, archive, live=False)
        finally:
            running.cancel()
    print(f"A week of history was read from an archive: {read.stored} posts.")


async def _joined(stage: Stage) -> None:
    while True:
        async with stage.database.begin() as connection:
            if not await requested_channels(connection):
                break
        await asyncio.sleep(0.05)
    print(f"{len(stage.world.channels)} channels are joined.\n")


async def _subscribe_all(stage: Stage) -> None:
    stage.world.chats.add_private(stage.visitor, started=False)
    async with asyncio.TaskGroup() as talks:
        for person in stage.feed.subscribers:
            talks.create_task(subscribe(stage.world.chats, stage.people[person.name], person, print))


def _printer(stage: Stage) -> Callable[[ChatEvent], None]:
    names = {user.id: name for name, user in stage.people.items()} | {stage.visitor.id: "you"}

    def show(event: ChatEvent) -> None:
        if event.kind == "sent" and event.message is not None and event.message.from_bot:
            first, *rest = [line for line in event.message.text.splitlines() if line.strip()]
            print(f"{event.message.sent_at:%H:%M:%S}  to {names.get(event.chat_id, event.chat_id)}: {first}")
            if rest:
                print(f"          {rest[0][:110]}")

    return show


async def _settled(stage: Stage, broadcast: Broadcast) -> Outcome:
    """Wait for what is still under way, then count."""
    for _ in range(int(DELIVERED_WITHIN_SECONDS / 0.1)):
        result = await _count(stage, broadcast)
        if not result.alerts_lost and result.posts_stored >= result.posts_published:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)  # a duplicate would come now
    return await _count(stage, broadcast)


async def _count(stage: Stage, broadcast: Broadcast) -> Outcome:
    async with stage.database.begin() as connection:
        return outcome.count(broadcast, await count_posts(connection), await stories_by_link(connection))


async def _stay(stage: Stage, broadcast: Broadcast) -> None:
    print(f"\nThe feed is over, the channels go on. You are invited: {stage.page.url} (Ctrl-C ends).\n")
    for post in endless(stage.feed.live):
        broadcast.show(post)
        await asyncio.sleep(ENDLESS_PAUSE_SECONDS)
