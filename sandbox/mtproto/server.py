"""The MTProto server of the box: starts, stops, pushes what channels publish, and lets tests misbehave."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Callable
from typing import Self
from urllib.parse import parse_qs, urlsplit

import structlog

from sandbox.channels import Channel, ChannelEvent
from sandbox.mtproto.accounts import Accounts
from sandbox.mtproto.calls import Calls
from sandbox.mtproto.connection import Connection
from sandbox.mtproto.door import Door
from sandbox.mtproto.keys import ServerKey, process_key
from sandbox.mtproto.lasting import Lasting
from sandbox.mtproto.network import Network
from sandbox.mtproto.pushes import Pushes
from sandbox.mtproto.sign_in import accept_token
from sandbox.mtproto.state import DC_ID, BoxState, random_int64
from sandbox.mtproto.strays import Strays
from sandbox.mtproto.troubles import Troubles
from sandbox.world import World

log = structlog.get_logger()

_HOST = "127.0.0.1"


class MtprotoServer:
    """Serves one world to MTProto clients on 127.0.0.1, from `start` (or `async with`) to `stop`.

    A client must trust `public_key_pem` (`telethon.crypto.rsa.add_key(pem, old=False)`) and be pointed at
    data centre `dc_id` on `host` and `port` (`session.set_dc`). Who is signed in is remembered over a restart.

    What may go wrong: single calls by `world.faults.add("mtproto", method, ...)`; calls by `troubles`, pushes by
    `pushes`, the wire by `network`, accounts by `accounts`, each until it is lifted (`Lasting`); unasked messages by
    `send`; and what befalls channels by the world's own (`world.channels`). Chance comes from `rng`.
    """

    dc_id = DC_ID

    def __init__(self, world: World, *, server_key: ServerKey | None = None, rng: random.Random | None = None) -> None:
        self._box = BoxState(world, server_key or process_key(), host=_HOST, rng=rng or random.Random())
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe: list[Callable[[], None]] = []
        self._door = Door(_HOST, self._accept)
        self.pushes = Pushes(self._box)
        self.send = Strays(self._box)
        self.troubles = Troubles(self._box)
        self.network = Network(self._box, self._door.bar, self._door.unbar)
        self.accounts = Accounts(self._box)

    async def start(self, port: int = 0) -> None:
        """Listen, on a free port if none is given. OSError if the port is taken."""
        if self._door.is_used:
            raise RuntimeError("the MTProto server is running already")
        await self._door.open(port)
        self._box.port = self._door.port
        channels = self._box.world.channels
        self._unsubscribe = [channels.subscribe(self._on_event), channels.watch(self._on_change)]
        log.info("MTProto server started", port=self._box.port)

    async def stop(self) -> None:
        """Close every connection and wait until all of them are gone; a second call does nothing."""
        if not self._door.is_used:
            return
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        await self._door.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.stop()

    @property
    def host(self) -> str:
        """The address to connect to."""
        return self._box.host

    @property
    def port(self) -> int:
        """The port to connect to; 0 before the first start."""
        return self._box.port

    @property
    def public_key_pem(self) -> str:
        """The RSA key a client must trust, PKCS #1 in PEM."""
        return self._box.server_key.public_key_pem

    @property
    def calls(self) -> Calls:
        """How often each method was called: `calls["messages.getHistory"]`, `calls["GetHistory"]`."""
        return self._box.calls

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._box.connections)

    @property
    def rng(self) -> random.Random:
        """What every share is drawn from; give a seeded one to have the same run again."""
        return self._box.rng

    @rng.setter
    def rng(self, rng: random.Random) -> None:
        self._box.rng = rng

    def too_long_after(self, events: int) -> Lasting:
        """From now on a channel's difference tells so many missed events at most, else channelDifferenceTooLong."""
        self._box.too_long_after = events
        return self._box.lasting.begin(
            "channel differences too long", lambda: setattr(self._box, "too_long_after", None)
        )

    def account_too_long(self) -> Lasting:
        """From now on the account's difference is differenceTooLong: it names no channel that moved."""
        self._box.is_account_too_long = True
        return self._box.lasting.begin(
            "account differences too long", lambda: setattr(self._box, "is_account_too_long", False)
        )

    def lift_all(self) -> None:
        """End every trouble that lasts."""
        self._box.lasting.lift_all()

    @property
    def lasting(self) -> list[Lasting]:
        """The troubles that last now."""
        return self._box.lasting.active

    def drop_all(self) -> None:
        """Reset every connection, as a network does."""
        self.network.reset()

    def forget_keys(self) -> None:
        """Lose all authorization keys: clients meet transport error -404 and must begin anew."""
        for device in self._box.devices.values():
            device.user_id = None
        self._box.devices.clear()

    def rotate_salt(self) -> None:
        """Change the server's salt: the next message of each client is refused once with bad_server_salt."""
        self._box.salt = random_int64()

    def revoke(self, user_id: int) -> None:
        """Sign a person out everywhere, as "terminate all sessions" does."""
        self.accounts.unregister_keys(user_id)

    def scan_qr(self, url: str, user_id: int) -> None:
        """Let a person's phone scan a tg://login code. `Refused` if it is unknown, too old or used."""
        token = parse_qs(urlsplit(url).query)["token"][0]
        padded = token + "=" * (-len(token) % 4)
        accept_token(self._box, base64.urlsafe_b64decode(padded), self._box.world.users[user_id])

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self._box, self.troubles, reader, writer)
        self._box.connections.add(connection)
        task = asyncio.get_running_loop().create_task(connection.serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_event(self, channel: Channel, event: ChannelEvent) -> None:
        """Tell the members' connections; a failure is the world's, never the publisher's."""
        try:
            self.pushes.announce(channel, event)
        except Exception as failure:  # noqa: BLE001 - the door of the server: the failure is the test's to see
            self._box.world.failures.append(failure)

    def _on_change(self, channel: Channel, user_ids: frozenset[int]) -> None:
        try:
            self.pushes.announce_change(channel, user_ids)
        except Exception as failure:  # noqa: BLE001 - the door of the server: the failure is the test's to see
            self._box.world.failures.append(failure)
