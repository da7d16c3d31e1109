"""`channelwatch doctor`: is everything as it should be, and if not, what to do."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal import harmless

if TYPE_CHECKING:
    from cli.doctor_checks import Check
    from config.settings import BotSettings, IngestSettings
    from storage.checkup import Findings

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


class Unwell(Exception):
    """Something does not work; the lines before say what."""


def doctor(
    online: Annotated[
        bool, typer.Option("--online", help="Also ask Telegram: does the token work, what time is it.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a check, for programs.")] = False,
) -> None:
    """Look at settings, database, schema, session, keys, clock, disk, channels, deliveries and backups.

    Each line says ok, warn or fail, and what to do. Nothing is changed, and without --online nothing leaves this
    machine but to the database. Exits 1 if anything fails.

    **Examples**

    `channelwatch doctor`

    `channelwatch doctor --online --json | jq 'select(.verdict != "ok")'`
    """
    checks = list(asyncio.run(_examine(online=online)))
    for check in checks:
        _print_json(check) if json else _print_line(check)
    failed = sum(check.verdict == "fail" for check in checks)
    if failed:
        raise Unwell("1 check failed." if failed == 1 else f"{failed} checks failed.")


async def _examine(*, online: bool) -> list[Check]:
    from cli import doctor_machine as machine
    from cli.doctor_checks import Check, backups
    from config import logs
    from config.settings import BotSettings, IngestSettings, SettingsError, WebSettings, read
    from storage.backups import last_backup_at

    logs.set_up()
    try:
        ingest, bot, _ = read(IngestSettings), read(BotSettings), read(WebSettings)
    except SettingsError as error:
        return [Check("settings", "fail", str(error), "Correct it in the environment or in .env (see .env.example).")]
    checks = [*machine.settings(ingest, bot), machine.room(ingest.home), *await _of_database(ingest, bot)]
    checks.append(backups(last_backup_at(ingest.home), dt.datetime.now(dt.UTC)))
    return [*checks, *await machine.token(bot)] if online else checks


async def _of_database(ingest: IngestSettings, bot: BotSettings) -> list[Check]:
    """Everything that the database must be there for. A private one is started for it, and not migrated."""
    from cli.database_address import database_address
    from cli.doctor_checks import Check
    from storage.database_address import DatabaseUnreachable
    from storage.embedded import EmbeddedServerError

    is_private = ingest.database_url is None
    if is_private and not (ingest.home / "postgres").exists():
        return [Check("database", "warn", "there is none yet", "It is made when the first program starts.")]
    try:
        with database_address(ingest) as (url, _):
            return await _of_server(url, ingest, bot, is_private=is_private)
    except (DatabaseUnreachable, EmbeddedServerError) as error:
        return [Check("database", "fail", "it does not answer", str(error))]


async def _of_server(url: str, ingest: IngestSettings, bot: BotSettings, *, is_private: bool) -> list[Check]:
    from cli import doctor_checks, doctor_machine
    from storage import checkup, migrations
    from storage.accounts import list_accounts
    from storage.database import Database

    found = await asyncio.to_thread(checkup.schema_of, url)
    schema = doctor_checks.schema(found, migrations.head(), is_private=is_private)
    if schema.verdict != "ok":
        return [schema]
    database = Database(url)
    try:
        async with database.begin() as connection:
            asked_at = dt.datetime.now(dt.UTC)
            findings = await checkup.look(connection)
            skew = asked_at + (dt.datetime.now(dt.UTC) - asked_at) / 2 - findings.now_at
            sessions = {account.name: account.session for account in await list_accounts(connection)}
    finally:
        await database.close()
    return [
        doctor_checks.server(findings),
        schema,
        doctor_checks.clock("clock", skew, "the database's"),
        *doctor_machine.secret_files(ingest, bot, has_account=bool(sessions)),
        *doctor_machine.opens_sessions(ingest, sessions),
        *_of_findings(findings, is_reading=ingest.missing() is None, is_sending=bot.token is not None),
    ]


def _of_findings(findings: Findings, *, is_reading: bool, is_sending: bool) -> Iterator[Check]:
    from cli import doctor_checks

    yield from doctor_checks.accounts(findings, is_wanted=is_reading)
    yield from doctor_checks.reading(findings)
    if is_sending or findings.late:
        yield from doctor_checks.sending(findings, findings.now_at)


def _print_json(check: Check) -> None:
    import json
    from dataclasses import asdict

    print(json.dumps(asdict(check), ensure_ascii=False))


def _print_line(check: Check) -> None:
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble((f"{check.verdict:<5}", STYLES[check.verdict]), f"{check.name}: {harmless(check.said)}")
    if check.advice:
        line.append(f"\n     {harmless(check.advice)}", "dim")
    Console(highlight=False).print(line, soft_wrap=True)
