"""`channelwatch deliveries`: what the bot owes, what failed and why, and what an operator does about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.opening import in_transaction
from cli.terminal import harmless, span

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.delivery_figures import Failure, Listed, StateFigure
    from storage.ids import DeliveryId

app = typer.Typer(help="What the bot owes, what failed, and what to do about it.", invoke_without_command=True)

Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="ID...", help="As `list` shows them.", show_default=False)]

FAILED = ("dead", "unknown")
STATES = ("held", "pending", "leased", "sending", "unknown", "sent", "dead", "cancelled")


class NothingChanged(Exception):
    """Deliveries were left as they are; the message says why."""


@app.callback()
def deliveries(context: typer.Context, json: Json = False) -> None:
    """What the bot owes, what failed, and what to do about it. By itself: `status`."""
    if context.invoked_subcommand is None:
        status(json=json)


@app.command("status")
def status(
    days: Annotated[float, typer.Option(min=0.01, max=30, help="Failures of the last so many days.")] = 7.0,
    json: Json = False,
) -> None:
    """Show how many deliveries there are in each state and how old they are, and why some failed.

    **Examples**

    `channelwatch deliveries status`

    `channelwatch deliveries status --json | jq '.states[] | select(.late > 0)'`
    """
    from storage import delivery_figures

    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)

    async def read(connection: Connection) -> tuple[list[StateFigure], list[Failure]]:
        return await delivery_figures.figures(connection), await delivery_figures.failures(connection, since)

    figures, failures = in_transaction(read)
    if json:
        _print_json({"states": [_row(each) for each in figures], "failures": [_row(each) for each in failures]})
    else:
        _print_status(figures, failures)


@app.command("list")
def list_(
    state: Annotated[
        list[str] | None, typer.Option("--state", help=f"One of {', '.join(STATES)}; may be given again.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest first.")] = 20,
    text: Annotated[bool, typer.Option("--text", help="With what the posts say.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Show deliveries one by one: those that failed, unless other states are named.

    **Examples**

    `channelwatch deliveries list`

    `channelwatch deliveries list --state pending --state held --limit 100 --json`
    """
    from storage.delivery_figures import list_deliveries

    chosen = state or list(FAILED)
    if unknown := [each for each in chosen if each not in STATES]:
        raise typer.BadParameter(f"There is no state {unknown[0]}: {', '.join(STATES)}.", param_hint="--state")
    listed = in_transaction(lambda connection: list_deliveries(connection, chosen, limit=limit, with_text=text))
    for each in listed:
        if json:
            _print_json({name: value for name, value in _row(each).items() if text or name != "text"})
        else:
            _print_listed(each)
    if not listed and not json:
        print(f"None {' or '.join(chosen)}.")


@app.command("retry")
def retry(
    ids: Ids = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that failed for good.")] = False,
    json: Json = False,
) -> None:
    """Send failed deliveries once more, now. What may have arrived already is marked as a possible repeat.

    **Examples**

    `channelwatch deliveries retry 4711 4712`

    `channelwatch deliveries retry --dead`
    """
    _one_of(ids, is_all=dead, option="--dead")
    _report(*in_transaction(lambda connection: _retry(connection, ids)), done="due again", json=json)


@app.command("cancel")
def cancel(
    ids: Ids = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="All that wait, held ones too.")] = False,
    json: Json = False,
) -> None:
    """Send deliveries no more that still wait. After a restore, for instance, those that went out since the backup.

    Where a story's alert is cancelled and another that tells the same story was held back for it, that one goes.

    **Examples**

    `channelwatch deliveries cancel 4711`

    `channelwatch deliveries cancel --waiting`
    """
    _one_of(ids, is_all=waiting, option="--waiting")
    _report(*in_transaction(lambda connection: _cancel(connection, ids)), done="cancelled", json=json)


def _one_of(ids: list[int] | None, *, is_all: bool, option: str) -> None:
    if bool(ids) == is_all:
        raise typer.BadParameter(f"Give numbers, or {option}.", param_hint="ID")


async def _retry(connection: Connection, ids: list[int] | None) -> tuple[int, Mapping[DeliveryId, str]]:
    from storage.delivery_figures import failed_ids, retry
    from storage.ids import DeliveryId

    chosen = [DeliveryId(number) for number in ids] if ids else await failed_ids(connection)
    refused = await retry(connection, chosen)
    return len(set(chosen)) - len(refused), refused


async def _cancel(connection: Connection, ids: list[int] | None) -> tuple[int, Mapping[DeliveryId, str]]:
    from storage.delivery_figures import cancel, waiting_ids
    from storage.ids import DeliveryId

    chosen = [DeliveryId(number) for number in ids] if ids else await waiting_ids(connection)
    refused = await cancel(connection, chosen)
    return len(set(chosen)) - len(refused), refused


def _report(count: int, refused: Mapping[DeliveryId, str], *, done: str, json: bool) -> None:
    if json:
        _print_json({"changed": count, "refused": {str(number): str(why) for number, why in refused.items()}})
    else:
        print(f"{'1 delivery' if count == 1 else f'{count:,} deliveries'} {done}.")
    if refused:
        said = "; ".join(f"{number}: {why}" for number, why in list(refused.items())[:5])
        more = f"; and {len(refused) - 5:,} more" if len(refused) > 5 else ""
        raise NothingChanged(f"Left as they are: {said}{more}.")


def _row(each: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(each)


def _print_json(value: dict[str, Any]) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False, default=dt.datetime.isoformat))


def _print_status(figures: list[StateFigure], failures: list[Failure]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not figures:
        print("Nothing has been owed yet.")
        return
    console = Console()
    table = Table("State", "What", box=None, pad_edge=False, header_style="dim")
    for heading in ("How many", "Oldest", "Late"):
        table.add_column(heading, justify="right")
    for each in figures:
        late = Text(f"{each.late:,}" if each.late else "", "red")
        table.add_row(each.state, each.kind, f"{each.count:,}", _age(each.oldest_at), late)
    console.print(table)
    for failure in failures:
        reason = Text(f"{failure.count:,} {failure.state}: {harmless(failure.reason) or 'no reason noted'}", "yellow")
        console.print(reason, f"(last {_age(failure.newest_at)} ago)", soft_wrap=True)
    if failures:
        console.print("`channelwatch deliveries list` shows them, `retry` sends them once more.", style="dim")


def _print_listed(each: Listed) -> None:
    about = f"  {each.channel}/{each.message_id}" if each.channel else ""
    chat = f"  to {each.chat_id}" if each.chat_id is not None else ""
    why = f"  {each.detail}" if each.detail else ""
    print(harmless(f"{each.id}  {each.kind}  {each.state}  {_age(each.owed_at)} ago{chat}{about}{why}"))
    if each.text is not None:
        print(f"    {harmless(' '.join(each.text.split()))[:300]}")


def _age(moment: dt.datetime) -> str:
    return span((dt.datetime.now(dt.UTC) - moment).total_seconds())
