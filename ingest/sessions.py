"""Telethon's session, kept in PostgreSQL: full access to an account, so nothing of it is ever stored in the clear.

Telethon reads and writes a session as it goes; ours lives in memory, and we decide when it is written: after the
sign-in, every minute, and at the end, each time only once the posts that its update states count as seen are committed.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from telethon.crypto import AuthKey
from telethon.sessions import MemorySession
from telethon.tl import types

from ingest.session_key import SessionKey, SessionKeyError
from storage.accounts import Account, save_account
from storage.database import Database

ACCOUNT = "main"
"""The name of the account that is meant when none is named."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")

_FORMAT = 1
_CHANNEL_MARK = -1_000_000_000_000
"""Telethon marks a channel's number so: channel 123 is -1000000000123 (`telethon.utils.get_peer_id`)."""


class AccountNameError(Exception):
    """An account cannot be called so; the message says how it can."""


def account_name(name: str) -> str:
    """The name, if an account can be called so. Raises AccountNameError."""
    if not _NAME.fullmatch(name):
        raise AccountNameError("An account's name has up to 32 letters, digits, - and _, such as `second`.")
    return name


class StoredSession(MemorySession):  # type: ignore[misc]  # Telethon publishes no types
    """A session that can be written down as bytes and read back.

    Of the people and chats that pass by, only the access hashes of the account itself, of channels with an update state
    and of those that `remember_channels` named are kept, and the last are not written down: no names, no phone numbers.
    """

    def __init__(self) -> None:
        super().__init__()
        self._hashes: dict[int, int] = {}
        self._remembered: set[int] = set()
        self._holds_states = False
        self.home: str | None = None
        """The host that TELEGRAM_DC_ADDRESS named at the sign-in; None for Telegram itself."""

    def process_entities(self, tlo: Any) -> None:
        """Keep the access hashes that are needed among what an answer of Telegram brought. (Telethon calls this.)"""
        hashes = {marked_id: access_hash for marked_id, access_hash, *_names in self._entities_to_rows(tlo)}
        if 0 in self._hashes:
            self._hashes.update((number, value) for number, value in hashes.items() if self._is_needed(number))
            return
        self._hashes.update(hashes)  # one of them may be the account itself, as a later answer will tell
        if 0 in hashes:
            self._hashes = {number: value for number, value in self._hashes.items() if self._is_needed(number)}

    def _is_needed(self, marked_id: int) -> bool:
        is_channel_of_ours = marked_id in self._remembered or _CHANNEL_MARK - marked_id in self._update_states
        return is_channel_of_ours or marked_id in (0, self.own_id)

    def set_update_state(self, entity_id: int, state: Any) -> None:
        """Note how far the updates of the account (0) or of a channel have been seen. (Telethon calls this.)"""
        if not self._holds_states:
            super().set_update_state(entity_id, state)

    @contextlib.contextmanager
    def holding_states(self) -> Iterator[None]:
        """Whatever Telethon says meanwhile, the update states stay as they are."""
        self._holds_states = True
        try:
            yield
        finally:
            self._holds_states = False

    def get_entity_rows_by_id(self, id: int, exact: bool = True) -> tuple[int, int] | None:  # noqa: A002 - Telethon's
        """Marked id and access hash. (Telethon calls this.)

        A bare number is that of a channel first: people have numbers of the same range, and when Telethon asks by a
        bare number it means a channel, whose catch-up ends every new client if a person is given (measured, issue 4).
        """
        for marked_id in (id,) if exact else (_CHANNEL_MARK - id, id, -id):
            if marked_id in self._hashes:
                return marked_id, self._hashes[marked_id]
        return None

    def get_entity_rows_by_username(self, username: str) -> None:
        """Nothing: names are resold, so each is asked of Telegram anew. (Telethon calls this.)"""

    def get_entity_rows_by_phone(self, phone: str) -> None:
        """Nothing: phone numbers are not kept. (Telethon calls this.)"""

    def get_entity_rows_by_name(self, name: str) -> None:
        """Nothing: names are not kept. (Telethon calls this.)"""

    @property
    def has_update_states(self) -> bool:
        """Whether a catch-up has something to begin from."""
        return 0 in self._update_states

    @property
    def own_id(self) -> int | None:
        """The signed-in person's number: Telethon files it under 0, as that entry's access hash."""
        return self._hashes.get(0)

    def dumps(self) -> bytes:
        """Everything the next life needs, in the clear: to be encrypted before it goes anywhere."""
        kept = {_CHANNEL_MARK - number for number in self._update_states} | {0, self.own_id}
        content = {
            "format": _FORMAT,
            "home": self.home,
            "dc": [self._dc_id, self._server_address, self._port],
            "auth_key": base64.b64encode(self._auth_key.key).decode() if self._auth_key else None,
            "states": [
                [number, state.pts, state.qts, state.date.timestamp(), state.seq]
                for number, state in self._update_states.items()
            ],
            "hashes": [[number, value] for number, value in self._hashes.items() if number in kept],
        }
        return json.dumps(content).encode()

    @classmethod
    def loads(cls, plain: bytes) -> StoredSession:
        """What `dumps` wrote. Raises ValueError or KeyError if it did not."""
        content = json.loads(plain)
        if content["format"] != _FORMAT:
            raise ValueError(f"session format {content['format']}")
        session = cls()
        session.home = content["home"]
        session.set_dc(*content["dc"])
        if content["auth_key"]:
            session.auth_key = AuthKey(base64.b64decode(content["auth_key"]))
        for number, pts, qts, seconds, seq in content["states"]:
            date = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
            session.set_update_state(number, types.updates.State(pts, qts, date, seq, unread_count=0))
        session._hashes = dict(content["hashes"])
        return session

    def remember_channels(self, channels: Iterable[tuple[int, int]]) -> None:
        """Make access hashes known, (Telegram's bare channel number, hash) each: our tables know them better."""
        known = {_CHANNEL_MARK - number: access_hash for number, access_hash in channels}
        self._remembered |= known.keys()
        self._hashes.update(known)


def read_session(account: Account, key: SessionKey) -> StoredSession:
    """The session of a stored account. Raises SessionKeyError."""
    try:
        return StoredSession.loads(key.decrypt(account.session))
    except (ValueError, KeyError, TypeError) as error:
        raise SessionKeyError(
            "The stored session was written by another version of channelwatch: sign in again with "
            "`channelwatch login`."
        ) from error


async def save_session(
    database: Database, key: SessionKey, plain: bytes, telegram_user_id: int | None, name: str = ACCOUNT
) -> None:
    """Store a session that somebody has just signed in (the bytes of `dumps`), encrypted."""
    async with database.begin() as connection:
        await save_account(connection, name, key.encrypt(plain), telegram_user_id)
