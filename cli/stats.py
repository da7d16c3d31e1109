"""`channelwatch stats`: what is stored, what comes in, and what everybody talks about."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.back_test import bars
from cli.terminal import harmless, in_bytes

if TYPE_CHECKING:
    from rich.console import Console

    from storage.statistics import Lately, Stored
    from storage.told_stories import StorySize

STORIES = 5
FIRST_LINE = 90
"""Characters of a post that are shown of a story."""


def stats(
    days: Annotated[int, typer.Option(min=1, max=366, help="Posts of the last so many days.")] = 14,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Show what is stored, how many posts came in a day, in which languages and about what, and today's stories.

    Days are UTC; the last one is not over.

    **Examples**

    `channelwatch stats`

    `channelwatch stats --days 90 --json | jq .posts_by_day`
    """
    now = dt.datetime.now(dt.UTC)
    since = dt.datetime.combine(now.date() - dt.timedelta(days=days - 1), dt.time(), dt.UTC)
    stored, lately, stories = asyncio.run(_read(since, now - dt.timedelta(days=1)))
    dates = [since.date() + dt.timedelta(days=number) for number in range(days)]
    if json:
        _print_json(stored, lately, stories, dates)
    else:
        _print_for_people(stored, lately, stories, dates)


async def _read(since: dt.datetime, day_ago: dt.datetime) -> tuple[Stored, Lately, list[StorySize]]:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage import statistics
    from storage.told_stories import largest_stories

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        stored = await statistics.stored(connection)
        lately = await statistics.lately(connection, since)
        return stored, lately, await largest_stories(connection, day_ago, limit=STORIES)


def _print_json(stored: Stored, lately: Lately, stories: list[StorySize], dates: list[dt.date]) -> None:
    import json
    from dataclasses import asdict

    row: dict[str, Any] = {
        **asdict(stored),
        "days": len(dates),
        "posts_lately": lately.posts,
        "posts_by_day": {day.isoformat(): lately.by_day.get(day, 0) for day in dates},
        "posts_by_language": {code or "": count for code, count in lately.by_language.items()},
        "posts_by_topic": lately.by_topic,
        "stories_of_the_day": [
            {"story": each.id, "channels": each.channels, "posts": each.posts, "url": each.first.url}
            for each in stories
        ],
    }
    print(json.dumps(row, ensure_ascii=False, default=dt.datetime.isoformat))


def _print_for_people(stored: Stored, lately: Lately, stories: list[StorySize], dates: list[dt.date]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for name, value in _facts(stored):
        console.print(f"{name:<15}{value}", soft_wrap=True)
    if not stored.posts:
        return
    counts = [lately.by_day.get(day, 0) for day in dates]
    posts = f"{lately.posts:,} {'post' if lately.posts == 1 else 'posts'}"
    days = "1 day" if len(dates) == 1 else f"{len(dates)} days"
    console.print(f"\n{posts} in {days}, {lately.posts / len(dates):,.0f} a day", style="bold")
    console.print(f"  {bars(counts)}  {dates[0]:%d %b} to {dates[-1]:%d %b}, most {max(counts):,}")
    _print_shares(console, "Languages", {code or "none known": n for code, n in lately.by_language.items()}, lately)
    _print_shares(console, "Topics", lately.by_topic, lately)
    _print_stories(console, stories)


def _facts(stored: Stored) -> list[tuple[str, str]]:
    reach = f", from {stored.oldest_at:%Y-%m-%d} to {stored.newest_at:%Y-%m-%d %H:%M} UTC" if stored.oldest_at else ""
    return [
        ("Channels", _states(stored.channels)),
        ("Posts", f"{stored.posts:,} ({stored.deleted:,} deleted by their channels){reach}"),
        ("Versions", f"{stored.versions:,} earlier ones, of edited posts"),
        ("Stories", f"{stored.stories:,} that more than one post reports"),
        ("Subscribers", _states(stored.subscribers)),
        ("Subscriptions", _states(stored.subscriptions)),
        ("Disk", f"{in_bytes(stored.disk_bytes)} of files, of which {in_bytes(stored.used_bytes)} in use"),
    ]


def _states(counts: dict[str, int]) -> str:
    return f"{sum(counts.values()):,}" + (
        f" ({', '.join(f'{n:,} {state}' for state, n in counts.items())})" if counts else ""
    )


def _print_shares(console: Console, heading: str, counts: dict[str, int], lately: Lately) -> None:
    from rich.text import Text

    if counts:
        console.print(f"\n{heading}", style="bold")
    for name, count in counts.items():
        share = count / max(lately.posts, 1)
        console.print(Text(f"  {harmless(name):<24}{count:>9,}  {share:>4.0%}  {'█' * round(share * 30)}"))


def _print_stories(console: Console, stories: list[StorySize]) -> None:
    from rich.text import Text

    if stories:
        console.print("\nTold by most channels in the last 24 hours", style="bold")
    for each in stories:
        said = harmless(" ".join(each.first.text.split()) or "(no text)")
        shown = said if len(said) <= FIRST_LINE else f"{said[: FIRST_LINE - 1].rstrip()}…"
        console.print(
            Text(f"  {each.channels:>3} channels  {harmless(each.first.channel.name)}: {shown}"), soft_wrap=True
        )
