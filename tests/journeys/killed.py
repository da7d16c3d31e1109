"""Programs of ours that end themselves with SIGKILL at a chosen moment, each in a process of its own.

A moment is the n-th time that something happens, counted from the start: a statement that changed rows, the commit of a
transaction that changed rows (before it, after it), a message that the Bot API accepted. A cure can be switched off, so
that a test can show that its oracle notices.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import event
from telegram.ext import ExtBot

import bot.delivery as bot_delivery
import ingest.committing
import storage.deliveries
from bot.application import run_bot
from config import logs
from config.settings import BotSettings, IngestSettings, StorageSettings, read
from ingest.program import Sweeping, run_ingest
from storage.database import Connection, Database
from storage.deliveries import Alert, Leased, Owed, owe_alerts

AFTER_STATEMENT = "after-statement"
BEFORE_COMMIT = "before-commit"
AFTER_COMMIT = "after-commit"
AFTER_ACCEPTANCE = "after-acceptance"
NEVER_ANSWERED = "never-answered"
"""No kill: every accepted message waits for its answer for ever, so that somebody else can kill at the worst moment."""

CHANGES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) (?!(?:heartbeats|channels|accounts|rereads)\b)")
"""What changes anything but the books of who reads what: leases, heartbeats and looks come by the clock."""


class Reaper:
    """Kills this process when a moment comes for the n-th time."""

    def __init__(self, moment: str, number: int) -> None:
        self._moment = moment
        self._left = number

    def passes(self, moment: str) -> None:
        """This moment is now."""
        if moment != self._moment:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, database: Database) -> None:
        """Count the database's statements and commits, those that change nothing left out."""
        engine = database.engine.sync_engine
        commit = engine.dialect.do_commit

        def on_statement(connection: Any, cursor: Any, statement: str, *_: object) -> None:
            if CHANGES.match(statement) and cursor.rowcount > 0:
                connection.info["has_changes"] = True
                self.passes(AFTER_STATEMENT)

        def do_commit(connection: Any) -> None:
            has_changes = connection.info.pop("has_changes", False)
            if has_changes:
                self.passes(BEFORE_COMMIT)
            commit(connection)
            if has_changes:
                self.passes(AFTER_COMMIT)

        event.listen(engine, "after_cursor_execute", on_statement)
        engine.dialect.do_commit = do_commit  # type: ignore[method-assign,assignment]

    def watch_sending(self) -> None:
        """Count what the Bot API accepts; or let no answer ever come."""
        send = ExtBot.send_message

        async def send_message(*args: Any, **kwargs: Any) -> Any:
            sent = await send(*args, **kwargs)
            self.passes(AFTER_ACCEPTANCE)
            if self._moment == NEVER_ANSWERED:
                await asyncio.Event().wait()
            return sent

        ExtBot.send_message = send_message  # type: ignore[method-assign]


def owe_in_a_second_transaction() -> None:
    """Without the one commit: the post is stored first, and what it owes is written in another transaction."""
    commit = ingest.committing.Committing.commit
    waiting: list[Owed] = []

    async def owe_later(_: Connection, owed: Sequence[Owed]) -> int:
        waiting.extend(owed)
        return 0

    async def commit_twice(self: Any, *args: Any, **kwargs: Any) -> Any:
        count = await commit(self, *args, **kwargs)
        async with self._database.begin() as connection:
            count.owed += await owe_alerts(connection, waiting)
        waiting.clear()
        return count

    ingest.committing.owe_alerts = owe_later  # type: ignore[assignment,attr-defined]
    ingest.committing.Committing.commit = commit_twice  # type: ignore[method-assign]


def mark_before_sending() -> None:
    """Without the order of steps: an alert is marked as sent, and sent after that."""
    begin = storage.deliveries.begin_sending

    async def begin_and_mark(connection: Connection, leased: Leased, **words: Any) -> Alert | None:
        alert = await begin(connection, leased, **words)
        await storage.deliveries.mark_sent(connection, leased, 0)
        return alert

    storage.deliveries.begin_sending = begin_and_mark


def send_many_at_once() -> None:
    """Without the bound on what is under way."""
    bot_delivery.WORKERS = 10


def leave_out_the_reconciler() -> None:
    """Without the proof: what is told to nobody stays so."""
    sweeping["is_on"] = False


sweeping: dict[str, Any] = {"every": dt.timedelta(seconds=0.5), "is_on": True}
"""Oftener than as shipped: a test has no 20 seconds."""

CURES: Mapping[str, Callable[[], None]] = {
    "one-commit": owe_in_a_second_transaction,
    "mark-after-sending": mark_before_sending,
    "three-workers": send_many_at_once,
    "reconciler": leave_out_the_reconciler,
}


def live(program: str, reaper: Reaper, without: str | None, environment: Mapping[str, str], log: Path) -> None:
    """Be that program until it is killed or told to end by SIGTERM. To be called in a process of its own."""
    os.environ.update(environment)
    os.chdir(environment["CHANNELWATCH_HOME"])  # where nobody keeps an .env of their own
    with log.open("wb") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    logs.set_up()
    if without is not None:
        CURES[without]()
    asyncio.run(_live(program, reaper))


async def _live(program: str, reaper: Reaper) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = read(StorageSettings)
    assert settings.database_url is not None
    database = await Database.open(settings.home, settings.database_url.get_secret_value())
    reaper.watch(database)
    reaper.watch_sending()
    try:
        if program == "ingest":
            await run_ingest(database, read(IngestSettings), stop=stop, sweeping=Sweeping(**sweeping))
        else:
            bot = read(BotSettings)
            assert bot.token is not None
            await run_bot(database, bot.token.get_secret_value(), bot.api_url, stop=stop)
    finally:
        await database.close()
