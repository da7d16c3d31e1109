"""What the MTProto server knows beside the world: devices, sessions, codes, tokens, open connections."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from telethon.crypto import AuthKey

from sandbox.mtproto.answers import Refused
from sandbox.mtproto.calls import Calls
from sandbox.mtproto.keys import ServerKey
from sandbox.mtproto.lasting import LastingTroubles
from sandbox.world import User, World

if TYPE_CHECKING:
    from sandbox.mtproto.connection import Connection
    from sandbox.mtproto.passwords import PasswordCheck

DC_ID = 2
"""The data centre the box claims to be. Files say it too: of another one, Telethon would open a second connection."""


def random_int64() -> int:
    """A signed 64-bit number, as salts and ids of the protocol are."""
    return int.from_bytes(os.urandom(8), "little", signed=True)


@dataclass(slots=True)
class Session:
    """One run of a client: its ids and numbers go on when it comes back on another connection."""

    id: int
    sent: int = 0
    last_message_id: int = 0

    def next_message_id(self, at: float, *, is_answer: bool) -> int:
        """A fresh id: the time (POSIX seconds) in 2^-32 s, 1 modulo 4 for an answer, else 3, always growing."""
        kind = 1 if is_answer else 3
        number = (int(at * 2**32) & ~3) + kind
        if number <= self.last_message_id:
            number = (self.last_message_id & ~3) + 4 + kind
        self.last_message_id = number
        return number

    def next_seq_no(self, *, is_content: bool) -> int:
        """Twice the number of content messages sent before, plus one if this is one."""
        number = self.sent * 2 + is_content
        self.sent += is_content
        return number


@dataclass(slots=True)
class Device:
    """One authorization key and who is signed in with it. `awaits_password`: the code was right, 2FA is due.

    `void`: with what error the key is refused since it lost its worth.
    """

    key: AuthKey
    user_id: int | None = None
    awaits_password: int | None = None
    sessions: dict[int, Session] = field(default_factory=dict)
    model: str = ""
    void: Refused | None = None


@dataclass(slots=True)
class LoginToken:
    """A QR code on a screen: who shows it, until when, and who has scanned it."""

    token: bytes
    device: Device
    expires_at: dt.datetime
    accepted_by: int | None = None


def _open_line() -> asyncio.Event:
    line = asyncio.Event()
    line.set()
    return line


@dataclass(slots=True)
class BoxState:
    """Everything the handlers share.

    `devices` by key id; `phone_codes`: phone -> the hash that its code must come with; `password_checks`: the
    open challenge of each person. `too_long_after`: how many missed events a channel's difference tells at most;
    `is_account_too_long`: the account's difference tells nothing. `line` is clear while nothing gets through. `skew`:
    how many seconds the server's clock is ahead; `checks_time`: it corrects clients whose clock differs from it.
    """

    world: World
    server_key: ServerKey
    host: str = "127.0.0.1"
    port: int = 0
    salt: int = field(default_factory=random_int64)
    devices: dict[int, Device] = field(default_factory=dict)
    connections: set[Connection] = field(default_factory=set)
    phone_codes: dict[str, str] = field(default_factory=dict)
    login_tokens: dict[bytes, LoginToken] = field(default_factory=dict)
    password_checks: dict[int, PasswordCheck] = field(default_factory=dict)
    rng: random.Random = field(default_factory=random.Random)
    lasting: LastingTroubles = field(default_factory=LastingTroubles)
    refused_accounts: dict[int, Refused] = field(default_factory=dict)
    line: asyncio.Event = field(default_factory=_open_line)
    skew: float = 0.0
    checks_time: bool = False
    too_long_after: int | None = None
    is_account_too_long: bool = False
    calls: Calls = field(init=False)

    def __post_init__(self) -> None:
        self.calls = Calls(self.world.clock.monotonic)

    def now(self) -> dt.datetime:
        """The world's time, as the server has it.

        Ids of the protocol and the life of login tokens follow the machine's clock instead: the client compares
        them with its own.
        """
        return self.world.clock.now() + dt.timedelta(seconds=self.skew)

    def protocol_seconds(self) -> float:
        """The POSIX time in ids of the protocol."""
        return time.time() + self.skew

    def tell(self, connections: Iterable[Connection], updates: Any) -> None:
        """Push updates to these connections, if they listen."""
        body = bytes(updates)
        for connection in connections:
            connection.push(body)

    def connections_of(self, user_ids: Iterable[int]) -> list[Connection]:
        """The connections on which one of these people is signed in."""
        wanted = set(user_ids)
        return [each for each in self.connections if each.device is not None and each.device.user_id in wanted]


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls: handed to every handler with the request."""

    box: BoxState
    device: Device

    @property
    def world(self) -> World:
        """The world behind the server."""
        return self.box.world

    @property
    def user(self) -> User:
        """The person signed in. Refused with Telegram's 401 if nobody is."""
        if self.device.awaits_password is not None:
            raise Refused(401, "SESSION_PASSWORD_NEEDED")
        user = self.world.users.get(self.device.user_id or 0)
        if user is None:
            raise Refused(401, "AUTH_KEY_UNREGISTERED")
        return user
