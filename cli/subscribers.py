"""`channelwatch subscribers`: who uses the bot, who may, and who is to be forgotten."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from cli.opening import in_transaction, opened
from cli.terminal import harmless

if TYPE_CHECKING:
    from storage.database import Database
    from storage.ids import ChatId
    from storage.people import Listed

app = typer.Typer(help="Who uses the bot, who may, and who is to be forgotten.", no_args_is_help=True)

NEGATIVE = {"ignore_unknown_options": True}
"""Groups and channels have negative numbers, which are no options."""

LONGEST = 70.0
"""Seconds to wait for what is being sent: a sender's lease is over then (bot.delivery)."""

Number = Annotated[
    int, typer.Argument(metavar="NUMBER", help="Telegram's number: of a person, or (negative) of a group or channel.")
]


class Contradiction(Exception):
    """Options that cannot go together."""


class UnknownNumber(Exception):
    """Nothing is held about that number."""


@app.command("list")
def list_(json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False) -> None:
    """Show every chat that is held, and every person who was let in or is kept out.

    **Examples**

    `channelwatch subscribers list`

    `channelwatch subscribers list --json | jq .number`
    """
    import json as encoding
    from dataclasses import asdict

    from storage.people import list_all

    listed = in_transaction(list_all)
    for each in listed:
        print(encoding.dumps(asdict(each), default=str) if json else _line(each))
    if not listed and not json:
        print("Nobody yet: `channelwatch subscribers invite --operator` makes a link for yourself.")


@app.command("show", context_settings=NEGATIVE)
def show(number: Number) -> None:
    """Show everything that is held about a chat and its person, as JSON: what /export gives them.

    **Example**

    `channelwatch subscribers show 123456789`
    """
    import json as encoding

    from storage.held import held_about
    from storage.ids import ChatId

    held = in_transaction(lambda connection: held_about(connection, ChatId(number)))
    if not held:
        raise UnknownNumber(f"Nothing is held about {number}. `channelwatch subscribers list` shows whom there is.")
    print(harmless(encoding.dumps(held, ensure_ascii=False, indent=2)))


@app.command("invite")
def invite(
    uses: Annotated[int, typer.Option("--uses", min=1, max=1000, help="How many people it lets in.")] = 1,
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How long it is good.")] = 7,
    operator: Annotated[bool, typer.Option("--operator", help="It makes one person an operator.")] = False,
) -> None:
    """Make a link that lets people in, or makes somebody an operator.

    **Examples**

    `channelwatch subscribers invite --operator`

    `channelwatch subscribers invite --uses 20 --days 30`
    """
    username, token = asyncio.run(_invite(uses, dt.timedelta(days=days), is_operator=operator))
    if username is None:
        print(f"Open the bot in Telegram and write: /start i_{token}")
    else:
        print(f"https://t.me/{username}?start=i_{token}")


@app.command("allow", context_settings=NEGATIVE)
def allow(
    number: Annotated[
        int | None, typer.Argument(metavar="NUMBER", help="Of a person, or (negative) of a group.")
    ] = None,
    operator: Annotated[bool, typer.Option("--operator", help="As an operator.")] = False,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="All who use the bot now and are not kept out.")
    ] = False,
) -> None:
    """Let a person or a group in by number, without an invitation; whoever was kept out is not any more.

    **Examples**

    `channelwatch subscribers allow 123456789 --operator`

    `channelwatch subscribers allow --everybody`
    """
    from storage import people

    if everybody == (number is not None):
        raise Contradiction("Give a number, or --everybody.")
    if number is None:
        print(f"Let in: {in_transaction(people.allow_everybody)} more.")
        return
    role = people.OPERATOR if operator else people.SUBSCRIBER
    in_transaction(lambda connection: people.allow(connection, number, role))
    print(f"Let in: {number}.")


@app.command("block", context_settings=NEGATIVE)
def block(number: Number) -> None:
    """Keep a person or a group out: never answered, owed nothing. What they had stays; `remove` erases it.

    **Example**

    `channelwatch subscribers block 123456789`
    """
    from storage import people

    in_transaction(lambda connection: people.block(connection, number))
    print(f"Kept out: {number}. `channelwatch subscribers allow {number}` undoes that.")


@app.command("remove", context_settings=NEGATIVE)
def remove(number: Number) -> None:
    """Erase everything about a chat and its person, for good: what /delete_me does.

    **Example**

    `channelwatch subscribers remove 123456789`
    """
    rows = asyncio.run(_remove(number))
    print(f"Erased: {number}, {'1 row' if rows == 1 else f'{rows} rows'}.")


def _line(each: Listed) -> str:
    subscriptions = "1 subscription" if each.subscriptions == 1 else f"{each.subscriptions} subscriptions"
    role = " operator" if each.role == "operator" else ""
    return f"{each.number}  {each.kind}{role}  {each.state}  {subscriptions}  since {each.since_at:%Y-%m-%d}"


async def _invite(uses: int, lasts: dt.timedelta, *, is_operator: bool) -> tuple[str | None, str]:
    from bot.identity import username_of
    from config.settings import BotSettings, read
    from storage import invites, people

    settings = read(BotSettings)
    role = people.OPERATOR if is_operator else people.SUBSCRIBER
    async with opened(settings) as database, database.begin() as connection:
        token = await invites.make(connection, role=role, uses=uses, lasts=lasts)
    username = await username_of(settings.token.get_secret_value(), settings.api_url) if settings.token else None
    return username, token


async def _remove(number: int) -> int:
    from config.settings import StorageSettings, read
    from storage import erasure
    from storage.held import held_about
    from storage.ids import ChatId

    chat_id = ChatId(number)
    async with opened(read(StorageSettings)) as database:
        async with database.begin() as connection:
            rows = sum(map(len, (await held_about(connection, chat_id)).values()))
            if not rows:
                raise UnknownNumber(f"Nothing is held about {number}.")
            await erasure.request(connection, chat_id)
        await _quiet(database, chat_id)
        async with database.begin() as connection:
            await erasure.finish(connection, chat_id)
    return rows


async def _quiet(database: Database, chat_id: ChatId) -> None:
    """Wait until nothing is being sent there; a running bot may be faster, and erase it first."""
    from storage import erasure

    waited = 0.0
    while waited < LONGEST:
        async with database.begin() as connection:
            if not await erasure.is_busy(connection, chat_id):
                return
        await asyncio.sleep(0.5)
        waited += 0.5
