"""`channelwatch operators`: who may sign in to the console."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.opening import in_transaction

if TYPE_CHECKING:
    from storage.database import Connection

app = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A name of their own, or an e-mail address.")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="Read the password from this file; else it is asked for.")
]


class PasswordsDiffer(Exception):
    """The password was not typed the same way twice."""


class UnreadablePassword(Exception):
    """The file with the password cannot be read."""


@app.command("add")
def add(name: Name, password_file: PasswordFile = None) -> None:
    """Let somebody sign in to the console. The password, 12 characters at least, is asked for twice.

    **Examples**

    `channelwatch operators add anna`

    `channelwatch operators add anna --password-file /run/secrets/anna`
    """
    from storage.operators import add_operator, note_action

    hashed = _hashed_password(name, password_file)

    async def added(connection: Connection) -> None:
        await add_operator(connection, name, hashed)
        await note_action(connection, name, "operator added")

    in_transaction(added)
    print(f"{name} can sign in to the console now: `channelwatch run web` serves it.")


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False) -> None:
    """Show who may sign in, and when each was there last.

    **Examples**

    `channelwatch operators list`

    `channelwatch operators list --json | jq .name`
    """
    import json as encoding
    from dataclasses import asdict

    from storage.operators import list_operators

    listed = in_transaction(list_operators)
    for each in listed:
        if json:
            print(encoding.dumps(asdict(each), ensure_ascii=False, default=lambda moment: moment.isoformat()))
        else:
            seen = f"last seen {each.used_at:%Y-%m-%d %H:%M} UTC" if each.used_at else "not signed in"
            print(f"{each.name}  since {each.created_at:%Y-%m-%d}, {seen}, browsers: {each.sessions}")
    if not listed and not json:
        print("Nobody yet: `channelwatch operators add NAME` lets somebody in.")


@app.command("remove")
def remove(name: Name) -> None:
    """Let somebody in no longer. Where they are signed in, that ends at once.

    **Example**

    `channelwatch operators remove anna`
    """
    from storage.operators import note_action, remove_operator

    async def removed(connection: Connection) -> None:
        await remove_operator(connection, name)
        await note_action(connection, name, "operator removed")

    in_transaction(removed)
    print(f"{name} is out; no session of theirs is left.")


@app.command("password")
def password(name: Name, password_file: PasswordFile = None) -> None:
    """Give somebody a new password. Where they are signed in, that ends at once.

    **Example**

    `channelwatch operators password anna`
    """
    from storage.operator_sessions import end_sessions
    from storage.operators import known_operator, note_action, set_password

    hashed = _hashed_password(name, password_file)

    async def changed(connection: Connection) -> int:
        operator = await known_operator(connection, name)
        await set_password(connection, operator.id, hashed)
        await note_action(connection, operator.name, "password set")
        return await end_sessions(connection, operator.id)

    print(f"{name} has a new password. Sessions ended: {in_transaction(changed)}.")


def _hashed_password(name: str, file: Path | None) -> str:
    from web.access.passwords import hashed, require_good

    given = _read(file) if file else _typed()
    require_good(given, name)
    return hashed(given)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UnreadablePassword(f"The file with the password cannot be read: {reason}.") from None


def _typed() -> str:
    import getpass

    first = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != first:
        raise PasswordsDiffer("The two passwords differ: start again.")
    return first
