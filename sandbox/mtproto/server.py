"""The MTProto server of the box: starts, stops, pushes what channels publish, and lets tests misbehave."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Self
from urllib.parse import parse_qs, urlsplit

import structlog
from telethon.tl import types

from sandbox.channels import Channel, ChannelEvent
from sandbox.mtproto.connection import Connection
from sandbox.mtproto.keys import ServerKey, process_key
from sandbox.mtproto.sign_in import accept_token
from sandbox.mtproto.state import DC_ID, BoxState, Calls, random_int64
from sandbox.mtproto.tl_objects import chats_tl, update_tl
from sandbox.world import World

log = structlog.get_logger()

_HOST = "127.0.0.1"


class MtprotoServer:
    """Serves one world to MTProto clients on 127.0.0.1, from `start` (or `async with`) to `stop`.

    A client must trust `public_key_pem` (`telethon.crypto.rsa.add_key(pem, old=False)`) and be pointed at
    data centre `dc_id` on `host` and `port` (`session.set_dc`). Who is signed in is remembered over a restart.
    """

    dc_id = DC_ID

    def __init__(self, world: World, *, server_key: ServerKey | None = None) -> None:
        self._box = BoxState(world, server_key or process_key(), host=_HOST)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe: Callable[[], None] | None = None

    async def start(self, port: int = 0) -> None:
        """Listen, on a free port if none is given. OSError if the port is taken."""
        if self._server is not None:
            raise RuntimeError("the MTProto server is running already")
        self._server = await asyncio.start_server(self._accept, _HOST, port)
        self._box.port = self._server.sockets[0].getsockname()[1]
        self._unsubscribe = self._box.world.channels.subscribe(self._push)
        log.info("MTProto server started", port=self._box.port)

    async def stop(self) -> None:
        """Close every connection and wait until all of them are gone; a second call does nothing."""
        if self._server is None:
            return
        if self._unsubscribe is not None:
            self._unsubscribe()
        server, self._server, self._unsubscribe = self._server, None, None
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await server.wait_closed()

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

    def drop_all(self) -> None:
        """Reset every connection, as a network does."""
        for connection in list(self._box.connections):
            connection.reset()

    def forget_keys(self) -> None:
        """Lose all authorization keys: clients meet transport error -404 and must begin anew."""
        self._box.devices.clear()

    def rotate_salt(self) -> None:
        """Change the server's salt: the next message of each client is refused once with bad_server_salt."""
        self._box.salt = random_int64()

    def revoke(self, user_id: int) -> None:
        """Sign a person out everywhere, as "terminate all sessions" does."""
        for device in self._box.devices.values():
            if device.user_id == user_id:
                device.user_id = None

    def scan_qr(self, url: str, user_id: int) -> None:
        """Let a person's phone scan a tg://login code. `Refused` if it is unknown, too old or used."""
        token = parse_qs(urlsplit(url).query)["token"][0]
        padded = token + "=" * (-len(token) % 4)
        accept_token(self._box, base64.urlsafe_b64decode(padded), self._box.world.users[user_id])

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self._box, reader, writer)
        self._box.connections.add(connection)
        task = asyncio.get_running_loop().create_task(connection.serve())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _push(self, channel: Channel, event: ChannelEvent) -> None:
        """Tell the members' connections; a failure is the world's, never the publisher's."""
        try:
            update = update_tl(channel, event)
            posts = [channel.posts[each] for each in event.message_ids if each in channel.posts]
            for user_id in channel.members:
                if connections := self._box.connections_of({user_id}):
                    chats = chats_tl(self._box.world.channels, channel, posts, user_id)
                    self._box.tell(connections, types.Updates([update], [], chats, self._box.now(), 0))
        except Exception as failure:  # noqa: BLE001 - the door of the server: the failure is the test's to see
            self._box.world.failures.append(failure)
