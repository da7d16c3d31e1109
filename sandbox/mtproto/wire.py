"""The frames of one TCP connection, and what a bad network does to them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from telethon.errors import InvalidBufferError, InvalidChecksumError
from telethon.network.connection.tcpfull import FullPacketCodec

from sandbox.mtproto.keys import BadPacket

_LINGER_NOT = struct.pack("ii", 1, 0)


class Wire:
    """Packets of the TCP full transport, in both directions.

    While `line` is clear nothing comes in, and what goes out is held back: until `thaw`, or for ever.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: asyncio.Event) -> None:
        self._reader, self._writer, self._line = reader, writer, line
        self._codec = FullPacketCodec(None)
        self._held: list[bytes] = []
        self._is_dead = False

    async def read(self) -> bytes:
        """The next packet. EOFError or ConnectionError when the client is gone, BadPacket for what is no frame."""
        while True:
            try:
                packet = bytes(await self._codec.read_packet(self._reader))
            except (InvalidBufferError, InvalidChecksumError, struct.error) as problem:
                await self._line.wait()
                raise BadPacket("no frame of the TCP full transport") from problem
            await self._line.wait()
            if not self._is_dead:
                return packet

    def write(self, packet: bytes) -> None:
        """Send a packet, or hold it back, or lose it."""
        if self._is_dead or self._writer.is_closing():
            return
        frame = self._codec.encode_packet(packet)
        if self._line.is_set():
            self._writer.write(frame)
        else:
            self._held.append(frame)

    async def drain(self) -> None:
        """Wait until the client has taken enough of what was sent."""
        await self._writer.drain()

    def thaw(self, *, is_dead: bool) -> None:
        """Send what was held back while the line was clear; or never read and write again."""
        held, self._held = self._held, []
        self._is_dead = self._is_dead or is_dead
        if not self._is_dead and not self._writer.is_closing():
            self._writer.writelines(held)

    def reset(self) -> None:
        """Cut the connection at once with a TCP reset, losing what is still to be sent."""
        if not self._writer.is_closing():
            raw: socket.socket = self._writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close the connection, and wait until it is."""
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
