"""Lives that end by kill -9: a program in a process of its own, and what a test does around its death."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from storage.database import Database
from tests.journeys.killed import NEVER_ANSWERED, Reaper, live
from tests.journeys.people import until
from tests.journeys.stage import Stage

LOCKS = {"ingest": "channelwatch account main", "bot": "channelwatch bot"}
"""What the connection is called that keeps a second process away."""

PROCESSES = get_context("forkserver")
"""Lives are forked from one process that has imported the programs and done nothing else: seconds less for each."""

PROCESSES.set_forkserver_preload(["tests.journeys.killed"])


class Life:
    """A program on its way to its end."""

    def __init__(self, process: BaseProcess, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def is_over(self) -> bool:
        """Whether the process is gone."""
        return not self._process.is_alive()

    def kill(self) -> None:
        """kill -9, now."""
        self._process.kill()

    def stop(self) -> None:
        """SIGSTOP: nothing of it runs, and its connections stay."""
        os.kill(self._process.pid or 0, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        os.kill(self._process.pid or 0, signal.SIGCONT)

    async def ends(self) -> bool:
        """Ask it to end (it may be dead already) and wait until it is gone; whether it was killed."""
        self._process.terminate()
        await until(lambda: self.is_over, "the process to end")
        code = self._process.exitcode
        assert code in (0, -signal.SIGKILL), f"ended with {code}:\n{self._log.read_text(encoding='utf-8')}"
        return code != 0


@asynccontextmanager
async def life(
    stage: Stage, program: str, moment: str = NEVER_ANSWERED, number: int = 1, *, without: str | None = None
) -> AsyncIterator[Life]:
    """Start a program that kills itself at a moment (see `killed`). After the block its locks are free again."""
    log = stage.settings.home / f"{program}.log"
    process = PROCESSES.Process(
        target=live, args=(program, Reaper(moment, number), without, stage.environment(), log), daemon=True
    )
    process.start()
    try:
        yield Life(process, log)
    finally:
        process.kill()
        process.join()
        process.close()
        await until(lambda: _is_free(stage, LOCKS[program]), "the lock of the dead process")


async def let_leases_end(database: Database) -> None:
    """Turn the clock on to where the dead process's leases have run out."""
    async with database.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE deliveries SET leased_until_at = now() - interval '1 second' WHERE state IN ('leased', 'sending')"
        )


async def _is_free(stage: Stage, lock: str) -> bool:
    return not await stage.rows(
        f"SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = '{lock}'"
    )
