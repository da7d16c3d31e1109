"""`channelwatch channels set`: several channels under one name, for `in:` in queries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from storage.channel_sets import ChannelSet

SetName = Annotated[str, typer.Argument(metavar="NAME", help="The set's name, as in `in:war-desk`.")]


class Contradiction(Exception):
    """Options that cannot go together."""


def set_(
    name: SetName,
    channels: Annotated[list[str] | None, typer.Argument(help="@name, name or t.me/name; several.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Keep those that are in it already.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take these out of it.")] = False,
) -> None:
    """Make a set of channels, or let it hold these instead; without channels, show it.

    Queries ask for it by `in:NAME`, and mean the channels that are in it at the time.

    **Examples**

    `channelwatch channels set war-desk @demo_limansk_live @demo_opal_wire`

    `channelwatch channels set war-desk @demo_harbour_news --add`

    `channelwatch channels set war-desk`
    """
    from ingest.channel_names import channel_name

    if add and remove:
        raise Contradiction("Give --add or --remove, not both.")
    if (add or remove) and not channels:
        raise Contradiction(f"Name the channels to {'add' if add else 'remove'}.")
    _print(asyncio.run(_set(name, [channel_name(each) for each in channels or ()], add=add, remove=remove)))


def sets(json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False) -> None:
    """Show all sets of channels.

    **Examples**

    `channelwatch channels sets`

    `channelwatch channels sets --json | jq .channels`
    """
    import json as encoding

    found = asyncio.run(_sets())
    for each in found:
        if json:
            names = [channel.username or channel.title for channel in each.channels]
            print(encoding.dumps({"name": each.name, "number": each.id, "channels": names}, ensure_ascii=False))
        else:
            _print(each)
    if not found and not json:
        print("No sets yet: `channelwatch channels set NAME @a @b`.")


def unset(
    name: SetName,
    force: Annotated[bool, typer.Option("--force", help="Even if subscriptions ask for it.")] = False,
) -> None:
    """Remove a set of channels. The channels stay.

    **Example**

    `channelwatch channels unset war-desk`
    """
    asking = asyncio.run(_unset(name, force=force))
    subscriptions = "1 subscription" if asking == 1 else f"{asking} subscriptions"
    left = f" {subscriptions} asked for it: they stay, and match nothing by it." if asking else ""
    print(f"in:{harmless(name)} is gone; its channels stay.{left}")


async def _set(name: str, usernames: list[str], *, add: bool, remove: bool) -> ChannelSet:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage import channel_sets

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        if not usernames:
            return await channel_sets.find_set(connection, name)
        if remove:
            return await channel_sets.remove_from_set(connection, name, usernames)
        change = channel_sets.add_to_set if add else channel_sets.set_channels
        return await change(connection, name, usernames)


async def _sets() -> list[ChannelSet]:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.channel_sets import list_sets

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        return await list_sets(connection)


async def _unset(name: str, *, force: bool) -> int:
    from cli.opening import opened
    from config.settings import StorageSettings, read
    from storage.channel_sets import remove_set

    async with opened(read(StorageSettings)) as database, database.begin() as connection:
        return await remove_set(connection, name, force=force)


def _print(found: ChannelSet) -> None:
    names = ", ".join(channel.name for channel in found.channels) or "no channel"
    print(harmless(f"in:{found.name}  {names}"))
