"""Signing in to the box with the real Telethon: key exchange, code, two-step password, QR code, revocation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from telethon import errors
from telethon.tl import functions, types

from sandbox.mtproto import MtprotoServer
from sandbox.mtproto.answers import Refused
from sandbox.world import User, World
from tests.sandbox.mtproto_fixtures import new_client, sign_in, until


async def test_key_exchange_ends_with_a_connection_that_nobody_is_signed_in_on(client: Any) -> None:
    assert client.session.auth_key
    assert not await client.is_user_authorized()
    assert await client.get_me() is None


async def test_right_code_signs_in(client: Any, alice: User) -> None:
    await sign_in(client, alice)
    me = await client.get_me()
    assert (me.id, me.first_name, me.phone) == (alice.id, "Alice", "79990001122")


async def test_wrong_code_is_refused_and_the_right_one_still_works(client: Any, alice: User) -> None:
    with pytest.raises(errors.PhoneCodeInvalidError):
        await sign_in(client, alice, "99999")
    assert (await client.sign_in(alice.phone, alice.code)).id == alice.id


async def test_code_without_its_hash_is_expired(client: Any, alice: User) -> None:
    await client.send_code_request(alice.phone)
    with pytest.raises(errors.PhoneCodeExpiredError):
        await client.sign_in(alice.phone, alice.code, phone_code_hash="another")


async def test_strangers_phone_is_not_occupied(client: Any) -> None:
    with pytest.raises(errors.PhoneNumberUnoccupiedError):
        await sign_in(client, User(1, "Nobody", phone="70000000000"))


async def test_letters_are_no_phone_number(client: Any) -> None:
    request = functions.auth.SendCodeRequest("not a phone", 1, "hash", types.CodeSettings())
    with pytest.raises(errors.PhoneNumberInvalidError):
        await client(request)


async def test_code_can_be_sent_again(client: Any, alice: User) -> None:
    await client.send_code_request(alice.phone)
    await client.send_code_request(alice.phone)
    assert (await client.sign_in(alice.phone, alice.code)).id == alice.id


async def test_two_step_password_is_asked_for_and_admits(world: World, client: Any) -> None:
    bob = world.add_user("Bob", phone="79990003344", password="пароль 🔑")
    with pytest.raises(errors.SessionPasswordNeededError):
        await sign_in(client, bob)
    assert not await client.is_user_authorized()
    assert (await client.sign_in(password="пароль 🔑")).id == bob.id


async def test_wrong_two_step_password_is_refused(world: World, client: Any) -> None:
    bob = world.add_user("Bob", phone="79990003344", password="right")
    with pytest.raises(errors.SessionPasswordNeededError):
        await sign_in(client, bob)
    with pytest.raises(errors.PasswordHashInvalidError):
        await client.sign_in(password="wrong")
    assert not await client.is_user_authorized()


async def test_scanned_qr_code_signs_in(server: MtprotoServer, client: Any, alice: User) -> None:
    qr = await client.qr_login()
    waiting = asyncio.create_task(qr.wait(timeout=10))
    await asyncio.sleep(0)
    server.scan_qr(qr.url, alice.id)
    assert (await waiting).id == alice.id


async def test_device_that_is_signed_in_accepts_a_qr_code(server: MtprotoServer, client: Any, alice: User) -> None:
    await sign_in(client, alice)
    async with new_client(server) as screen:
        qr = await screen.qr_login()
        waiting = asyncio.create_task(qr.wait(timeout=10))
        await asyncio.sleep(0)
        await client(functions.auth.AcceptLoginTokenRequest(qr.token))
        assert (await waiting).id == alice.id


async def test_scanned_qr_code_of_a_protected_account_asks_for_the_password(
    world: World, server: MtprotoServer, client: Any
) -> None:
    bob = world.add_user("Bob", phone="79990003344", password="right")
    qr = await client.qr_login()
    waiting = asyncio.create_task(qr.wait(timeout=10))
    await asyncio.sleep(0)
    server.scan_qr(qr.url, bob.id)
    with pytest.raises(errors.SessionPasswordNeededError):
        await waiting
    assert (await client.sign_in(password="right")).id == bob.id


async def test_replaced_qr_code_is_worth_nothing(server: MtprotoServer, client: Any, alice: User) -> None:
    qr = await client.qr_login()
    stale = qr.url
    await qr.recreate()
    with pytest.raises(Refused, match="AUTH_TOKEN_INVALID"):
        server.scan_qr(stale, alice.id)


async def test_logging_out_ends_the_authorization(server: MtprotoServer, client: Any, alice: User) -> None:
    await sign_in(client, alice)
    await client(functions.auth.LogOutRequest())
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client(functions.updates.GetStateRequest())


async def test_revoked_session_is_refused(server: MtprotoServer, client: Any, alice: User) -> None:
    await sign_in(client, alice)
    server.revoke(alice.id)
    with pytest.raises(errors.AuthKeyUnregisteredError):
        await client(functions.updates.GetStateRequest())


async def test_forgotten_key_ends_the_connection(server: MtprotoServer, client: Any, alice: User) -> None:
    await sign_in(client, alice)
    server.forget_keys()
    server.drop_all()
    await until(lambda: not client.is_connected())
    with pytest.raises(ConnectionError):
        await client(functions.updates.GetStateRequest())


async def test_sign_in_outlives_a_restart_of_the_box(server: MtprotoServer, client: Any, alice: User) -> None:
    await sign_in(client, alice)
    await server.stop()
    await server.start(server.port)
    assert (await client.get_me()).id == alice.id
