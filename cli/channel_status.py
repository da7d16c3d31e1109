"""`channelwatch channels status`: is anything missing, and who reads what."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.opening import in_transaction
from cli.terminal import harmless, span

if TYPE_CHECKING:
    from storage.channel_status import ChannelStatus


def status(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
    troubled: Annotated[bool, typer.Option("--troubled", help="Only channels that need a look.")] = False,
) -> None:
    """Show how completely each channel is read: every message id is accounted for, or named as a hole.

    **Examples**

    `channelwatch channels status`

    `channelwatch channels status --troubled`

    `channelwatch channels status --json | jq 'select(.holes > 0)'`
    """
    from storage.channel_status import channel_statuses

    statuses = in_transaction(channel_statuses)
    if troubled:
        statuses = [each for each in statuses if _trouble(each)]
    if json:
        _print_json(statuses)
    else:
        _print_table(statuses, troubled=troubled)


def _trouble(each: ChannelStatus) -> str:
    """What is wrong with a channel, in a few words; nothing for one that is read well or not meant to be."""
    if each.blind_since_at is not None:
        return f"not looked at since {each.blind_since_at:%d %b %H:%M} UTC"
    if each.state_detail and each.state not in ("active", "archived"):
        return each.state_detail
    if each.state == "active" and each.reader is None and each.reconciled_at is not None:
        return "no account reads it at the moment"
    return f"{each.holes} ids not accounted for yet" if each.holes else ""


def _print_json(statuses: list[ChannelStatus]) -> None:
    import json

    for each in statuses:
        names = [name for name in type(each).__dataclass_fields__ if name != "id"]
        values: dict[str, Any] = {name: getattr(each, name) for name in names}
        values |= {"lag": each.lag, "trouble": _trouble(each) or None}
        print(json.dumps(values, ensure_ascii=False, default=dt.datetime.isoformat))


def _print_table(statuses: list[ChannelStatus], *, troubled: bool) -> None:
    """A line a channel that fits a narrow terminal; what is wrong with it stands below."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not statuses:
        print("Nothing needs a look." if troubled else "No channels yet: `channelwatch channels add @name`.")
        return
    console = Console()
    table = Table("Channel", box=None, pad_edge=False, header_style="dim")
    for heading in ("Complete to", "Holes", "Looked at", "Posts", "Reader"):
        table.add_column(heading, justify="left" if heading == "Reader" else "right", no_wrap=True)
    for each in statuses:
        name = Text(harmless(f"@{each.username}" if each.username else each.title))
        if trouble := _trouble(each):
            name.append(f"\n  {harmless(trouble)}", "red")
        holes = Text(_number(each.holes if each.watermark is not None else None), "red" if each.holes else "")
        reader = each.reader or (each.state if each.state != "active" else "")
        table.add_row(name, _number(each.watermark), holes, _ago(each.reconciled_at), f"{each.posts:,}", Text(reader))
    console.print(table)
    console.print(f"\n{_totals(statuses)}", style="dim", highlight=False)
    for sentence in _floods(statuses):
        console.print(sentence, style="yellow", highlight=False)


def _totals(statuses: list[ChannelStatus]) -> str:
    """Who found the posts, of all channels together."""
    totals: Counter[str] = Counter()
    for each in statuses:
        totals.update(each.found_by)
    found = ", ".join(f"{count:,} by {name}" for name, count in totals.most_common())
    deleted = sum(each.deleted for each in statuses)
    return f"Posts: {found or 'none'}; {deleted:,} deleted by their channels. --json says it by channel."


def _floods(statuses: list[ChannelStatus]) -> list[str]:
    """A sentence for each account that Telegram wants to ask less."""
    waits = {each.reader: each.flood_waits for each in statuses if each.reader and each.flood_waits}
    return [
        f"Telegram lets {reader} wait: "
        + ", ".join(f"{method} for {span(seconds)}" for method, seconds in sorted(by_method.items()))
        + "; what it pushes is heard as ever."
        for reader, by_method in sorted(waits.items())
    ]


def _number(value: int | None) -> str:
    return f"{value:,}" if value is not None else ""


def _ago(moment: dt.datetime | None) -> str:
    if moment is None:
        return ""
    return f"{span((dt.datetime.now(dt.UTC) - moment).total_seconds())} ago"
