"""Signing in against the box, with the real Telethon."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from telethon.tl import functions

from config.settings import IngestSettings
from ingest.client import build_client, call, connect, disconnect
from ingest.login import LoginError, login
from ingest.session_key import SessionKey
from ingest.sessions import ACCOUNT, read_session
from sandbox.mtproto import MtprotoServer
from sandbox.mtproto.faults import RpcFault
from sandbox.world import User, World
from storage.accounts import Account, load_account
from storage.database import Database
from storage.holding import only_one
from tests.ingest.conftest import PHONE, Answers


async def stored_account(database: Database) -> Account | None:
    async with database.begin() as connection:
        return await load_account(connection, ACCOUNT)


async def test_phone_and_code_sign_in(database: Database, settings: IngestSettings, reader: User) -> None:
    answers = Answers()
    signed_in = await login(database, settings, answers)
    assert (signed_in.telegram_user_id, signed_in.name) == (reader.id, "Olena")
    assert answers.said == ["in the Telegram app on another device"]
    account = await stored_account(database)
    assert account is not None
    assert account.state == "ready"


async def test_a_wrong_code_is_asked_again(database: Database, settings: IngestSettings, reader: User) -> None:
    answers = Answers(codes=["11111", "", "24680"])
    await login(database, settings, answers)
    assert answers.codes == []
    assert answers.said.count("That code is wrong. Please look again.") == 2


async def test_three_wrong_codes_end_it(database: Database, settings: IngestSettings, reader: User) -> None:
    with pytest.raises(LoginError, match="wrong 3 times"):
        await login(database, settings, Answers(codes=["1", "2", "3"]))
    assert await stored_account(database) is None


async def test_the_second_factor_is_asked_for(database: Database, settings: IngestSettings, reader: User) -> None:
    reader.password = "correct horse"
    answers = Answers(passwords=["wrong", "correct horse"])
    signed_in = await login(database, settings, answers)
    assert signed_in.telegram_user_id == reader.id
    assert "That password is wrong. Please try again." in answers.said


async def test_three_wrong_passwords_end_it(database: Database, settings: IngestSettings, reader: User) -> None:
    reader.password = "correct horse"
    with pytest.raises(LoginError, match="password was wrong 3 times"):
        await login(database, settings, Answers(passwords=["a", "b", ""]))


@pytest.mark.parametrize("password", [None, "correct horse"])
async def test_a_scanned_qr_code_signs_in(
    database: Database, settings: IngestSettings, server: MtprotoServer, reader: User, password: str | None
) -> None:
    reader.password = password

    def scan(url: str) -> None:
        asyncio.get_running_loop().call_later(0.1, server.scan_qr, url, reader.id)

    answers = Answers(scan=scan, passwords=["correct horse"])
    signed_in = await login(database, settings, answers, by_qr=True)
    assert signed_in.telegram_user_id == reader.id
    assert answers.urls[0].startswith("tg://login?token=")


@pytest.mark.parametrize(
    ("method", "fault", "sentence"),
    [
        ("auth.sendCode", RpcFault(400, "PHONE_NUMBER_INVALID"), "no Telegram account with this number"),
        ("auth.sendCode", RpcFault(400, "PHONE_NUMBER_BANNED"), "has banned this account"),
        ("auth.sendCode", RpcFault(400, "API_ID_INVALID"), "TELEGRAM_API_ID"),
        ("auth.sendCode", RpcFault(420, "FLOOD_WAIT_3661"), "wait 1:01:01"),
        ("auth.signIn", RpcFault(400, "PHONE_CODE_EXPIRED"), "code has expired"),
        ("auth.signIn", RpcFault(400, "SOMETHING_NEW"), "refuses the sign-in"),
    ],
)
async def test_refusals_are_one_clear_sentence_without_secrets(
    database: Database,
    settings: IngestSettings,
    world: World,
    reader: User,
    method: str,
    fault: RpcFault,
    sentence: str,
) -> None:
    world.faults.add("mtproto", method, fault)
    with pytest.raises(LoginError, match=sentence) as refused:
        await login(database, settings, Answers())
    for secret in (PHONE, PHONE[1:], "24680"):
        assert secret not in str(refused.value)


async def test_a_number_without_an_account_is_refused(
    database: Database, settings: IngestSettings, world: World
) -> None:
    with pytest.raises(LoginError, match="no Telegram account with this number"):
        await login(database, settings, Answers())


async def test_nothing_is_logged_of_the_conversation(
    database: Database, settings: IngestSettings, reader: User, all_logs: list[Any]
) -> None:
    reader.password = "correct horse"
    await login(database, settings, Answers(passwords=["correct horse"]))
    assert [line["event"] for line in all_logs if line["log_level"] == "info" and "telegram_user_id" in line]
    for secret in (PHONE[1:], "24680", "correct horse", "Olena"):
        assert secret not in str(all_logs)


async def test_it_is_refused_while_ingest_runs(database: Database, settings: IngestSettings, reader: User) -> None:
    async with only_one(database, f"account {ACCOUNT}"):
        with pytest.raises(LoginError, match="stop `channelwatch run`"):
            await login(database, settings, Answers())


async def test_the_session_survives_a_restart(database: Database, signed_in: IngestSettings, reader: User) -> None:
    account = await stored_account(database)
    assert account is not None
    session = read_session(account, SessionKey.read(signed_in.session_key_path))
    assert session.own_id == reader.id
    client = build_client(signed_in, session)
    await connect(client)
    try:
        state = await call(client, functions.updates.GetStateRequest())
        assert state.pts >= 0
    finally:
        await disconnect(client)


async def test_a_failed_sign_in_leaves_the_stored_session(database: Database, signed_in: IngestSettings) -> None:
    before = await stored_account(database)
    with pytest.raises(LoginError):
        await login(database, signed_in, Answers(codes=["1", "2", "3"]))
    assert await stored_account(database) == before


async def test_settings_without_an_api_id_are_refused(database: Database, tmp_path: Path) -> None:
    settings = IngestSettings(home=tmp_path, _env_file=None)
    with pytest.raises(LoginError, match="TELEGRAM_API_ID"):
        await login(database, settings, Answers())
