"""`channelwatch backfill`: the posts that a channel published before it was monitored."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import re
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.backfills import Backfill, Reach
    from storage.channels import Channel
    from storage.database import Database

LOOK_EVERY_SECONDS = 0.5
SAY_EVERY_SECONDS = 10.0
"""Where no bar can be drawn, a line says so often how far it is."""

WINDOW_SECONDS = 120.0
"""The estimate goes by the pace of the last two minutes: flood waits come and go."""

NOT_RUNNING = "No ingest is running: it begins as soon as `channelwatch run` does."


class CannotBackfill(Exception):
    """There is nothing to be read, or it was not possible; the message says why."""


def backfill(
    name: Annotated[str, typer.Argument(metavar="CHANNEL", help="@name, name or t.me/name; it must be monitored.")],
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only posts since then: 2026-01-31, or 30d or 12w ago.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="This many posts at most, the newest first.")] = None,
    wait: Annotated[bool, typer.Option(help="Show the progress until it is done; Ctrl-C ends only that.")] = True,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object, for programs.")] = False,
) -> None:
    """Read a channel's old posts. They are stored and can be searched, and nobody is alerted about them.

    The running ingest reads them, slowly enough not to disturb what it listens to, and goes on after every stop. Asking
    for the same again does nothing; asking for more goes on where the last one ended.

    **Examples**

    `channelwatch backfill @demo_limansk_live --since 12w`

    `channelwatch backfill @demo_limansk_live --since 2026-01-31 --limit 5000 --no-wait`
    """
    from ingest.channel_names import channel_name
    from storage.backfills import Reach

    reach = Reach(_moment(since) if since else None, limit)
    channel, done = asyncio.run(_backfill(channel_name(name), reach, wait=wait))
    if json:
        _print_json(channel, done)
    else:
        print(f"{channel.name}: {said_of(done)}")
    if wait and done.state == "failed":
        raise CannotBackfill(done.state_detail or "Telegram does not give the channel's posts.")


def _moment(words: str) -> dt.datetime:
    now = dt.datetime.now(dt.UTC)
    try:
        if ago := re.fullmatch(r"(\d{1,5})([dw])", words.strip().lower()):
            return now - dt.timedelta(days=int(ago[1]) * (7 if ago[2] == "w" else 1))
        moment = dt.datetime.combine(dt.date.fromisoformat(words.strip()), dt.time(), dt.UTC)
    except (ValueError, OverflowError):
        raise CannotBackfill("--since is a date such as 2026-01-31, or a time ago such as 30d or 12w.") from None
    if moment > now:
        raise CannotBackfill("--since is a day to come: there are no posts since then.")
    return moment


async def _backfill(name: str, reach: Reach, *, wait: bool) -> tuple[Channel, Backfill]:
    from cli.opening import opened
    from cli.running import is_ingest_running
    from config.settings import StorageSettings, read
    from storage import backfills
    from storage.channels import find_channel

    async with opened(read(StorageSettings)) as database:
        async with database.begin() as connection:
            channel = await find_channel(connection, name)
            if channel is None or channel.state not in ("active", "requested"):
                raise CannotBackfill(_not_read(name, channel))
            asked = await backfills.request(connection, channel.id, reach)
        if asked.is_open and not await is_ingest_running(database):
            print(NOT_RUNNING, file=sys.stderr)
        elif asked.is_open and wait:
            asked = await _watch(database, channel, asked)
        return channel, asked


def _not_read(name: str, channel: Channel | None) -> str:
    if channel is None or channel.state in ("removed", "archived"):
        return f"@{name} is not monitored: `channelwatch channels add @{name}` first."
    return f"@{name} cannot be read: {channel.state_detail or channel.state}."


async def _watch(database: Database, channel: Channel, asked: Backfill) -> Backfill:
    """Show the progress until it is done or nobody reads any more."""
    from cli.running import is_ingest_running
    from storage import backfills
    from storage.channels import list_channels

    estimate = Estimate()
    with Showing(channel.name) as showing:
        while asked.is_open:
            estimate.note(time.monotonic(), asked.share)
            showing.show(asked, estimate.left())
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            async with database.begin() as connection:
                asked = await backfills.find(connection, channel.id) or asked
                states = {each.id: each.state for each in await list_channels(connection)}
            if asked.is_open and states.get(channel.id) not in ("active", "requested"):
                raise CannotBackfill(f"{channel.name} is not read any more; the backfill goes on when it is again.")
            if asked.is_open and not await is_ingest_running(database):
                raise CannotBackfill("Ingest has stopped; the backfill goes on as soon as `channelwatch run` does.")
    return asked


class Estimate:
    """How long it will still take, by the pace of the last while."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def note(self, seconds: float, share: float) -> None:
        """At this moment (of any clock that never runs backwards) so much was done."""
        self._seen.append((seconds, share))
        while seconds - self._seen[0][0] > WINDOW_SECONDS:
            self._seen.popleft()

    def left(self) -> float | None:
        """Seconds; None while nobody can know."""
        if not self._seen:
            return None
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        return (1.0 - last) * (now - began) / (last - first) if last > first else None


def about(seconds: float | None) -> str:
    """An estimate in words that claim no more than is known, and never nothing."""
    if seconds is None:
        return "no estimate yet"
    if seconds < 50:
        return "less than a minute left"
    if seconds < 90 * 60:
        return f"about {math.ceil(seconds / 60)} min left"
    return f"about {math.ceil(seconds / 3600)} h left"


def said_of(backfill: Backfill) -> str:
    """How far a backfill is, in one line."""
    back = f", back to {backfill.oldest_at:%Y-%m-%d}" if backfill.oldest_at else ""
    read = f"{backfill.posts:,} {'post' if backfill.posts == 1 else 'posts'} read{back}"
    match backfill.state:
        case "waiting" if not backfill.posts:
            return "noted"
        case "done":
            end = "; that is the channel's beginning" if backfill.next_id is not None and backfill.next_id <= 1 else ""
            return f"done: {read}{end}."
        case "failed":
            return f"failed: {read}."
    return f"{read}, {min(backfill.share, 0.99):.0%}{'. ' + backfill.state_detail if backfill.state_detail else ''}"


class Showing:
    """A bar on a terminal, else a line now and then; on standard error, for standard output is for the result."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._has_bar = console.is_terminal
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[left]}"))
        self._bar = Progress(*columns, console=console, transient=True, disable=not self._has_bar)
        self._task = self._bar.add_task(name, total=1.0, left="")
        self._name = name
        self._said_at = -math.inf

    def __enter__(self) -> Showing:
        self._bar.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._bar.stop()

    def show(self, backfill: Backfill, seconds_left: float | None) -> None:
        """How far it is now."""
        left = about(seconds_left)
        if self._has_bar:
            self._bar.update(self._task, completed=backfill.share, left=f"{said_of(backfill)}, {left}")
        elif time.monotonic() - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at = time.monotonic()
            print(f"{self._name}: {said_of(backfill)}, {left}", file=sys.stderr, flush=True)


def _print_json(channel: Channel, backfill: Backfill) -> None:
    import json

    reach, oldest_at = backfill.reach, backfill.oldest_at
    row = {
        "channel": channel.username or channel.title,
        "state": backfill.state,
        "state_detail": backfill.state_detail,
        "posts": backfill.posts,
        "oldest_at": oldest_at.isoformat() if oldest_at else None,
        "share": round(backfill.share, 4),
        "since": reach.since_at.isoformat() if reach.since_at else None,
        "limit": reach.most,
        "first_id": backfill.first_id,
        "next_id": backfill.next_id,
    }
    print(json.dumps(row, ensure_ascii=False))
