"""Telethon's session as we keep it."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from telethon import utils
from telethon.crypto import AuthKey
from telethon.tl import types

from ingest.session_key import SessionKey, SessionKeyError
from ingest.sessions import ACCOUNT, StoredSession, read_session, save_session
from storage.accounts import load_account
from storage.database import Database
from tests.ingest.values import NOW

CHANNEL = types.Channel(555, "News", types.ChatPhotoEmpty(), NOW, username="news_box", access_hash=-42)
PERSON = types.User(1001, access_hash=17, first_name="Olena", username="olena", phone="380441234567")


def filled_session() -> StoredSession:
    session = StoredSession()
    session.set_dc(4, "127.0.0.1", 443)
    session.auth_key = AuthKey(os.urandom(256))
    session.home = "127.0.0.1"
    for number, pts in ((0, 70), (555, 9)):
        session.set_update_state(number, types.updates.State(pts, 3, NOW + dt.timedelta(0, 5), 2, unread_count=0))
    answer = types.contacts.ResolvedPeer(None, [CHANNEL], [PERSON, types.InputPeerUser(0, 1001)])
    session.process_entities(answer)
    return session


def test_what_the_next_life_needs_is_read_back() -> None:
    session = filled_session()
    again = StoredSession.loads(session.dumps())
    assert again.auth_key == session.auth_key
    assert (again.dc_id, again.server_address, again.port, again.home) == (4, "127.0.0.1", 443, "127.0.0.1")
    assert [(n, s.pts, s.date) for n, s in again.get_update_states()] == [
        (n, s.pts, s.date) for n, s in session.get_update_states()
    ]
    assert again.get_input_entity(555) == types.InputPeerChannel(555, -42)
    assert again.get_input_entity(utils.get_peer_id(types.PeerChannel(555))) == types.InputPeerChannel(555, -42)
    assert again.own_id == 1001
    assert again.has_update_states


def test_no_names_and_no_phone_numbers_are_kept() -> None:
    content = filled_session().dumps()
    for secret in (b"Olena", b"olena", b"380441234567", b"news_box"):
        assert secret not in content


def test_names_are_never_answered_from_memory() -> None:
    session = filled_session()
    for key in ("news_box", "olena", "+380441234567"):
        with pytest.raises(ValueError, match="Could not find"):
            session.get_input_entity(key)


def test_hashes_of_channels_without_a_state_are_not_written_down() -> None:
    session = filled_session()
    session.remember_channels([(556, 43)])
    assert session.get_input_entity(556) == types.InputPeerChannel(556, 43)
    with pytest.raises(ValueError, match="Could not find"):
        StoredSession.loads(session.dumps()).get_input_entity(556)


def test_people_and_channels_that_pass_by_are_not_kept() -> None:
    session = filled_session()
    passing = [types.User(n, access_hash=n, first_name="Passes by") for n in range(2_000, 2_100)]
    others = [types.Channel(n, "Elsewhere", types.ChatPhotoEmpty(), NOW, access_hash=n) for n in range(900, 1_000)]
    before = len(session._hashes)
    session.process_entities(types.contacts.ResolvedPeer(None, others, [PERSON, *passing]))
    assert len(session._hashes) == before


def test_own_hash_is_kept_although_it_comes_before_own_number() -> None:
    session = StoredSession()
    session.process_entities(types.contacts.ResolvedPeer(None, [CHANNEL], [PERSON]))
    session.process_entities(types.contacts.ResolvedPeer(None, [types.InputPeerUser(0, 1001)], []))
    assert session._hashes == {0: 1001, 1001: 17}


async def test_the_stored_row_holds_nothing_in_the_clear(database: Database, tmp_path: Path) -> None:
    session = filled_session()
    key = SessionKey.read_or_make(tmp_path / "session.key")
    await save_session(database, key, session.dumps(), 1001)
    async with database.begin() as connection:
        account = await load_account(connection, ACCOUNT)
    assert account is not None
    assert session.auth_key.key not in account.session
    assert session.auth_key.key.hex().encode() not in account.session
    assert b"auth_key" not in account.session
    assert read_session(account, key).auth_key == session.auth_key


async def test_a_session_of_another_key_is_refused(database: Database, tmp_path: Path) -> None:
    await save_session(database, SessionKey.read_or_make(tmp_path / "one"), filled_session().dumps(), 1001)
    async with database.begin() as connection:
        account = await load_account(connection, ACCOUNT)
    assert account is not None
    with pytest.raises(SessionKeyError, match="not the key"):
        read_session(account, SessionKey.read_or_make(tmp_path / "two"))


async def test_channel_is_found_although_a_person_has_its_number() -> None:
    session = StoredSession()
    session.remember_channels([(1234567890, 111)])
    person = types.User(1234567890, access_hash=222, first_name="Same")
    session.process_entities(types.contacts.ResolvedPeer(types.PeerUser(1234567890), [], [person]))
    entity = session.get_input_entity(1234567890)
    assert (entity.channel_id, entity.access_hash) == (1234567890, 111)
    assert session.get_input_entity(types.PeerUser(1234567890)).access_hash == 222
