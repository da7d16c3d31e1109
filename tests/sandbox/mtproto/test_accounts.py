"""What befalls an account, as its client meets it; and what heals it."""

from __future__ import annotations

from typing import Any

import pytest
from telethon import errors
from telethon.tl import functions

from sandbox.mtproto import MtprotoServer
from sandbox.world import World
from tests.sandbox.mtproto_fixtures import Reader, new_client, sign_in

_STATE = functions.updates.GetStateRequest


async def _is_served_anew(reader: Reader) -> bool:
    async with new_client(reader.server) as client:
        await sign_in(client, reader.user)
        return bool(await client(_STATE()))


async def test_duplicated_key_is_void_even_for_signing_in_but_a_new_one_serves(reader: Reader) -> None:
    reader.server.accounts.duplicate_key(reader.user.id)
    for _ in range(2):
        with pytest.raises(errors.AuthKeyDuplicatedError):
            await reader.client(_STATE())
    with pytest.raises(errors.AuthKeyDuplicatedError):
        await sign_in(reader.client, reader.user)
    assert await _is_served_anew(reader)


@pytest.mark.parametrize(
    ("befall", "error"),
    [("revoke_sessions", errors.SessionRevokedError), ("unregister_keys", errors.AuthKeyUnregisteredError)],
)
async def test_signed_out_session_heals_by_signing_in_again(reader: Reader, befall: str, error: type) -> None:
    getattr(reader.server.accounts, befall)(reader.user.id)
    for _ in range(2):
        with pytest.raises(error):
            await reader.client(_STATE())
    reader.publish("unheard")
    await sign_in(reader.client, reader.user)
    assert await reader.client(_STATE())
    await reader.settled()


async def test_banned_person_is_refused_everything_until_pardoned(reader: Reader) -> None:
    with reader.server.accounts.ban(reader.user.id):
        with pytest.raises(errors.UserDeactivatedBanError):
            await reader.client(_STATE())
        with pytest.raises(errors.PhoneNumberBannedError):
            await _is_served_anew(reader)
    assert await reader.client(_STATE())


async def test_frozen_account_knows_itself_but_reads_nothing(reader: Reader) -> None:
    with reader.server.accounts.freeze(reader.user.id):
        assert (await reader.client.get_me()).id == reader.user.id
        assert await reader.client(_STATE())
        with pytest.raises(errors.FrozenMethodInvalidError):
            await reader.client.get_messages(reader.entity)
    assert list(await reader.client.get_messages(reader.entity)) == []


async def test_forgotten_key_ends_one_account_and_no_other(reader: Reader, world: World, server: MtprotoServer) -> None:
    bob = world.add_user("Bob", phone="79990003344")
    async with new_client(server) as client:
        await sign_in(client, bob)
        server.accounts.forget_keys(bob.id)
        with pytest.raises(errors.AuthKeyNotFound):
            await _until_disconnected(client)
    await reader.settled()


async def _until_disconnected(client: Any) -> None:
    with pytest.raises(ConnectionError):
        await client(_STATE())
    await client.disconnected
