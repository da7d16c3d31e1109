"""The bot of the delivery benchmark: its own program in a process of its own, its limiter on the sped clock."""

from __future__ import annotations

import asyncio
import functools
import logging
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.measuring import log_from, progress

STOP_SECONDS = 20.0


@asynccontextmanager
async def bot_running(url: str, token: str, api_url: str, speed: float) -> AsyncIterator[None]:
    """A bot on that database and that Bot API, ended with the block."""
    process = multiprocessing.get_context("spawn").Process(target=_live, args=(url, token, api_url, speed), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        await asyncio.to_thread(process.join, STOP_SECONDS)
        if process.exitcode is None:
            progress("the bot did not end by itself")
            process.kill()


def _live(url: str, token: str, api_url: str, speed: float) -> None:
    log_from(logging.WARNING)
    os.environ["PTB_TIMEDELTA"] = "1"
    asyncio.run(_run(url, token, api_url, speed))


async def _run(url: str, token: str, api_url: str, speed: float) -> None:
    import bot.application
    from bot.delivery import Delivery
    from bot.limits import Limits
    from sandbox.sped_clock import SpedClock
    from storage.database import Database

    sped = functools.partial(Limits, SpedClock(speed).monotonic, speed=speed)
    vars(bot.application).update(Limits=sped, Delivery=functools.partial(Delivery, folds=False))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(url)
    try:
        await bot.application.run_bot(database, token, api_url, stop=stop)
    finally:
        await database.close()
