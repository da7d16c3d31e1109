"""`channelwatch tokens`: what lets programs into the API."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.opening import in_transaction
from cli.terminal import harmless

if TYPE_CHECKING:
    from storage.api_tokens import ApiToken

app = typer.Typer(help="What lets programs into the API.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")]


class Scope(StrEnum):
    """What a token may do; none includes another."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class NoSuchToken(Exception):
    """There is no token of that name that is good."""


@app.command("create")
def create(
    name: Name,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(
            "--scope",
            help="read: posts, stories, channels, topics, trends, own saved searches. write: change those searches."
            " admin: what is owed to whom, and everybody's searches. May be given several times; read, if not given.",
        ),
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Whose saved searches it is about; tokens may share them. Else its own.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long it is good; else until revoked.")] = None,
) -> None:
    """Make a token and show it: this once, for only its hash is kept.

    **Examples**

    `channelwatch tokens create dashboard`

    `channelwatch tokens create newsroom --scope read --scope write --owner war-desk --days 90`
    """
    from storage.api_tokens import make

    lasts = dt.timedelta(days=days) if days is not None else None
    scopes = [each.value for each in scope or [Scope.READ]]

    _, word = in_transaction(lambda connection: make(connection, name=name, scopes=scopes, owner=owner, lasts=lasts))
    print(word)


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False) -> None:
    """Show every token there is or was; the words themselves nobody can show.

    **Examples**

    `channelwatch tokens list`

    `channelwatch tokens list --json | jq 'select(.revoked_at == null).name'`
    """
    import json as encoding
    from dataclasses import asdict

    from storage.api_tokens import list_all

    found = in_transaction(list_all)
    for each in found:
        row = asdict(each) | {"scopes": sorted(each.scopes)}
        print(encoding.dumps(row, default=str, ensure_ascii=False) if json else harmless(_line(each)))
    if not found and not json:
        print("No tokens yet: `channelwatch tokens create NAME --scope read`.")


@app.command("revoke")
def revoke(name: Name) -> None:
    """End a token at once. Saved searches of its owner stay.

    **Example**

    `channelwatch tokens revoke dashboard`
    """
    from storage import api_tokens

    if not in_transaction(lambda connection: api_tokens.revoke(connection, name)):
        raise NoSuchToken(f"There is no token “{name}” that is good: `channelwatch tokens list` shows all.")
    print(harmless(f"{name} is revoked."))


def _line(token: ApiToken) -> str:
    used = f"used {token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never used"
    if token.revoked_at:
        ends = f"revoked {token.revoked_at:%Y-%m-%d}"
    else:
        ends = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "until revoked"
    return f"{token.name}  {' '.join(sorted(token.scopes))}  owner {token.owner}  {ends}  {used}"
