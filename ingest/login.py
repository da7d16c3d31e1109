"""Signing in to Telegram as the account that reads channels: phone and code, or a QR code; then the 2FA password.

The conversation itself is injected, so that a terminal and a test can both hold it. Phone numbers, codes and passwords
are never logged and never part of an error.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from telethon import TelegramClient, errors
from telethon.tl import functions, types

from config.settings import IngestSettings
from ingest.client import ANSWER_TIMEOUT, ClientError, NoAnswer, build_client, call, connect, disconnect
from ingest.session_key import SessionKey
from ingest.sessions import ACCOUNT, StoredSession, account_name, save_session
from storage.accounts import lock_of, name_of_user
from storage.database import AlreadyRunning, Database
from storage.holding import only_one

log = structlog.get_logger()

ATTEMPTS = 3
"""How often a wrong code or password may be given: Telegram itself bans soon after."""

QR_CODES = 20
"""QR codes shown in a row, some 30 seconds each (core.telegram.org/api/qr-login): ten minutes in all."""


class LoginError(Exception):
    """The sign-in came to nothing; the message says why and what to do, in one sentence."""


class Ask(Protocol):
    """Who answers: a terminal, or a test."""

    async def phone(self) -> str:
        """The phone number of the account, in international form."""

    async def code(self, where: str) -> str:
        """The code that Telegram has just sent; `where` says where to look for it."""

    async def password(self, hint: str | None) -> str:
        """The 2FA password; `hint` is what the owner noted down for themselves."""

    async def show_qr(self, url: str, expires_at: dt.datetime) -> None:
        """Show this URL as a QR code, in place of the one before."""

    async def say(self, sentence: str) -> None:
        """Tell something, such as that a code was wrong."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The account that is signed in now."""

    telegram_user_id: int
    name: str


async def login(
    database: Database, settings: IngestSettings, ask: Ask, *, by_qr: bool = False, account: str = ACCOUNT
) -> SignedIn:
    """Sign in and store the session, encrypted, under the account's name; a running ingest takes it up by itself.

    Refused while ingest runs this very account: the new session would take its place under its feet. Raises LoginError,
    AccountNameError, or SessionKeyError if the key file is unusable.
    """
    name = account_name(account)
    key = SessionKey.read_or_make(settings.session_key_path)
    try:
        async with only_one(database, lock_of(name)):
            session = StoredSession()
            user = await _sign_in(build_client(settings, session), ask, by_qr=by_qr)
            await _refuse_twice(database, user.id, name)
            await save_session(database, key, session.dumps(), user.id, name)
    except AlreadyRunning:
        raise LoginError("Channels are being read with this account: stop `channelwatch run`, then sign in.") from None
    except ClientError as error:
        raise LoginError(str(error)) from None
    log.info("signed in", telegram_user_id=user.id, account=name)
    return SignedIn(user.id, " ".join(filter(None, (user.first_name, user.last_name))))


async def _refuse_twice(database: Database, telegram_user_id: int, name: str) -> None:
    """One person under two names would share one budget, and be banned under both."""
    async with database.begin() as connection:
        known = await name_of_user(connection, telegram_user_id)
    if known not in (None, name):
        raise LoginError(
            f"This Telegram account is signed in as {known} already: use another one, or sign in with `channelwatch "
            f"login --account {known}`. (Telegram lists the sign-in of just now under Settings, Devices: end it there.)"
        )


async def _sign_in(client: TelegramClient, ask: Ask, *, by_qr: bool) -> types.User:
    try:
        await connect(client)
        user = await (sign_in_by_qr(client, ask) if by_qr else sign_in_by_phone(client, ask))
    except (errors.RPCError, NoAnswer, OSError, ValueError) as error:
        raise LoginError(_sentence(error)) from None
    finally:
        await disconnect(client)  # this also writes the update states into the session
    if user.bot:
        raise LoginError("This is a bot: channels are read with a person's account.")
    return user


async def sign_in_by_phone(client: TelegramClient, ask: Ask) -> Any:
    """Phone, code (asked again when it is wrong), and the 2FA password where there is one. Gives the user."""
    phone = await ask.phone()
    sent = await _within(client.send_code_request(phone))
    for attempts_left in reversed(range(ATTEMPTS)):
        code = (await ask.code(_where(sent))).strip()
        try:
            # without a code, Telethon would ask for another one to be sent
            return await _within(client.sign_in(phone, code or "-"))
        except errors.SessionPasswordNeededError:
            return await _give_password(client, ask)
        except (errors.PhoneCodeInvalidError, errors.PhoneCodeEmptyError):
            if attempts_left:
                await ask.say("That code is wrong. Please look again.")
    raise LoginError(f"The code was wrong {ATTEMPTS} times: start again, Telegram will send another one.")


async def sign_in_by_qr(client: TelegramClient, ask: Ask) -> Any:
    """A QR code that another device of the account scans, renewed as it expires; then 2FA. Gives the user."""
    try:
        qr = await _within(client.qr_login())
        for _ in range(QR_CODES):
            await ask.show_qr(qr.url, qr.expires)
            seconds = (qr.expires - dt.datetime.now(dt.UTC)).total_seconds()
            try:
                return await qr.wait(max(seconds, 5))  # even with a wrong clock, time to lift a phone
            except TimeoutError:
                await _within(qr.recreate())
    except errors.SessionPasswordNeededError:
        return await _give_password(client, ask)
    raise LoginError("Nobody scanned the QR code in ten minutes: start again when the phone is at hand.")


async def _give_password(client: TelegramClient, ask: Ask) -> Any:
    hint = (await call(client, functions.account.GetPasswordRequest())).hint
    for attempts_left in reversed(range(ATTEMPTS)):
        password = await ask.password(hint)
        try:
            return await _within(client.sign_in(password=password or "-"))
        except errors.PasswordHashInvalidError:
            if attempts_left:
                await ask.say("That password is wrong. Please try again.")
    raise LoginError(f"The password was wrong {ATTEMPTS} times: look it up, then start again.")


async def _within(answer: Any) -> Any:
    """What Telegram answers to one step of Telethon's. Raises NoAnswer."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT.total_seconds()):
            return await answer
    except TimeoutError:
        raise NoAnswer("Telegram did not answer.") from None


def _where(sent: Any) -> str:
    match sent.type:
        case types.auth.SentCodeTypeApp():
            return "in the Telegram app on another device"
        case types.auth.SentCodeTypeSms() | types.auth.SentCodeTypeSmsWord() | types.auth.SentCodeTypeSmsPhrase():
            return "in an SMS"
        case types.auth.SentCodeTypeCall():
            return "by a phone call"
        case types.auth.SentCodeTypeEmailCode():
            return "in an e-mail"
    return "by Telegram"


_SENTENCES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (errors.PhoneNumberInvalidError, errors.PhoneNumberUnoccupiedError),
        "There is no Telegram account with this number: give it in international form, such as +44 20 7946 0000.",
    ),
    (
        (errors.PhoneNumberBannedError, errors.UserDeactivatedBanError, errors.UserDeactivatedError),
        "Telegram has banned this account: use another one.",
    ),
    ((errors.PhoneCodeExpiredError,), "The code has expired: start again, Telegram will send another one."),
    (
        (errors.ApiIdInvalidError, errors.ApiIdPublishedFloodError),
        "Telegram refuses TELEGRAM_API_ID and TELEGRAM_API_HASH: take your own pair from https://my.telegram.org.",
    ),
    (
        (errors.PhoneNumberFloodError, errors.PhonePasswordFloodError),
        "Too many sign-ins with this number: Telegram asks to wait a day.",
    ),
    (
        (errors.SendCodeUnavailableError,),
        "Telegram has no way left to send this number a code: wait some hours, or sign in by QR code.",
    ),
    ((NoAnswer, OSError), "Telegram cannot be reached: check the network (and TELEGRAM_DC_ADDRESS, if it is set)."),
)


def _sentence(error: Exception) -> str:
    if isinstance(error, errors.FloodWaitError):
        return f"Too many attempts: Telegram asks to wait {dt.timedelta(seconds=error.seconds)} before the next one."
    for kinds, sentence in _SENTENCES:
        if isinstance(error, kinds):
            return sentence
    return f"Telegram refuses the sign-in ({type(error).__name__})."
