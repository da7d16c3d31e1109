"""`channelwatch standings`: which channels report first, and which edit and delete most."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from rich.console import Console

    from storage.standings import Standing


def standings(
    days: Annotated[float, typer.Option(min=0.01, help="Look at the last so many days.")] = 7.0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Channels of each table.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="JSON lines of all channels, for programs.")] = False,
) -> None:
    """Show who reports first most often, and who edits and deletes most.

    Stories of three channels or more count; the delay is the median of a channel's, behind whoever was first.

    **Examples**

    `channelwatch standings --days 30`

    `channelwatch standings --json | jq -r '[.channel, .firsts] | @tsv'`
    """
    found = asyncio.run(_read(dt.timedelta(days=days)))
    if json:
        _print_json(found)
    elif not found:
        print("Nothing was published in that time.")
    else:
        _print(found, limit)


async def _read(span: dt.timedelta) -> list[Standing]:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.standings import standings as read_standings

    now = dt.datetime.now(dt.UTC)
    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        return await read_standings(connection, now - span, now)


def _print_json(found: list[Standing]) -> None:
    import json

    for each in found:
        print(json.dumps(_value(each), ensure_ascii=False))


def _value(each: Standing) -> dict[str, Any]:
    return {
        "channel": _name(each),
        "posts": each.posts,
        "edited": each.edited,
        "deleted": each.deleted,
        "stories": each.stories,
        "firsts": each.firsts,
        "median_delay_seconds": each.delay.total_seconds() if each.delay is not None else None,
    }


def _print(found: list[Standing], limit: int) -> None:
    from rich.console import Console

    from storage.standings import most_deleted, most_edited

    console = Console()
    telling = [each for each in found if each.stories][:limit]
    if telling:
        rows = [(_name(each), f"{each.firsts}", f"{each.stories}", _delay(each.delay)) for each in telling]
        _print_table(console, ("Channel", "First", "of stories", "Else later by"), rows)
    else:
        console.print("No story of that time was told by three channels.")
    edited = [(_name(each), f"{each.edited}", f"{each.edited_share:.0%}") for each in most_edited(found, limit)]
    deleted = [(_name(each), f"{each.deleted}", f"{each.deleted_share:.0%}") for each in most_deleted(found, limit)]
    for heading, rows_of in (("Edited", edited), ("Deleted", deleted)):
        if rows_of:
            console.print()
            _print_table(console, ("Channel", heading, "of its posts"), rows_of)


def _print_table(console: Console, headings: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for name, *numbers in rows:
        table.add_row(Text(harmless(name)), *numbers)
    console.print(table)


def _name(each: Standing) -> str:
    return f"@{each.username}" if each.username else each.title


def _delay(delay: dt.timedelta | None) -> str:
    """40 s, 4 min, 3 h 20 min; nothing where there is none."""
    if delay is None:
        return ""
    seconds = round(delay.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
