"""`channelwatch webhooks`: posts that match a query go to other systems."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.opening import in_transaction, opened
from cli.terminal import harmless

if TYPE_CHECKING:
    from storage.database import Connection
    from storage.webhooks import Webhook
    from web.webhooks.requests import Answer

app = typer.Typer(help="Posts that match a query go to other systems.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The webhook.")]


class Mode(StrEnum):
    """Which posts go."""

    EVERY = "every"
    FIRST = "first"


class BadAddress(Exception):
    """Nothing can be sent there; the message says why."""


class NoSuchWebhook(Exception):
    """There is no webhook of that name."""


class NotAccepted(Exception):
    """The receiver did not accept a test."""


@app.command("add")
def add(
    name: Name,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="As for a subscription.")],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="https://… ; - reads it from standard input.")],
    mode: Annotated[Mode, typer.Option(help="Every post, or the first of each story.")] = Mode.EVERY,
    apprise: Annotated[
        bool, typer.Option("--apprise", help="The address is one of apprise's: mailto:, slack:, matrix:, …")
    ] = False,
) -> None:
    """Send posts that match from now on to another system; shows the secret that its requests are signed with.

    Requests are JSON by POST, signed as Standard Webhooks says (standardwebhooks.com), made at least once, repeated for
    a day and more until accepted. Private addresses need their host in CHANNELWATCH_WEBHOOK_HOSTS. They are sent by
    the program that serves the console: `channelwatch run web`.

    **Examples**

    `channelwatch webhooks add desk 'topic:conflict лиманск' https://hooks.example/in`

    `echo 'slack://…' | channelwatch webhooks add chat 'topic:disaster' - --apprise --mode first`
    """
    url = sys.stdin.readline().strip() if address == "-" else address
    secret = asyncio.run(_add(name, query, url, mode.value, by_apprise=apprise))
    print(harmless(f"{name} is set up.") + (f" Its secret, shown this once: {secret}" if secret else ""))


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False) -> None:
    """Show all webhooks: where they go, and how they do. Addresses are not shown whole: they may hold secrets.

    **Examples**

    `channelwatch webhooks list`

    `channelwatch webhooks list --json | jq 'select(.failures > 0)'`
    """
    import json as encoding
    from dataclasses import asdict

    found = in_transaction(_listed)
    for each, query in found:
        row = asdict(each) | {"query": query}
        print(encoding.dumps(row, default=str, ensure_ascii=False) if json else harmless(_line(each, query)))
    if not found and not json:
        print("No webhooks yet: `channelwatch webhooks add NAME QUERY https://…`.")


@app.command("test")
def test(name: Name) -> None:
    """Send a webhook a request that is about no post, now, and say what came back.

    **Example**

    `channelwatch webhooks test desk`
    """
    answer = asyncio.run(_test(name))
    if not answer.is_accepted:
        raise NotAccepted(f"{name} did not accept it: {answer.detail}.")
    print(harmless(f"{name} accepted it: {answer.detail}."))


@app.command("pause")
def pause(name: Name) -> None:
    """Send nothing for a while. Posts of that time are never sent; what was owed before waits.

    **Example**

    `channelwatch webhooks pause desk`
    """
    _change(name, "pause")
    print(harmless(f"{name} is paused."))


@app.command("resume")
def resume(name: Name) -> None:
    """Send again, what waits first.

    **Example**

    `channelwatch webhooks resume desk`
    """
    _change(name, "resume")
    print(harmless(f"{name} goes on."))


@app.command("remove")
def remove(name: Name) -> None:
    """End a webhook; what it is owed is cancelled, its address and secret are forgotten.

    **Example**

    `channelwatch webhooks remove desk`
    """
    _change(name, "remove")
    print(harmless(f"{name} is gone."))


async def _add(name: str, words: str, url: str, mode: Literal["every", "first"], *, by_apprise: bool) -> str | None:
    from cli.asking import understood
    from config.keys import Key
    from config.settings import WebSettings, read
    from storage import webhooks
    from web.webhooks.signatures import new_secret

    settings = read(WebSettings)
    host = _host_of(url, settings.webhook_hosts, by_apprise=by_apprise)
    secret = None if by_apprise else new_secret()
    async with opened(settings) as database, database.begin() as connection:
        await webhooks.add(
            connection,
            Key.kept_in(settings.home),
            name=name,
            kind="apprise" if by_apprise else "webhook",
            query=await understood(connection, words, standing=True),
            mode=mode,
            host=host,
            address=webhooks.Address(url, secret),
        )
    return secret


def _host_of(url: str, allowed: frozenset[str], *, by_apprise: bool) -> str:
    """What lists show of an address. Raises BadAddress."""
    from web.webhooks.addresses import AddressRefused, checked

    try:
        if by_apprise:
            from web.webhooks.by_apprise import check

            return check(url)
        return checked(url, allowed).host or ""
    except (AddressRefused, ValueError) as error:
        raise BadAddress(str(error)) from None


async def _listed(connection: Connection) -> list[tuple[Webhook, str]]:
    from cli.asking import written
    from matching.query import parse
    from storage.webhooks import list_all

    found = await list_all(connection)
    return [(each, await written(connection, parse(each.query, stored=True))) for each in found]


async def _test(name: str) -> Answer:
    from config.keys import Key
    from config.settings import WebSettings, read
    from storage.webhooks import address_of
    from web.webhooks.trying import try_out

    settings = read(WebSettings)
    async with opened(settings) as database, database.begin() as connection:
        webhook = await _found(connection, name)
        address = await address_of(connection, Key.kept_in(settings.home), webhook.id)
    if address is None:
        raise _unknown(name)
    return await try_out(webhook, address, settings.webhook_hosts)


def _change(name: str, change: Literal["pause", "resume", "remove"]) -> None:
    from storage import webhooks

    changes = {"pause": webhooks.pause, "resume": webhooks.resume, "remove": webhooks.remove}

    async def changed(connection: Connection) -> None:
        await changes[change](connection, (await _found(connection, name)).id)

    in_transaction(changed)


async def _found(connection: Connection, name: str) -> Webhook:
    from storage.webhooks import find

    if (found := await find(connection, name)) is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> NoSuchWebhook:
    return NoSuchWebhook(f"There is no webhook “{name}”: `channelwatch webhooks list` shows all.")


def _line(webhook: Webhook, query: str) -> str:
    how = webhook.state_detail or (f"{webhook.failures} failures in a row" if webhook.failures else "")
    state = f"{webhook.state} ({how})" if how else webhook.state
    return f"{webhook.name}  {state}  {webhook.mode}  {webhook.kind} to {webhook.host}  {query}"
