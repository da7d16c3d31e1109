"""The client as we build it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from telethon.crypto import AuthKey
from telethon.tl import functions

from config.settings import IngestSettings
from ingest.client import ClientError, build_client, call, choose_data_centre, connect, disconnect, split_address
from ingest.sessions import StoredSession


@pytest.mark.parametrize(
    ("address", "parts"), [("127.0.0.1:443", ("127.0.0.1", 443)), ("[::1]:8443", ("::1", 8443)), ("dc:1", ("dc", 1))]
)
def test_an_address_is_host_and_port(address: str, parts: tuple[str, int]) -> None:
    assert split_address(address) == parts


@pytest.mark.parametrize("address", ["", "host", "host:", ":443", "host:0", "host:65536", "host:x"])
def test_a_bad_address_is_refused(address: str) -> None:
    with pytest.raises(ClientError, match="TELEGRAM_DC_ADDRESS"):
        split_address(address)


def signed_session(home: str | None) -> StoredSession:
    session = StoredSession()
    session.auth_key = AuthKey(os.urandom(256))
    session.home = home
    session.set_dc(2, "10.0.0.1", 443)
    return session


def test_a_session_of_another_server_is_refused(settings: IngestSettings) -> None:
    with pytest.raises(ClientError, match="belongs to another server"):
        choose_data_centre(settings, signed_session(None))


def test_a_session_of_another_server_is_refused_at_telegram_too(tmp_path: Path) -> None:
    settings = IngestSettings(home=tmp_path, api_id=1, _env_file=None)
    with pytest.raises(ClientError, match="belongs to another server"):
        choose_data_centre(settings, signed_session("127.0.0.1"))


def test_a_session_that_was_moved_to_another_data_centre_stays_there(settings: IngestSettings) -> None:
    session = signed_session("127.0.0.1")
    session.set_dc(settings.dc_id + 1, "10.0.0.2", 443)
    choose_data_centre(settings, session)
    assert (session.dc_id, session.server_address) == (settings.dc_id + 1, "10.0.0.2")


def test_a_file_without_a_public_key_is_refused(settings: IngestSettings, tmp_path: Path) -> None:
    for content, complaint in (("no key", "is no PEM file"), (None, "cannot be read")):
        path = tmp_path / "other.pem"
        if content is None:
            path.unlink()
        else:
            path.write_text(content)
        broken = settings.model_copy(update={"dc_public_key": path})
        with pytest.raises(ClientError, match=complaint):
            build_client(broken, StoredSession())


async def test_a_key_in_either_pem_form_is_trusted(settings: IngestSettings) -> None:
    path = settings.dc_public_key
    assert path is not None
    key = load_pem_public_key(path.read_bytes())
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    client = build_client(settings, StoredSession())
    await connect(client)
    assert client.is_connected()
    await disconnect(client)


def test_the_client_neither_gives_up_nor_sleeps(settings: IngestSettings) -> None:
    client = build_client(settings, StoredSession())
    assert client.flood_sleep_threshold == 0
    assert client._connection_retries == -1
    assert client._sequential_updates
    assert not client._catch_up  # a new session has nothing to catch up from


async def test_answer_that_telethon_gives_up_on_is_a_lost_connection() -> None:
    async def gives_up(_: object) -> None:
        raise asyncio.CancelledError

    with pytest.raises(ConnectionError):
        await call(gives_up, functions.updates.GetStateRequest())
    waiting = asyncio.create_task(call(lambda _: asyncio.sleep(60), functions.updates.GetStateRequest()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
