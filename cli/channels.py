"""`channelwatch channels`: which channels are monitored."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.opening import in_transaction, opened
from cli.terminal import harmless

if TYPE_CHECKING:
    from rich.text import Text

    from storage.channels import Channel
    from storage.database import Connection, Database

app = typer.Typer(help="Which channels are monitored.", no_args_is_help=True)

Names = Annotated[list[str], typer.Argument(help="@name, name or t.me/name; several may be given.")]

ANSWER_WITHIN_SECONDS = 20.0


class NotMonitored(Exception):
    """A channel was named that is not monitored."""


@app.command("add")
def add(
    names: Names,
    wait: Annotated[bool, typer.Option(help="Wait for the answer of a running `channelwatch run`.")] = True,
) -> None:
    """Ask for channels to be monitored. The running ingest resolves and joins them, one at a time.

    **Examples**

    `channelwatch channels add @demo_limansk_live t.me/demo_opal_wire`
    """
    from ingest.channel_names import channel_name

    asyncio.run(_add([channel_name(name) for name in names], wait))


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False) -> None:
    """Show the channels, their state, and what hinders those that are not read.

    **Examples**

    `channelwatch channels list`

    `channelwatch channels list --json | jq .username`
    """
    from storage.channels import list_channels

    channels = in_transaction(list_channels)
    if json:
        _print_json(channels)
    else:
        _print_table(channels)


@app.command("remove")
def remove(names: Names) -> None:
    """Stop monitoring channels. What is stored stays and can be searched.

    **Example**

    `channelwatch channels remove @demo_limansk_live`
    """
    from ingest.channel_names import channel_name
    from storage.channels import remove_channel

    wanted = [channel_name(name) for name in names]

    async def removed(connection: Connection) -> None:
        for name in wanted:
            if not await remove_channel(connection, name):
                raise NotMonitored(
                    f"@{name} is not monitored, so nothing changed; `channelwatch channels list` shows all."
                )

    in_transaction(removed)
    print(f"Not monitored any more: {', '.join(f'@{name}' for name in wanted)}. What is stored stays.")


async def _add(names: list[str], wait: bool) -> None:
    from config.settings import StorageSettings, read
    from storage import channels

    async with opened(read(StorageSettings)) as database:
        async with database.begin() as connection:
            for name in names:
                await channels.request_channel(connection, name)
        if wait:
            await _wait_for_answers(database, names)
        async with database.begin() as connection:
            found = [await channels.find_channel(connection, name) for name in names]
    for name, channel in zip(names, found, strict=True):
        print(_said_of(name, channel))


async def _wait_for_answers(database: Database, names: list[str]) -> None:
    """Wait until ingest has answered for every name; not at all when no ingest runs."""
    from storage import channels
    from storage.accounts import list_accounts, lock_of
    from storage.holding import held_jobs

    async with database.begin() as connection:
        locks = [lock_of(account.name) for account in await list_accounts(connection)]
        if not await held_jobs(connection, locks):
            return
    wanted = {name.lower() for name in names}
    for _ in range(int(ANSWER_WITHIN_SECONDS / 0.2)):
        async with database.begin() as connection:
            waiting = {(channel.username or "").lower() for channel in await channels.requested_channels(connection)}
        if not wanted & waiting:
            return
        await asyncio.sleep(0.2)


def _said_of(name: str, channel: Channel | None) -> str:
    if channel is None:
        return f"@{name}: known under another name now; see `channelwatch channels list`."
    if channel.state == "active":
        return f"@{name}: monitored ({channel.title})."
    if channel.state == "requested" and channel.state_detail is None:
        return f"@{name}: noted; it is joined as soon as `channelwatch run` is running."
    return f"@{name}: {channel.state_detail or channel.state}"


def _print_json(channels: list[Channel]) -> None:
    import json

    for channel in channels:
        fields = ("username", "title", "telegram_id", "state", "state_detail", "is_protected")
        print(json.dumps({name: getattr(channel, name) for name in fields}, ensure_ascii=False))


def _print_table(channels: list[Channel]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not channels:
        print("No channels yet: `channelwatch channels add @name`.")
        return
    table = Table("Channel", "Title", "State", "Why")
    for channel in channels:
        table.add_row(*map(_shown, (channel.name, channel.title, channel.state, channel.state_detail or "")))
    Console().print(table)


def _shown(text: str) -> Text:
    from rich.text import Text

    return Text(harmless(text))
