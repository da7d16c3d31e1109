"""One TCP connection of a client: frames, key exchange, encryption, sessions, salts, containers, pushes."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from dataclasses import dataclass
from typing import Any

import structlog
from telethon.errors import InvalidBufferError, InvalidChecksumError, TypeNotFoundError
from telethon.extensions import BinaryReader
from telethon.network.connection.tcpfull import FullPacketCodec
from telethon.tl import functions, types
from telethon.tl.core import GzipPacked, MessageContainer
from telethon.tl.tlobject import TLRequest

from sandbox.mtproto import dispatch
from sandbox.mtproto.answers import Refused, pack_error, rpc_result
from sandbox.mtproto.encryption import Envelope, open_packet, seal_packet
from sandbox.mtproto.faults import Delay, DropSocket, RpcFault
from sandbox.mtproto.keys import BadPacket, KeyExchange
from sandbox.mtproto.state import BoxState, Call, Device, Session, random_int64

log = structlog.get_logger()

_UNKNOWN_KEY = struct.pack("<i", -404)
_BAD_SALT = 48
_PLAIN_HEADER = struct.Struct("<qqi")


@dataclass(frozen=True, slots=True)
class _Link:
    """Whose messages the connection carries now."""

    device: Device
    session: Session


class Connection:
    """Serves one client until it goes away or is thrown off."""

    def __init__(self, box: BoxState, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._box = box
        self._reader, self._writer = reader, writer
        self._codec = FullPacketCodec(None)
        self._exchange = KeyExchange(box.server_key)
        self._plain_session = Session(0)
        self._link: _Link | None = None
        self._wants_updates = False
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def device(self) -> Device | None:
        """Whose authorization key the client uses; None before its first encrypted message."""
        return self._link.device if self._link else None

    async def serve(self) -> None:
        """Answer packet after packet. Never raises but for cancellation: a failure of the box goes to the world."""
        try:
            while True:
                self._receive(await self._next_packet())
                await self._writer.drain()
        except (EOFError, ConnectionError):
            log.debug("connection closed")
        except BadPacket as problem:
            log.warning("connection refused", reason=str(problem))
        except Exception as failure:  # noqa: BLE001 - the door of the server: the failure is the test's to see
            self._box.world.failures.append(failure)
        finally:
            self._box.connections.discard(self)
            for timer in self._timers:
                timer.cancel()
            self.reset()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    def reset(self) -> None:
        """Cut the connection at once, losing what is still to be written."""
        self._writer.transport.abort()

    def push(self, updates: bytes) -> None:
        """Send updates, unless this connection never asked for any or nobody is signed in on it."""
        if self._wants_updates and self._link is not None:
            self._send(self._link, updates, is_answer=False)

    async def _next_packet(self) -> bytes:
        try:
            return bytes(await self._codec.read_packet(self._reader))
        except (InvalidBufferError, InvalidChecksumError, struct.error) as problem:
            raise BadPacket("no frame of the TCP full transport") from problem

    def _receive(self, packet: bytes) -> None:
        if len(packet) < 8:
            raise EOFError
        (key_id,) = struct.unpack_from("<Q", packet)
        if key_id == 0:
            self._exchange_keys(packet)
        elif (device := self._box.devices.get(key_id)) is None:
            self._write(_UNKNOWN_KEY)
        else:
            self._open(device, packet)

    def _exchange_keys(self, packet: bytes) -> None:
        reply, key = self._exchange.answer(_read(packet[_PLAIN_HEADER.size :]))
        if key is not None:
            self._box.devices[key.key_id] = Device(key)
        body = bytes(reply)
        message_id = self._plain_session.next_message_id(is_answer=True)
        self._write(_PLAIN_HEADER.pack(0, message_id, len(body)) + body)

    def _open(self, device: Device, packet: bytes) -> None:
        envelope = open_packet(device.key, packet)
        link = self._enter_session(device, envelope)
        if envelope.salt != self._box.salt:
            notice = types.BadServerSalt(envelope.message_id, envelope.seq_no, _BAD_SALT, self._box.salt)
            self._send(link, bytes(notice), is_answer=False, is_content=False)
            return
        try:
            self._handle(link, envelope.message_id, _read(envelope.body))
        except TypeNotFoundError as unknown:
            self._box.world.failures.append(unknown)
            self._answer_error(link, envelope.message_id, Refused(400, "INPUT_CONSTRUCTOR_INVALID"))

    def _enter_session(self, device: Device, envelope: Envelope) -> _Link:
        """The session of this message; the client is told when the server sees it for the first time."""
        session = device.sessions.get(envelope.session_id)
        self._link = _Link(device, session or Session(envelope.session_id))
        if session is None:
            device.sessions[envelope.session_id] = self._link.session
            created = types.NewSessionCreated(envelope.message_id, random_int64(), self._box.salt)
            self._send(self._link, bytes(created), is_answer=False)
        return self._link

    def _handle(self, link: _Link, message_id: int, content: Any) -> None:
        if isinstance(content, MessageContainer):
            for message in content.messages:
                self._handle(link, message.msg_id, message.obj)
        elif isinstance(content, GzipPacked):
            self._handle(link, message_id, _read(content.data))
        elif isinstance(content, (functions.PingRequest, functions.PingDelayDisconnectRequest)):
            self._send(link, bytes(types.Pong(message_id, content.ping_id)), is_content=False)
        elif isinstance(content, TLRequest):
            self._request(link, message_id, content)
        # Anything else is an acknowledgement: on the loopback nothing is lost but with its connection.

    def _request(self, link: _Link, message_id: int, wrapped: Any) -> None:
        request, wants_updates, model = dispatch.unwrap(wrapped)
        self._wants_updates = self._wants_updates or wants_updates
        link.device.model = model or link.device.model
        method = dispatch.method_name(request)
        self._box.calls.record(method)
        match dispatch.take_fault(self._box.world.faults, method):
            case None:
                self._answer(link, message_id, request)
            case RpcFault(code, message):
                self._answer_error(link, message_id, Refused(code, message))
            case Delay(seconds):
                self._answer_later(seconds, link, message_id, request)
            case DropSocket(handled):
                if handled:
                    dispatch.answer(Call(self._box, link.device), request)
                self.reset()
            case other:
                self._box.world.failures.append(TypeError(f"the MTProto server knows no fault like {other!r}"))
                self._answer_error(link, message_id, Refused(400, "UNKNOWN_FAULT_IN_BOX"))

    def _answer(self, link: _Link, message_id: int, request: Any) -> None:
        body = dispatch.answer(Call(self._box, link.device), request)
        self._send(link, rpc_result(message_id, body))

    def _answer_error(self, link: _Link, message_id: int, refused: Refused) -> None:
        self._send(link, rpc_result(message_id, pack_error(refused)))

    def _answer_later(self, seconds: float, link: _Link, message_id: int, request: Any) -> None:
        self._send(link, bytes(types.MsgsAck([message_id])), is_answer=False, is_content=False)
        loop = asyncio.get_running_loop()
        self._timers.add(loop.call_later(seconds, self._answer, link, message_id, request))

    def _send(self, link: _Link, body: bytes, *, is_answer: bool = True, is_content: bool = True) -> None:
        envelope = Envelope(
            self._box.salt,
            link.session.id,
            link.session.next_message_id(is_answer=is_answer),
            link.session.next_seq_no(is_content=is_content),
            body,
        )
        self._write(seal_packet(link.device.key, envelope))

    def _write(self, packet: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(self._codec.encode_packet(packet))


def _read(data: bytes) -> Any:
    return BinaryReader(data).tgread_object()
