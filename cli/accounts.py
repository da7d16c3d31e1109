"""`channelwatch accounts`: the Telegram accounts that read the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.opening import in_transaction

if TYPE_CHECKING:
    from storage.accounts import Reading
    from storage.database import Connection

app = typer.Typer(help="The Telegram accounts that read the channels.", no_args_is_help=True)


class UnknownAccount(Exception):
    """An account was named that is not there."""


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False) -> None:
    """Show the accounts: their state and why, how many channels each reads, and how many more it may join.

    **Examples**

    `channelwatch accounts list`

    `channelwatch accounts list --json | jq .name`
    """
    from storage.accounts import list_readings

    readings = in_transaction(list_readings)
    if json:
        _print_json(readings)
    else:
        _print_table(readings)


@app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="As `channelwatch accounts list` shows it.")]) -> None:
    """Forget an account and its session. A running `channelwatch run` gives its channels to the others.

    **Example**

    `channelwatch accounts remove second`
    """
    from storage.accounts import remove_account

    async def removed(connection: Connection) -> None:
        if not await remove_account(connection, name):
            raise UnknownAccount(f"There is no account {name}; `channelwatch accounts list` shows all.")

    in_transaction(removed)
    print(
        f"Forgotten: {name}. It stays in its channels, and signed in, until you leave them and end the session in a "
        "Telegram app (Settings, Devices)."
    )


def _print_json(readings: list[Reading]) -> None:
    import json

    for reading in readings:
        fields = ("name", "state", "state_detail", "reads", "is_in", "channels_max", "room")
        print(json.dumps({name: getattr(reading, name) for name in fields}, ensure_ascii=False))


def _print_table(readings: list[Reading]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not readings:
        print("No account yet: `channelwatch login`.")
        return
    table = Table("Account", "State", "Why", "Reads", "Room")
    for reading in readings:
        why = Text(reading.state_detail or "")
        table.add_row(reading.name, reading.state, why, str(reading.reads), f"{reading.room} of {reading.channels_max}")
    Console().print(table)
