"""`channelwatch login`: sign the reading account in."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated

import typer


def login(
    qr: Annotated[
        bool, typer.Option("--qr", help="Show a QR code to scan with the official app, ask no code.")
    ] = False,
    account: Annotated[
        str, typer.Option(help="A name of your own for it, where several accounts share the channels.")
    ] = "main",
) -> None:
    """Sign in a Telegram account that reads channels.

    Needs TELEGRAM_API_ID and TELEGRAM_API_HASH, your own, from https://my.telegram.org. Use an account kept for this,
    with a second factor. The session is stored encrypted; the key lies in the data folder, readable for you only.

    **Examples**

    `channelwatch login`

    `channelwatch login --qr`

    `channelwatch login --account second`
    """
    name = asyncio.run(_login(qr, account))
    print(f"Signed in as {name}. Next: `channelwatch channels add @name`, then `channelwatch run`.")


class NotConfigured(Exception):
    """Settings that a command needs are missing."""


async def _login(qr: bool, account: str) -> str:
    from cli.opening import opened
    from config.settings import IngestSettings, read
    from ingest.login import login as sign_in
    from ingest.sessions import account_name

    account_name(account)
    settings = read(IngestSettings)
    if missing := settings.missing():
        raise NotConfigured(missing)
    async with opened(settings) as database:
        return (await sign_in(database, settings, _Terminal(), by_qr=qr, account=account)).name


class _Terminal:
    """The person at the terminal. What they type here goes to Telegram and nowhere else."""

    async def phone(self) -> str:
        return await _typed("Phone number, with country code")

    async def code(self, where: str) -> str:
        return await _typed(f"Code ({where})")

    async def password(self, hint: str | None) -> str:
        return await _typed(f"Password{f' (hint: {hint})' if hint else ''}", hidden=True)

    async def show_qr(self, url: str, expires_at: dt.datetime) -> None:
        import sys

        import segno

        print("\nIn the official app: Settings, Devices, Link Desktop Device. Scan before it changes:\n")
        segno.make(url).terminal(out=sys.stdout, compact=True)

    async def say(self, sentence: str) -> None:
        print(sentence)


async def _typed(question: str, *, hidden: bool = False) -> str:
    # In a thread: Telethon answers pings while the person looks for the code.
    answer: str = await asyncio.to_thread(typer.prompt, question, hide_input=hidden)
    return answer
