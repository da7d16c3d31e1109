"""Encrypted messages of MTProto 2.0, seen from the server (core.telegram.org/mtproto/description)."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from hashlib import sha256

from telethon.crypto import AES, AuthKey

from sandbox.mtproto.keys import BadPacket

_HEADER = struct.Struct("<qqqii")
_FROM_CLIENT, _FROM_SERVER = 0, 8
"""Where in the key the material of each direction begins."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One decrypted message: header and body (a TL object's bytes)."""

    salt: int
    session_id: int
    message_id: int
    seq_no: int
    body: bytes


def _message_key(key: bytes, direction: int, plain: bytes) -> bytes:
    return sha256(key[88 + direction : 120 + direction] + plain).digest()[8:24]


def _aes_key(key: bytes, direction: int, message_key: bytes) -> tuple[bytes, bytes]:
    a = sha256(message_key + key[direction : direction + 36]).digest()
    b = sha256(key[direction + 40 : direction + 76] + message_key).digest()
    return a[:8] + b[8:24] + a[24:32], b[:8] + a[8:24] + b[24:32]


def open_packet(key: AuthKey, packet: bytes) -> Envelope:
    """Decrypt what a client sent. BadPacket if the message key does not fit the content."""
    message_key, sealed = packet[8:24], packet[24:]
    if not sealed or len(sealed) % 16:
        raise BadPacket("an encrypted message of impossible length")
    plain = AES.decrypt_ige(sealed, *_aes_key(key.key, _FROM_CLIENT, message_key))
    if _message_key(key.key, _FROM_CLIENT, plain) != message_key:
        raise BadPacket("the message key does not fit the message")
    salt, session_id, message_id, seq_no, length = _HEADER.unpack_from(plain)
    return Envelope(salt, session_id, message_id, seq_no, plain[_HEADER.size : _HEADER.size + length])


def seal_packet(key: AuthKey, envelope: Envelope) -> bytes:
    """Encrypt a message for the client, with 12 to 27 bytes of padding."""
    plain = (
        _HEADER.pack(envelope.salt, envelope.session_id, envelope.message_id, envelope.seq_no, len(envelope.body))
        + envelope.body
    )
    plain += os.urandom(-(len(plain) + 12) % 16 + 12)
    message_key = _message_key(key.key, _FROM_SERVER, plain)
    sealed = AES.encrypt_ige(plain, *_aes_key(key.key, _FROM_SERVER, message_key))
    return struct.pack("<Q", key.key_id) + message_key + bytes(sealed)
