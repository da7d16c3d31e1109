"""`channelwatch demo`: the whole product against Telegram in a box."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer


def demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the feed, with one JSON object that counts it.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the chat page on 127.0.0.1; 0 for any.")] = 8877,
) -> None:
    """Show everything at work with no account, no database and no internet.

    Starts Telegram in a box, a private database, ingest and the bot. Three invented people subscribe by talking to the
    bot; six invented channels publish; their alerts are printed as they arrive. On the chat page you are the fourth.

    **Examples**

    `channelwatch demo`

    `channelwatch demo --exit`
    """
    from cli.demonstration.play import play
    from config import logs

    logs.set_up()
    outcome = asyncio.run(play(leave=leave, port=port))
    if leave:
        print(outcome.to_json())
        sys.exit(0 if outcome.is_flawless else 1)
