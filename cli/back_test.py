"""What a query would have found lately: how many posts, when, where, and which."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.terminal import harmless

if TYPE_CHECKING:
    from rich.console import Console

    from matching.query import Query
    from storage.channels import Channel
    from storage.database import Connection
    from storage.posts import StoredPost

EXAMPLES = 5
CHANNELS = 5

BARS = "▁▂▃▄▅▆▇█"

FIRST_LINE = 100
"""Characters of a post that are shown of an example."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """A query held against the stored posts of the last days. The first day and today are not whole ones."""

    understood: str
    since_at: dt.datetime
    days: int
    posts: int
    by_day: list[tuple[dt.date, int]]
    """Every day, the oldest first."""
    channels: list[tuple[Channel, int]]
    """Those that bring most."""
    examples: list[StoredPost]
    """The newest."""


async def back_test(connection: Connection, query: Query, days: int, now: dt.datetime) -> BackTest:
    """Ask the stored posts of the last `days` days."""
    from cli.asking import written
    from matching.conditions import After
    from matching.nodes import all_of
    from matching.query import Query
    from storage import search

    since = now - dt.timedelta(days=days)
    recent = Query(all_of([query.root, After(since.date(), since)]))
    found = await search.count_by_day(connection, recent)
    dates = [since.date() + dt.timedelta(days=number) for number in range(days + 1)]
    return BackTest(
        understood=await written(connection, query),
        since_at=since,
        days=days,
        posts=sum(found.values()),
        by_day=[(day, found.get(day, 0)) for day in dates],
        channels=await search.count_by_channel(connection, recent, CHANNELS),
        examples=await search.search(connection, recent, limit=EXAMPLES),
    )


def as_json(test: BackTest) -> dict[str, Any]:
    """For programs."""
    return {
        "query": test.understood,
        "since": test.since_at.isoformat(),
        "days": test.days,
        "posts": test.posts,
        "by_day": {day.isoformat(): count for day, count in test.by_day},
        "channels": {channel.username or channel.title: count for channel, count in test.channels},
        "examples": [{"url": post.url, "text": post.text} for post in test.examples],
    }


def show(test: BackTest, console: Console) -> None:
    """For people."""
    from rich.text import Text

    console.print(Text(f"Understood: {harmless(test.understood)}"), soft_wrap=True)
    span = "day" if test.days == 1 else f"{test.days} days"
    console.print(f"Posts of the last {span}: {test.posts:,}, {test.posts / test.days:,.1f} a day", highlight=False)
    if not test.posts:
        return
    first, last = test.by_day[0][0], test.by_day[-1][0]
    console.print(f"  {bars([count for _, count in test.by_day])}  {first:%d %b} to {last:%d %b}", highlight=False)
    console.print("Most of them from:", style="dim")
    for channel, count in test.channels:
        console.print(Text(f"  {count:>6,}  {harmless(channel.name)}"))
    console.print("The newest:", style="dim")
    for post in test.examples:
        said = " ".join(post.text.split())
        console.print(Text(f"  {post.posted_at:%d %b %H:%M}  {harmless(post.channel.name)}"), style="bold")
        console.print(Text(f"    {harmless(said[:FIRST_LINE])}{'…' if len(said) > FIRST_LINE else ''}"))


def bars(counts: list[int]) -> str:
    """A sign a day, as high as its share of the highest; a day without posts is a blank."""
    highest = max(counts, default=0) or 1
    return "".join(BARS[-(-count * len(BARS) // highest) - 1] if count else " " for count in counts)
