"""The Telethon client as we run it: never giving up, never sleeping in its update loop, always the same device."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import structlog
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from telethon import TelegramClient
from telethon.crypto import rsa

from config.settings import IngestSettings
from ingest.sessions import StoredSession

log = structlog.get_logger()

ANSWER_TIMEOUT = dt.timedelta(seconds=10)
"""No request of ours waits longer: with a wrong clock Telethon would wait for ever (measured, issue 2). An answer that
was lost must not keep a sweep from asking again for as long as the pause between two (issue 4: healed in 25 s)."""

CONNECT_TIMEOUT = dt.timedelta(seconds=60)
DISCONNECT_TIMEOUT = dt.timedelta(seconds=10)

ENTITY_CACHE = 20_000
"""At least four a channel for 5,000 channels: a smaller cache loses updates when it is flushed (measured)."""


class ClientError(Exception):
    """The client cannot be built from these settings; the message says which one is wrong."""


class NoAnswer(Exception):
    """Telegram did not answer a request in time; the connection may be dead without knowing it."""


def build_client(settings: IngestSettings, session: StoredSession) -> TelegramClient:
    """A client for one life on this session, pointed at the data centre that the settings name. Raises ClientError."""
    if (missing := settings.missing()) is not None or settings.api_id is None or settings.api_hash is None:
        raise ClientError(missing or "TELEGRAM_API_ID and TELEGRAM_API_HASH are not set.")
    choose_data_centre(settings, session)
    return TelegramClient(
        session,
        settings.api_id,
        settings.api_hash.get_secret_value(),
        use_ipv6=":" in (session.server_address or ""),
        connection_retries=-1,
        retry_delay=1,
        request_retries=2,
        auto_reconnect=True,
        sequential_updates=True,
        catch_up=session.has_update_states,
        flood_sleep_threshold=0,
        raise_last_call_error=True,
        entity_cache_limit=ENTITY_CACHE,
        # A fingerprint that stays the same over machines and versions: changes of it look like stolen sessions.
        device_model="channelwatch",
        system_version="1.0",
        app_version="1.0",
        lang_code="en",
        system_lang_code="en",
    )


def choose_data_centre(settings: IngestSettings, session: StoredSession) -> None:
    """Point a session at the MTProto server that the settings name, Telegram's own by default. Raises ClientError.

    A session is worth something on the servers that issued it only, so one that was made elsewhere is refused. One that
    Telegram has moved to another of its data centres since stays there.
    """
    address = split_address(settings.dc_address) if settings.dc_address else None
    home = address[0] if address else None
    if session.auth_key is not None and session.home != home:
        raise ClientError(
            "The stored session belongs to another server than TELEGRAM_DC_ADDRESS names: sign in there with "
            "`channelwatch login`."
        )
    session.home = home
    if address is not None:
        trust_server_key(settings)
        if session.auth_key is None or session.dc_id == settings.dc_id:
            session.set_dc(settings.dc_id, *address)


def split_address(address: str) -> tuple[str, int]:
    """host:port or [host]:port in two. Raises ClientError."""
    host, separator, port = address.rpartition(":")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ClientError("TELEGRAM_DC_ADDRESS has the form host:port, such as 149.154.167.40:443.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def trust_server_key(settings: IngestSettings) -> None:
    """Let Telethon accept the server whose RSA public key lies in the PEM file of the settings. Raises ClientError."""
    if settings.dc_public_key is None:
        return
    try:
        key = load_pem_public_key(settings.dc_public_key.read_bytes())
        rsa.add_key(key.public_bytes(Encoding.PEM, PublicFormat.PKCS1), old=False)
    except OSError as error:
        raise ClientError(f"TELEGRAM_DC_PUBLIC_KEY cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ClientError("TELEGRAM_DC_PUBLIC_KEY is no PEM file with an RSA public key.") from None


async def connect(client: TelegramClient, timeout: dt.timedelta = CONNECT_TIMEOUT) -> None:  # noqa: ASYNC109
    """Connect, within a time: by itself Telethon would try for ever. Raises NoAnswer."""
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            await client.connect()
    except TimeoutError:
        raise NoAnswer("Telegram cannot be reached.") from None


async def call(client: TelegramClient, request: Any, timeout: dt.timedelta = ANSWER_TIMEOUT) -> Any:  # noqa: ASYNC109
    """Ask Telegram one thing, within a time. Raises NoAnswer, and telethon.errors.RPCError as Telegram answers."""
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            return await client(request)
    except TimeoutError:
        raise NoAnswer(f"Telegram did not answer {type(request).__name__}.") from None
    except asyncio.CancelledError:
        # Telethon cancels what waits for an answer when its update loop breaks: that is not somebody ending us.
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise
        raise ConnectionError("Telethon gave up on the connection.") from None


async def disconnect(client: TelegramClient, timeout: dt.timedelta = DISCONNECT_TIMEOUT) -> None:  # noqa: ASYNC109
    """Disconnect, and abandon a client that takes too long about it. Our session then knows what has been handed over.

    While it disconnects, Telethon counts one more update as seen without handing it over, then saves that count (its
    update loop ends between the two; measured: one post lost by each disconnect in the middle of a burst). So the
    states of the moment before are kept: what is seen twice is stored once, what is skipped is lost.
    """
    session = client.session
    if client.is_connected():
        await client._save_states_and_entities()  # with our session this never waits: nothing can come in between
    try:
        with session.holding_states():
            async with asyncio.timeout(timeout.total_seconds()):
                await client.disconnect()
    except (TimeoutError, ConnectionError, OSError):
        log.warning("client abandoned while disconnecting")
