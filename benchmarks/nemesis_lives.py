"""The lives of the tormented process: started again a second after every end, as a service manager does it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.measuring import MIB, progress

RESTART_SECONDS = 1.0
"""Between the end of one life and the beginning of the next."""

STOP_SECONDS = 15.0
"""For how long a process may go on after SIGTERM before it is killed; ingest gives itself ten."""

ROOT = Path(__file__).resolve().parent.parent

EXPECTED = frozenset({0, -signal.SIGKILL})
"""Exit codes of lives that end as they were told to."""


class Lives:
    """One process after the other until the block of `living` ends. What was done to them is counted."""

    def __init__(self, sweep_seconds: float, environment: Mapping[str, str], log: Path) -> None:
        self._command = (sys.executable, "-m", "benchmarks.nemesis_reader", str(sweep_seconds))
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        self._folder = environment["CHANNELWATCH_HOME"]
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._is_over = False
        self.started = 0
        self.crashes: list[int] = []
        """Exit codes of lives that ended by themselves."""
        self.stop_timeouts = 0

    async def run(self) -> None:
        """Let one life follow the other, until cancelled."""
        with self._log.open("ab") as log:
            while not self._is_over:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, env=self._environment, cwd=self._folder, stdout=log, stderr=log
                )
                self.started += 1
                code = await self._process.wait()
                if code not in EXPECTED:
                    self.crashes.append(code)
                    progress(f"ingest ended by itself with {code}: {self.last_words()}")
                await asyncio.sleep(RESTART_SECONDS)

    async def kill(self) -> None:
        """kill -9; it is gone afterwards."""
        self._send(signal.SIGKILL)
        await self._gone()

    async def terminate(self) -> None:
        """SIGTERM; it is gone afterwards."""
        self._send(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._gone()
        except TimeoutError:
            self.stop_timeouts += 1
            await self.kill()

    def pause(self) -> None:
        """SIGSTOP."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    async def end(self) -> None:
        """The last life ends by SIGTERM, and none follows."""
        self._is_over = True
        self.resume()
        await self.terminate()

    def resident_mib(self) -> float | None:
        """What the process that lives now has in memory; None between two lives."""
        try:
            process = psutil.Process(self._process.pid) if self._process else None
            return float(process.memory_info().rss) / MIB if process else None
        except psutil.Error:
            return None

    def last_words(self, characters: int = 300) -> str:
        """The end of the log, in one line."""
        return " ".join(self._log.read_text(encoding="utf-8", errors="replace")[-characters:].split())

    def _send(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _gone(self) -> None:
        if self._process is not None:
            await self._process.wait()


@asynccontextmanager
async def living(lives: Lives) -> AsyncIterator[Lives]:
    """Keep it alive during the block, and end it after."""
    running = asyncio.create_task(lives.run())
    try:
        yield lives
    finally:
        await lives.end()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
