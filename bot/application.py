"""The bot as a program: the library's application on our limiter, polling, and delivery, until told to stop."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Collection
from typing import Any

import structlog
from telegram import BotCommand
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ApplicationBuilder, ExtBot

from bot.delivery import GRACE, Delivery
from bot.jobs import OperatorNotices
from bot.limits import Limits
from bot.reply_limits import ReplyLimits, restore_bans
from bot.requests import POLL_SECONDS, PollRequest, SendRequest
from bot.texts import CATALOGUES, LANGUAGES, texts_in
from bot.updates import ALLOWED_UPDATES, App, OneByOneInAChat, Updates
from storage import deliveries, notices
from storage.database import Database
from storage.holding import only_one

log = structlog.get_logger()

KEPT = dt.timedelta(days=30)
"""How long settled deliveries, and notices, are remembered (docs/privacy-and-terms.md)."""

LONGEST_WAIT = 30.0
"""Seconds between two tries to reach the Bot API at the start."""

STOP_SECONDS = 2.0
"""Seconds that each part of the shutdown may take; in all the bot ends within ten (issue 2)."""


class TokenRefused(Exception):
    """Telegram does not know the token; the message says what to do."""


def build(database: Database, token: str, api_url: str, limits: Limits) -> App:
    """The application, its handlers registered, not started. `api_url` without a slash at its end or with one."""
    base = api_url.rstrip("/")
    application = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{base}/bot")
        .base_file_url(f"{base}/file/bot")
        .request(SendRequest())
        .get_updates_request(PollRequest())
        .rate_limiter(ReplyLimits(limits, database))
        .concurrent_updates(OneByOneInAChat())
        .job_queue(None)
        .build()
    )
    Updates(database).register(application)
    return application


async def run_bot(
    database: Database, token: str, api_url: str, *, stop: asyncio.Event, operators: Collection[int] = ()
) -> None:
    """Talk and deliver until `stop` is set, then end within ten seconds.

    `operators`: numbers of the people who are told what happens to channels, accounts and ingest.
    Raises AlreadyRunning when another process does it on this database, TokenRefused when Telegram does not know the
    token. Anything else that fails is tried again.
    """
    async with only_one(database, "bot"):
        limits = Limits()
        await restore_bans(limits, database)
        await _take_back_leases(database)
        await _forget_settled(database)
        application = build(database, token, api_url, limits)
        try:
            if await _initialize(application, stop):
                delivery = Delivery(database, application.bot, limits)
                await _run(application, delivery, OperatorNotices(database, operators), stop)
        finally:
            await _end(application.shutdown(), "application")
            await _end(application.bot.shutdown(), "connections")  # open also when the start never succeeded


async def _take_back_leases(database: Database) -> None:
    """What an earlier process was about to send is due now: it is gone, or it would hold our lock."""
    async with database.begin() as connection:
        taken = await deliveries.expire_leases(connection, of_everybody=True)
    if taken:
        log.warning("deliveries of an ended process taken back", count=taken)


async def _forget_settled(database: Database) -> None:
    """What was settled long ago is kept no longer than docs/privacy-and-terms.md says."""
    async with database.begin() as connection:
        forgotten = await deliveries.purge_settled(connection, KEPT)
        await notices.purge_old(connection, KEPT)
    if forgotten:
        log.info("settled deliveries forgotten", count=forgotten)


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


async def _run(application: App, delivery: Delivery, operators: OperatorNotices, stop: asyncio.Event) -> None:
    await application.start()
    tasks = [
        asyncio.create_task(delivery.run(stop), name="delivery"),
        asyncio.create_task(operators.run(stop), name="notices"),
        asyncio.create_task(_listen(application, stop), name="polling"),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=GRACE + 1)
        for task in late:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        await _end(application.stop(), "handlers")
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome


async def _listen(application: App, stop: asyncio.Event) -> None:
    """Set the menu and poll until told to stop. The offset is kept in memory only, and confirmed by the next poll."""
    assert application.updater is not None  # noqa: S101 - the builder makes one
    menu = asyncio.create_task(set_commands(application.bot), name="menu")
    polling = application.updater.start_polling(
        timeout=POLL_SECONDS,
        bootstrap_retries=-1,
        allowed_updates=ALLOWED_UPDATES,
        drop_pending_updates=False,
        error_callback=_on_poll_error,
    )
    starting = asyncio.create_task(polling, name="start of polling")
    try:
        await _either(starting, stop)
        if not starting.cancelled():
            starting.result()  # raises what it met
            log.info("bot runs")
            await stop.wait()
    finally:
        menu.cancel()
        await asyncio.gather(menu, return_exceptions=True)
        if application.updater.running:
            await _end(application.updater.stop(), "polling")


async def _end(ending: Any, what: str) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await ending
    except TimeoutError:
        log.warning("did not end in time", what=what)
    except (TelegramError, RuntimeError) as error:
        log.warning("did not end cleanly", what=what, error=type(error).__name__)


def _on_poll_error(error: TelegramError) -> None:
    log.warning("polling failed", error=type(error).__name__)
