"""`channelwatch run`: the programs, until they are stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from config.settings import BotSettings, IngestSettings, WebSettings
    from storage.database import Database


class Part(StrEnum):
    """What may be run alone, as the services of docker-compose.yml do."""

    INGEST = "ingest"
    BOT = "bot"
    WEB = "web"


class NothingToRun(Exception):
    """The environment configures none of the programs that were asked for."""


NOBODY_IN = "Nobody may use the bot yet: `channelwatch subscribers invite --operator` makes a link for you."

Program = Callable[["Database", asyncio.Event], Coroutine[Any, Any, None]]


def run(
    part: Annotated[Part | None, typer.Argument(help="Only this one; else all that is configured.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
    json_logs: Annotated[bool, typer.Option("--json-logs", help="Log JSON lines, for machines.")] = False,
) -> None:
    """Read channels, send alerts and serve the console, until Ctrl-C or SIGTERM.

    Runs what the environment or `.env` configures: ingest with TELEGRAM_API_ID and TELEGRAM_API_HASH, the bot with
    BOT_TOKEN, the console with CHANNELWATCH_WEB=true.

    **Examples**

    `channelwatch run`

    `channelwatch run bot --json-logs`

    `channelwatch run web`
    """
    from config import logs
    from config.settings import BotSettings, IngestSettings, WebSettings, read

    logs.set_up(verbose=verbose, json=json_logs)
    ingest, bot, web = read(IngestSettings), read(BotSettings), read(WebSettings)
    wanted = {
        name: (missing, program)
        for name, missing, program in (
            (Part.INGEST, ingest.missing(), _ingest(ingest)),
            (Part.BOT, bot.missing(), _bot(bot)),
            (Part.WEB, None, _web(web)),
        )
        if part == name or (part is None and (name is not Part.WEB or web.web))
    }
    programs = [program for missing, program in wanted.values() if missing is None]
    missing = " ".join(sentence for sentence, _ in wanted.values() if sentence)
    if not programs:
        raise NothingToRun(missing)
    if missing:
        print(missing, file=sys.stderr)
    asyncio.run(_run(ingest, programs))


def _ingest(settings: IngestSettings) -> Program:
    async def program(database: Database, stop: asyncio.Event) -> None:
        from ingest.program import run_ingest

        await run_ingest(database, settings, stop=stop)

    return program


def _bot(settings: BotSettings) -> Program:
    async def program(database: Database, stop: asyncio.Event) -> None:
        from bot.application import run_bot
        from bot.callback_data import Seal
        from bot.rules import Entry, Rules
        from storage.people import is_anybody_in

        rules = Rules(
            entry=Entry(settings.access),
            operators=settings.operators,
            listed=settings.listed,
            inline=settings.inline,
            contact=settings.contact,
            most_subscriptions=settings.most_subscriptions,
            commands_a_minute=settings.commands_a_minute,
        )
        token = settings.token.get_secret_value() if settings.token else ""
        seal = Seal.kept_in(settings.button_secret_path)
        if rules.entry is Entry.INVITE and not rules.operators | rules.listed:
            async with database.begin() as connection:
                if not await is_anybody_in(connection):
                    print(NOBODY_IN, file=sys.stderr)
        await run_bot(database, token, settings.api_url, stop=stop, rules=rules, seal=seal)

    return program


def _web(settings: WebSettings) -> Program:
    async def program(database: Database, stop: asyncio.Event) -> None:
        from web.program import run_web

        await run_web(database, settings, stop=stop)

    return program


def _health(host: str, port: int) -> Program:
    async def program(database: Database, stop: asyncio.Event) -> None:
        from web.health_server import serve_health

        await serve_health(database, host, port, stop=stop)

    return program


async def _run(settings: IngestSettings, programs: list[Program]) -> None:
    from cli.opening import opened

    async with opened(settings) as database, _until_told() as stop:
        if settings.metrics_port is not None:
            programs = [*programs, _health(settings.metrics_host, settings.metrics_port)]
        await together([program(database, stop) for program in programs], stop)


async def together(programs: list[Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
    """Run programs side by side. When one ends or fails, the others are asked to stop; the first failure is raised."""
    tasks = [asyncio.create_task(program) for program in programs]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await asyncio.wait(tasks)
    for task in tasks:
        task.result()


@contextlib.asynccontextmanager
async def _until_told() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set; a second one ends the process the hard way."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told, number)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
