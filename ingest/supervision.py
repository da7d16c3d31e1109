"""What keeps ingest alive: a new client after every end of the old one, and a plain end where Telegram refuses us."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from telethon import TelegramClient, errors
from telethon.tl import functions

from ingest.client import NoAnswer, call
from storage.database import DatabaseAway

log = structlog.get_logger()

SHORTEST_PAUSE = dt.timedelta(seconds=1)
LONGEST_PAUSE = dt.timedelta(seconds=60)
CANARY_EVERY = dt.timedelta(seconds=60)
CANARY_TIMEOUT = dt.timedelta(seconds=10)
CANARY_MISSES = 2
"""A connection may be dead and say it is connected: only an answered request proves life (reference: telethon, 5.7)."""


class AccountRefused(Exception):
    """Telegram does not let this account in any more; the message says so, and what to do.

    `state` is what becomes of the account (`storage.accounts`), `reason` says why in a few words.
    """

    def __init__(self, sentence: str, *, state: str, reason: str) -> None:
        super().__init__(sentence)
        self.state = state
        self.reason = reason


_REFUSALS: tuple[tuple[tuple[type[Exception], ...], str, str, str], ...] = (
    (
        (errors.AuthKeyDuplicatedError,),
        "revoked",
        "its session was used from two places at once",
        "Telegram has ended the session, for it was used from two places at once: run `channelwatch login` again.",
    ),
    (
        (errors.UserDeactivatedBanError, errors.UserDeactivatedError),
        "banned",
        "it was banned or deleted",
        "Telegram has banned or deleted the account: sign in with another one by `channelwatch login`.",
    ),
    (
        (
            errors.AuthKeyUnregisteredError,
            errors.AuthKeyNotFound,
            errors.AuthKeyInvalidError,
            errors.AuthKeyPermEmptyError,
            errors.SessionRevokedError,
            errors.SessionExpiredError,
        ),
        "revoked",
        "its session was ended",
        "Telegram has ended the session (perhaps somebody logged it out): run `channelwatch login` again.",
    ),
    (
        (errors.FrozenMethodInvalidError,),
        "frozen",
        "it is frozen",
        "Telegram has frozen the account: appeal in a Telegram app, then run `channelwatch login` again.",
    ),
)
"""Errors that no new try heals (reference: telethon, 4.5): trying on would only make it worse."""


def refusal_of(error: BaseException) -> AccountRefused | None:
    """Whether an error means that the account is refused, and how to say so."""
    for kinds, state, reason, sentence in _REFUSALS:
        if isinstance(error, kinds):
            return AccountRefused(sentence, state=state, reason=reason)
    return None


async def first_to_end(*ways: Coroutine[Any, Any, object]) -> None:
    """Run these together until one ends; the others are cancelled and waited for. Raises what the first one raised."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def keep_alive(
    live: Callable[[], Awaitable[None]],
    *,
    shortest: dt.timedelta = SHORTEST_PAUSE,
    longest: dt.timedelta = LONGEST_PAUSE,
    pass_on: tuple[type[Exception], ...] = (),
) -> None:
    """Live one life after the other, for ever, with pauses that double after each short one.

    Raises AccountRefused when there is no point in going on, and errors of the kinds in `pass_on`.
    """
    pause = shortest
    while True:
        started = time.monotonic()
        try:
            await live()
        except pass_on:
            raise
        except Exception as error:  # the program's door: whatever ended this life, the next one begins
            if (refusal := refusal_of(error)) is not None:
                raise refusal from error
            is_expected = isinstance(error, OSError | NoAnswer | DatabaseAway | errors.RPCError)
            log.warning("connection to telegram ended", error=type(error).__name__, exc_info=not is_expected)
        if time.monotonic() - started > longest.total_seconds():
            pause = shortest
        # half of it at random, so that many instances do not come back in step
        await asyncio.sleep(pause.total_seconds() * random.uniform(0.5, 1))  # noqa: S311
        pause = min(pause * 2, longest)


async def until_disconnected(client: TelegramClient) -> None:
    """Wait for the end of a connected client. Raises what ended it."""
    await client.disconnected
    # where Telethon keeps what broke its update loop; run_until_disconnected reads it too
    raise client._updates_error or ConnectionError("Telegram closed the connection.")


async def watch_answers(client: TelegramClient, every: dt.timedelta = CANARY_EVERY) -> None:
    """Ask Telegram something now and then. Raises NoAnswer or ConnectionError when it stays silent, and refusals of the
    account. Any other answer is a sign of life: "wait" as well.
    """
    misses = 0
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            await call(client, functions.updates.GetStateRequest(), CANARY_TIMEOUT)
            misses = 0
        except errors.RPCError as error:
            misses = 0
            if refusal_of(error) is not None:
                raise
        except (NoAnswer, ConnectionError):
            misses += 1
            if misses >= CANARY_MISSES:
                raise
