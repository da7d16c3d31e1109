"""The listening socket, which can be barred for a while without losing its port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

_Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None] | None]


class Door:
    """Listens on one address. While it is barred, connections are refused (ECONNREFUSED)."""

    def __init__(self, host: str, accept: _Accept) -> None:
        self._host = host
        self._accept = accept
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._is_barred = False
        self.port = 0

    @property
    def is_used(self) -> bool:
        """Whether it has been opened and not closed since; barred or not."""
        return self._socket is not None

    async def open(self, port: int = 0) -> None:
        """Listen, on a free port if none is given. OSError if the port is taken."""
        self._socket = self._bind(port)
        self.port = self._socket.getsockname()[1]
        await self._listen()

    def bar(self) -> None:
        """Stop listening, but keep the port: nobody else, not even a client by accident, shall get it."""
        self._is_barred = True
        if self._server is not None:
            self._server.close()
            self._server = None
            self._socket = self._bind(self.port)

    def unbar(self) -> None:
        """Listen again, from the next turn of the event loop on."""
        self._is_barred = False
        if self._socket is not None and self._server is None and self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._listen())

    async def close(self) -> None:
        """Stop listening and give up the port."""
        if self._opening is not None:
            await self._opening
        if self._server is not None:
            self._server.close()
        elif self._socket is not None:
            self._socket.close()
        self._server = self._socket = None

    def _bind(self, port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((self._host, port))
        except OSError:
            bound.close()
            raise
        return bound

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, sock=self._socket)
        self._opening = None
        if self._is_barred:  # again, while this was waiting for its turn
            self.bar()
