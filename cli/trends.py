"""`channelwatch trends`: how many posts a query finds, by the hour or by the day."""

from __future__ import annotations

import asyncio
import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.back_test import bars
from cli.terminal import harmless

if TYPE_CHECKING:
    from storage.trends import Trend

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

MOST_ROWS = 60
"""Lines of a chart on a terminal; of more spans there is a single line."""

BUDGET = dt.timedelta(seconds=10)
"""So long all posts are counted before a sample must do: who waits at a terminal wants the true figure."""

BAR = 40


class Unit(StrEnum):
    """By what posts are counted."""

    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> dt.timedelta:
        """One of them."""
        return HOUR if self is Unit.HOUR else DAY


def trends(
    query: Annotated[str, typer.Argument(help="As for `search`.")],
    by: Annotated[Unit | None, typer.Option("--by", help="By default hours up to two days, then days.")] = None,
    days: Annotated[float, typer.Option(min=0.1, max=3660, help="Posts of the last so many days.")] = 7.0,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Count the posts that a query finds, hour by hour or day by day, as a chart.

    Hours and days are UTC; the last one is not over. Where counting would take too long, a sample is counted, and the
    answer says so.

    **Examples**

    `channelwatch trends 'шторм OR storm'`

    `channelwatch trends 'topic:economy -кредит' --days 365 --json`

    `channelwatch trends 'limansk' --days 2 --by hour`
    """
    unit = by or (Unit.HOUR if days <= 2 else Unit.DAY)
    bounds = moments(dt.datetime.now(dt.UTC), dt.timedelta(days=days), unit.length)
    understood, counted = asyncio.run(_count(query, bounds))
    if json:
        _print_json(understood, unit, bounds, counted)
    else:
        _print_chart(understood, unit, bounds, counted)


def moments(now: dt.datetime, reach: dt.timedelta, length: dt.timedelta) -> list[dt.datetime]:
    """Where one hour or day (UTC) ends and the next begins; the last of them holds this moment."""
    epoch = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    end = epoch + ((now - epoch) // length + 1) * length
    count = max(1, -(-reach // length))
    return [end - (count - number) * length for number in range(count + 1)]


async def _count(words: str, bounds: list[dt.datetime]) -> tuple[str, Trend]:
    from cli.asking import understood, written
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.trends import trend

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        query = await understood(connection, words, standing=False)
        return await written(connection, query), await trend(connection, query, bounds, budget=BUDGET)


def _print_json(query: str, unit: Unit, bounds: list[dt.datetime], counted: Trend) -> None:
    import json

    spans = zip(bounds[:-1], counted.counts, strict=True)
    row = {
        "query": query,
        "by": unit.value,
        "posts": sum(counted.counts),
        "is_estimate": counted.one_in > 1,
        "one_in": counted.one_in,
        "counts": [{"from": begins.isoformat(), "posts": posts} for begins, posts in spans],
    }
    print(json.dumps(row, ensure_ascii=False))


def _print_chart(query: str, unit: Unit, bounds: list[dt.datetime], counted: Trend) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    counts = list(counted.counts)
    total, highest = sum(counts), max(counts)
    console.print(Text(f"Understood: {harmless(query)}"), soft_wrap=True)
    console.print(f"{total:,} {'post' if total == 1 else 'posts'}, most in one {unit}: {highest:,}")
    console.print(f"  {bars(counts)}" if total else "", soft_wrap=True)
    if total and len(counts) <= MOST_ROWS:
        form = "%a %d %b %H:%M" if unit is Unit.HOUR else "%a %d %b %Y"
        for begins, count in zip(bounds[:-1], counts, strict=True):
            console.print(Text(f"  {begins:{form}}  {count:>8,}  {'█' * round(count / highest * BAR)}"))
    if counted.one_in > 1:
        console.print(f"An estimate: one post in {counted.one_in:,} was looked at.", style="yellow")
