"""The bot as a program: the library's application on our limiter, polling, inbox and delivery, until told to stop."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import structlog
from telegram import BotCommand
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ApplicationBuilder, ExtBot

from bot.access import Door
from bot.bans import restore_bans
from bot.callback_data import Seal, Sealing
from bot.delivery import GRACE, Delivery
from bot.erasing import Erasing
from bot.errands import JoinedDatabase, SaidLater
from bot.inbox import Inbox
from bot.jobs import OperatorNotices
from bot.limits import Limits
from bot.poller import Poller, PollingStalled, TokenRefused
from bot.reply_limits import ReplyLimits
from bot.replying import Replying
from bot.requests import SendRequest
from bot.rules import Rules
from bot.schedule_jobs import ScheduleJobs
from bot.standby import AS_SHIPPED, Standby, alone
from bot.talk import OPEN_HOUSE
from bot.texts import CATALOGUES, LANGUAGES, texts_in
from bot.updates import App, Updates
from storage import deliveries
from storage.database import Database
from storage.holding import Hold

__all__ = ["PollingStalled", "TokenRefused", "build", "run_bot", "set_commands"]

log = structlog.get_logger()

LONGEST_WAIT = 30.0
"""Seconds between two tries to reach the Bot API at the start."""

STOP_SECONDS = 2.0
"""Seconds that each part of the shutdown may take; in all the bot ends within ten (issue 2)."""


def build(
    database: Database,
    token: str,
    api_url: str,
    limits: Limits,
    *,
    rules: Rules = OPEN_HOUSE,
    seal: Seal | None = None,
) -> App:
    """The application, its handlers registered, not started. `api_url` without a slash at its end or with one."""
    base = api_url.rstrip("/")
    said_later = SaidLater(ReplyLimits(limits, database))
    application = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{base}/bot")
        .base_file_url(f"{base}/file/bot")
        .request(SendRequest())
        .rate_limiter(Sealing(said_later, seal) if seal is not None else said_later)
        .updater(None)
        .job_queue(None)
        .build()
    )
    Updates(database, JoinedDatabase(database), Door(rules), seal).register(application)
    return application


async def run_bot(
    database: Database,
    token: str,
    api_url: str,
    *,
    stop: asyncio.Event,
    operators: Collection[int] = (),
    rules: Rules = OPEN_HOUSE,
    seal: Seal | None = None,
    standby: Standby = AS_SHIPPED,
) -> None:
    """Talk and deliver until `stop` is set, then end within ten seconds.

    `operators`: numbers of the people who are told what happens to channels, accounts and ingest; the rules' are, too.
    `seal`: signs and reads buttons; without one they are not signed.
    While another process does it on this database this one stands by, and takes over when that is gone.
    Raises TokenRefused when Telegram does not know the token, PollingStalled when only a new process may help. Anything
    else that fails is tried again.
    """
    while not stop.is_set():
        async with alone(database, stop, standby) as hold:
            if hold is not None:
                house = replace(rules, operators=rules.operators | frozenset(operators))
                await _be_the_bot(database, token, api_url, hold, house, seal, stop)


async def _be_the_bot(
    database: Database, token: str, api_url: str, hold: Hold, rules: Rules, seal: Seal | None, stop: asyncio.Event
) -> None:
    """Until told to stop, or until the lock is lost."""
    limits = Limits()
    await restore_bans(limits, database)
    await _take_back_leases(database)
    application = build(database, token, api_url, limits, rules=rules, seal=seal)
    try:
        if await _initialize(application, stop):
            delivery = Delivery(database, application.bot, limits)
            inbox = Inbox(database, application, Replying(database, application.bot, limits))
            poller = Poller(database, application.bot, inbox.wake)
            log.info("bot runs")
            # What is there now stays. Without this a full garbage collection looks at all of it, 70 ms (measured) in
            # which nothing moves: a message late by that much after its turn is too near to those after it.
            gc.freeze()
            await _run(
                {
                    "delivery": delivery.run,
                    "notices": OperatorNotices(database, rules.operators).run,
                    "inbox": inbox.run,
                    "schedules": ScheduleJobs(database).run,
                    "erasures": Erasing(database, application.bot).run,
                    "polling": poller.run,
                    "menu": lambda ending: _offer_menu(application.bot, ending),
                    "lock": lambda ending: _watch(hold, ending),
                },
                stop,
            )
    finally:
        await _end(application.shutdown(), "application")
        await _end(application.bot.shutdown(), "connections")  # open also when the start never succeeded


async def _take_back_leases(database: Database) -> None:
    """What an earlier process was about to send is due now: it is gone, or it would hold our lock."""
    async with database.begin() as connection:
        taken = await deliveries.expire_leases(connection, of_everybody=True)
    if taken:
        log.warning("deliveries of an ended process taken back", count=taken)


async def set_commands(bot: ExtBot[Any]) -> None:
    """The menu of commands, for every language; those not ready yet see English."""
    for language in (None, *LANGUAGES):
        if language is not None and language not in CATALOGUES:
            continue
        commands = [BotCommand(name, description) for name, description in texts_in(language or "en").commands]
        try:
            await bot.set_my_commands(commands, language_code=language)
        except TelegramError as error:  # the menu is a convenience: the bot works without it
            log.warning("commands not set", language=language, error=type(error).__name__)


async def _initialize(application: App, stop: asyncio.Event) -> bool:
    """Wait until the Bot API answers; False when told to stop before."""
    wait = 0.5
    while not stop.is_set():
        attempt = asyncio.create_task(application.initialize(), name="initialize")
        await _either(attempt, stop)
        try:
            await attempt
            return True
        except InvalidToken:
            raise TokenRefused("Telegram does not know BOT_TOKEN: take it anew from @BotFather.") from None
        except TelegramError as error:
            log.warning("Bot API not reached", error=type(error).__name__, retry_in=wait)
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
        await _either(asyncio.create_task(asyncio.sleep(wait)), stop)
        wait = min(wait * 2, LONGEST_WAIT)
    return False


async def _either(task: asyncio.Task[Any], stop: asyncio.Event) -> None:
    """Wait for the task; when told to stop first, cancel it."""
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)


async def _run(parts: Mapping[str, Callable[[asyncio.Event], Coroutine[Any, Any, None]]], stop: asyncio.Event) -> None:
    """Run all parts until told to stop; when one of them ends or fails before, the others are told to end."""
    ending = asyncio.Event()
    tasks = [asyncio.create_task(part(ending), name=name) for name, part in parts.items()]
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        ending.set()
        stopping.cancel()
        _, late = await asyncio.wait(tasks, timeout=GRACE + 1)
        for task in late:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome


async def _offer_menu(bot: ExtBot[Any], ending: asyncio.Event) -> None:
    """Set the menu once, beside everything else."""
    await _either(asyncio.create_task(set_commands(bot), name="menu"), ending)
    await ending.wait()


async def _watch(hold: Hold, ending: asyncio.Event) -> None:
    """Return when the lock is lost to another process: two bots on one token lose updates to each other."""
    await _either(asyncio.create_task(hold.until_lost(), name="lock"), ending)
    if hold.is_lost:
        log.error("another process has become the bot; this one stands by")


async def _end(ending: Any, what: str) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await ending
    except TimeoutError:
        log.warning("did not end in time", what=what)
    except (TelegramError, RuntimeError) as error:
        log.warning("did not end cleanly", what=what, error=type(error).__name__)
