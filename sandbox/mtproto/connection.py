"""One connection of a client: key exchange, encryption, sessions, salts, containers, pushes."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Any

import structlog
from telethon.errors import TypeNotFoundError
from telethon.extensions import BinaryReader
from telethon.tl import functions, types
from telethon.tl.core import GzipPacked, MessageContainer
from telethon.tl.tlobject import TLRequest

from sandbox.mtproto import dispatch
from sandbox.mtproto.accounts import refusal
from sandbox.mtproto.answers import Refused, pack_error, rpc_result
from sandbox.mtproto.encryption import Envelope, open_packet, seal_packet
from sandbox.mtproto.faults import Delay, DropSocket, NoAnswer, RpcFault
from sandbox.mtproto.garbage import Garbage, spoil_body, spoil_packet
from sandbox.mtproto.keys import BadPacket, KeyExchange
from sandbox.mtproto.state import BoxState, Call, Device, Session, random_int64
from sandbox.mtproto.troubles import Troubles
from sandbox.mtproto.wire import Wire

log = structlog.get_logger()

_UNKNOWN_KEY = struct.pack("<i", -404)
_BAD_SALT = 48
_TOO_OLD, _TOO_NEW = 16, 17
_OLDEST, _NEWEST = -300, 30
"""Seconds by which a message id may differ from the server's time (core.telegram.org/mtproto/description)."""
_PLAIN_HEADER = struct.Struct("<qqi")


@dataclass(frozen=True, slots=True)
class _Link:
    """Whose messages the connection carries now."""

    device: Device
    session: Session


class Connection:
    """Serves one client until it goes away or is thrown off."""

    def __init__(
        self, box: BoxState, troubles: Troubles, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._box = box
        self._troubles = troubles
        self._wire = Wire(reader, writer, box.line)
        self._exchange = KeyExchange(box.server_key, box.protocol_seconds)
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
                self._receive(await self._wire.read())
                await self._wire.drain()
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
            await self._wire.close()

    def reset(self) -> None:
        """Cut the connection at once with a TCP reset, losing what is still to be sent."""
        self._wire.reset()

    def thaw(self, *, is_dead: bool) -> None:
        """Go on after the network was frozen; or stay silent for ever."""
        self._wire.thaw(is_dead=is_dead)

    def push(self, updates: bytes, garbage: Garbage | None = None) -> None:
        """Send updates, or such garbage in their place, unless this connection never asked for any."""
        if not self._wants_updates or self._link is None:
            return
        if garbage is None:
            self._send(self._link, updates, is_answer=False)
        else:
            body = spoil_body(updates, garbage, self._box.now())
            self._wire.write(spoil_packet(self._seal(self._link, body, is_answer=False), garbage))

    def announce_new_session(self) -> None:
        """Say that the server has begun the client's session anew."""
        if self._link is not None:
            created = types.NewSessionCreated(self._link.session.last_message_id, random_int64(), self._box.salt)
            self._send(self._link, bytes(created), is_answer=False)

    def _receive(self, packet: bytes) -> None:
        if len(packet) < 8:
            raise EOFError
        (key_id,) = struct.unpack_from("<Q", packet)
        if key_id == 0:
            self._exchange_keys(packet)
        elif (device := self._box.devices.get(key_id)) is None:
            self._wire.write(_UNKNOWN_KEY)
        else:
            self._open(device, packet)

    def _exchange_keys(self, packet: bytes) -> None:
        reply, key = self._exchange.answer(_read(packet[_PLAIN_HEADER.size :]))
        if key is not None:
            self._box.devices[key.key_id] = Device(key)
        body = bytes(reply)
        message_id = self._plain_session.next_message_id(self._box.protocol_seconds(), is_answer=True)
        self._wire.write(_PLAIN_HEADER.pack(0, message_id, len(body)) + body)

    def _open(self, device: Device, packet: bytes) -> None:
        envelope = open_packet(device.key, packet)
        if self._box.checks_time and (code := self._time_error(envelope)) is not None:
            link = _Link(device, device.sessions.get(envelope.session_id) or Session(envelope.session_id))
            notice = types.BadMsgNotification(envelope.message_id, envelope.seq_no, code)
            self._send(link, bytes(notice), is_answer=False, is_content=False)
            return
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

    def _time_error(self, envelope: Envelope) -> int | None:
        ahead = (envelope.message_id >> 32) - self._box.protocol_seconds()
        if ahead < _OLDEST:
            return _TOO_OLD
        return _TOO_NEW if ahead > _NEWEST else None

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
        match self._meet(link.device, method, request):
            case None:
                self._answer(link, message_id, request)
            case RpcFault(code, message):
                self._answer_error(link, message_id, Refused(code, message))
            case Refused() as refused:
                self._answer_error(link, message_id, refused)
            case Delay(seconds):
                self._answer_later(seconds, link, message_id, request)
            case DropSocket(handled):
                if handled:
                    dispatch.answer(Call(self._box, link.device), request)
                self.reset()
            case NoAnswer():
                pass
            case other:
                self._box.world.failures.append(TypeError(f"the MTProto server knows no fault like {other!r}"))
                self._answer_error(link, message_id, Refused(400, "UNKNOWN_FAULT_IN_BOX"))

    def _meet(self, device: Device, method: str, request: Any) -> object | None:
        """What stands in the way of this call: of the account, of the queue of single faults, of lasting troubles."""
        return (
            refusal(self._box, device, method)
            or dispatch.take_fault(self._box.world.faults, method)
            or self._troubles.meet(method, device.user_id or 0, request)
        )

    def _answer(self, link: _Link, message_id: int, request: Any) -> None:
        body = dispatch.answer(Call(self._box, link.device), request)
        self._send(link, rpc_result(message_id, body))

    def _answer_error(self, link: _Link, message_id: int, refused: Refused) -> None:
        self._send(link, rpc_result(message_id, pack_error(refused)))

    def _answer_later(self, seconds: float, link: _Link, message_id: int, request: Any) -> None:
        self._send(link, bytes(types.MsgsAck([message_id])), is_answer=False, is_content=False)

        def answer() -> None:
            self._timers.discard(timer)
            self._answer(link, message_id, request)

        timer = asyncio.get_running_loop().call_later(seconds, answer)
        self._timers.add(timer)

    def _send(self, link: _Link, body: bytes, *, is_answer: bool = True, is_content: bool = True) -> None:
        self._wire.write(self._seal(link, body, is_answer=is_answer, is_content=is_content))

    def _seal(self, link: _Link, body: bytes, *, is_answer: bool = True, is_content: bool = True) -> bytes:
        envelope = Envelope(
            self._box.salt,
            link.session.id,
            link.session.next_message_id(self._box.protocol_seconds(), is_answer=is_answer),
            link.session.next_seq_no(is_content=is_content),
            body,
        )
        return seal_packet(link.device.key, envelope)


def _read(data: bytes) -> Any:
    return BinaryReader(data).tgread_object()
