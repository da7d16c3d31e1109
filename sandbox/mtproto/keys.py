"""The server's RSA key and the key exchange of MTProto 2.0 (core.telegram.org/mtproto/auth_key)."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from functools import cache
from hashlib import sha1
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from telethon.crypto import AES, AuthKey
from telethon.extensions import BinaryReader
from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

DH_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DB"
    "FA336F6E0AC925139543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B41"
    "0DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE2E4E15D04B2454BF"
    "6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
"""The 2048-bit safe prime that Telegram's servers use and its protocol documentation publishes; clients know it."""

DH_GENERATOR = 3
_PQ_FACTORS = (1229739323, 1402015859)
"""The two primes of the worked example in the protocol documentation: the client proves work by splitting them."""


class BadPacket(Exception):
    """A client sent what cannot be understood; as with Telegram, its connection is closed."""


def big_endian(number: int) -> bytes:
    """A number in as few big-endian bytes as it needs: Telethon derives its key from this form, unpadded."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _random_int128() -> int:
    return int.from_bytes(os.urandom(16), "little", signed=True)


class ServerKey:
    """The RSA key by which a client knows the server. 2048 bits: the protocol encrypts 255 bytes with it, raw."""

    def __init__(self) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = private.private_numbers()
        self._d, self._n = numbers.d, numbers.public_numbers.n
        self.public_key_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
        parts = (TLObject.serialize_bytes(big_endian(number)) for number in (self._n, 65537))
        self.fingerprint: int = struct.unpack("<q", sha1(b"".join(parts)).digest()[-8:])[0]

    def decrypt(self, block: bytes) -> bytes:
        """The 255 bytes under a block. BadPacket if it was encrypted for another key."""
        number = pow(int.from_bytes(block, "big"), self._d, self._n)
        if number.bit_length() > 255 * 8:
            raise BadPacket("the key exchange was encrypted for another RSA key")
        return number.to_bytes(255, "big")


@cache
def process_key() -> ServerKey:
    """The one key of this process: Telethon's list of trusted keys is global, so more would only pile up there."""
    return ServerKey()


class KeyExchange:
    """The three steps by which a fresh connection agrees on an authorization key; the client sets its clock by them."""

    def __init__(self, server_key: ServerKey, clock: Callable[[], float] = time.time) -> None:
        self._server_key = server_key
        self._clock = clock
        self._nonce = 0
        self._server_nonce = _random_int128()
        self._new_nonce = 0
        self._secret = int.from_bytes(os.urandom(256), "big")

    def answer(self, request: Any) -> tuple[Any, AuthKey | None]:
        """The reply to one step, with the key after the last. BadPacket for anything else."""
        if isinstance(request, functions.ReqPqMultiRequest):
            return self._res_pq(request), None
        if isinstance(request, functions.ReqDHParamsRequest):
            return self._dh_params(request), None
        if isinstance(request, functions.SetClientDHParamsRequest):
            return self._agree(request)
        raise BadPacket(f"{type(request).__name__} is no step of the key exchange")

    def _res_pq(self, request: Any) -> Any:
        self._nonce = request.nonce
        p, q = _PQ_FACTORS
        return types.ResPQ(self._nonce, self._server_nonce, big_endian(p * q), [self._server_key.fingerprint])

    def _dh_params(self, request: Any) -> Any:
        block = self._server_key.decrypt(request.encrypted_data)
        inner = BinaryReader(block[20:]).tgread_object()
        if sha1(bytes(inner)).digest() != block[:20]:
            raise BadPacket("the hash of p_q_inner_data is wrong")
        self._new_nonce = inner.new_nonce
        answer = bytes(
            types.ServerDHInnerData(
                nonce=self._nonce,
                server_nonce=self._server_nonce,
                g=DH_GENERATOR,
                dh_prime=big_endian(DH_PRIME),
                g_a=big_endian(pow(DH_GENERATOR, self._secret, DH_PRIME)),
                server_time=int(self._clock()),
            )
        )
        sealed = AES.encrypt_ige(sha1(answer).digest() + answer, *self._temporary_key())
        return types.ServerDHParamsOk(self._nonce, self._server_nonce, sealed)

    def _agree(self, request: Any) -> tuple[Any, AuthKey]:
        plain = AES.decrypt_ige(request.encrypted_data, *self._temporary_key())
        inner = BinaryReader(plain[20:]).tgread_object()
        key = AuthKey(big_endian(pow(int.from_bytes(inner.g_b, "big"), self._secret, DH_PRIME)))
        proof = key.calc_new_nonce_hash(self._new_nonce, 1)
        return types.DhGenOk(self._nonce, self._server_nonce, proof), key

    def _temporary_key(self) -> tuple[bytes, bytes]:
        """AES-IGE key and iv from the two nonces, as the protocol documentation defines them."""
        server = self._server_nonce.to_bytes(16, "little", signed=True)
        new = self._new_nonce.to_bytes(32, "little", signed=True)
        a, b, c = (sha1(pair).digest() for pair in (new + server, server + new, new + new))
        return a + b[:12], b[12:] + c + new[:4]
