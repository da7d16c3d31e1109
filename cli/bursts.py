"""`channelwatch bursts`: words, names and topics that are, or were, heard far more than usual."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from analysis.bursts import History
    from storage.bursts import Burst


def bursts(
    days: Annotated[float, typer.Option(min=0.01, help="Those that went on in the last so many days.")] = 1.0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """Show what is heard far more than usual: in how many posts and channels of an hour, and what was to be expected.

    **Examples**

    `channelwatch bursts`

    `channelwatch bursts --days 7 --json | jq -r .what`
    """
    from analysis.bursts import WARM_HOURS

    found, known = asyncio.run(_read(dt.timedelta(days=days), limit))
    if json:
        _print_json(found)
        return
    if not known.is_warm:
        print(f"Still learning what is usual: {known.hours} of {WARM_HOURS} hours with posts are known.")
    if found:
        _print(found)
    elif known.is_warm:
        print("Nothing was heard far more than usual.")


async def _read(span: dt.timedelta, limit: int) -> tuple[list[Burst], History]:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.bursts import recent_bursts
    from storage.rates import history

    now = dt.datetime.now(dt.UTC)
    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        return await recent_bursts(connection, now - span, limit), await history(connection, now)


def _print_json(found: list[Burst]) -> None:
    import json

    for each in found:
        print(json.dumps(_value(each), ensure_ascii=False))


def _value(each: Burst) -> dict[str, Any]:
    return {
        "id": each.id,
        "kind": each.kind,
        "what": each.shown,
        "also": list(each.companions),
        "topics": sorted(each.topics),
        "began_at": each.began_at.isoformat(),
        "ended_at": each.ended_at.isoformat() if each.ended_at else None,
        "peak_at": each.peak_at.isoformat(),
        "posts": each.peak_posts,
        "channels": each.peak_channels,
        "voices": each.peak_voices,
        "usual": each.usual,
        "post_ids": list(each.post_ids),
    }


def _print(found: list[Burst]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    headings = ("What", "Kind", "Times usual", "Posts", "Channels", "Since (UTC)", "Until", "With it")
    table = Table(*headings, box=None, pad_edge=False, header_style="dim")
    for each in found:
        table.add_row(
            Text(harmless(each.shown)),
            each.kind,
            f"{each.times:.1f}",
            f"{each.peak_posts}",
            f"{each.peak_channels}",
            f"{each.began_at:%d %b %H:%M}",
            f"{each.ended_at:%d %b %H:%M}" if each.ended_at else "now",
            Text(harmless(", ".join(each.companions))),
        )
    Console().print(table)
