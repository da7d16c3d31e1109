"""The two-step password, checked without being sent: SRP as core.telegram.org/api/srp describes it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from telethon.tl import types

from sandbox.mtproto.answers import Refused
from sandbox.mtproto.keys import DH_GENERATOR, DH_PRIME
from sandbox.mtproto.state import Call

_ROUNDS = 100_000


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _padded(number: int) -> bytes:
    return number.to_bytes(256, "big")


@dataclass
class PasswordCheck:
    """One challenge: the server's half of an SRP exchange about a password."""

    password: str
    id: int = field(default_factory=lambda: secrets.randbits(62))
    salt1: bytes = field(default_factory=lambda: os.urandom(8))
    salt2: bytes = field(default_factory=lambda: os.urandom(8))
    _secret: int = field(default_factory=lambda: secrets.randbits(2048))

    @cached_property
    def _verifier(self) -> int:
        """What a server keeps in place of the password."""
        once = _sha256(self.salt2, _sha256(self.salt1, self.password.encode(), self.salt1), self.salt2)
        slow = hashlib.pbkdf2_hmac("sha512", once, self.salt1, _ROUNDS)
        x = int.from_bytes(_sha256(self.salt2, slow, self.salt2), "big")
        return pow(DH_GENERATOR, x, DH_PRIME)

    @property
    def challenge(self) -> bytes:
        """The number B that the client answers to."""
        k = int.from_bytes(_sha256(_padded(DH_PRIME), _padded(DH_GENERATOR)), "big")
        return _padded((k * self._verifier + pow(DH_GENERATOR, self._secret, DH_PRIME)) % DH_PRIME)

    def accepts(self, a: bytes, proof: bytes) -> bool:
        """Whether the client's number A and its proof M1 come from one who knows the password."""
        b = self.challenge
        u = int.from_bytes(_sha256(a.rjust(256, b"\0"), b), "big")
        base = int.from_bytes(a, "big") * pow(self._verifier, u, DH_PRIME)
        shared = _sha256(_padded(pow(base, self._secret, DH_PRIME)))
        prime_hash, generator_hash = _sha256(_padded(DH_PRIME)), _sha256(_padded(DH_GENERATOR))
        mixed = bytes(x ^ y for x, y in zip(prime_hash, generator_hash, strict=True))
        salts = _sha256(self.salt1) + _sha256(self.salt2)
        return hmac.compare_digest(proof, _sha256(mixed, salts, a.rjust(256, b"\0"), b, shared))

    @property
    def algorithm(self) -> Any:
        """How the client is to hash the password."""
        kind = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow
        return kind(self.salt1, self.salt2, DH_GENERATOR, _padded(DH_PRIME))


def describe_password(call: Call, user_id: int) -> Any:
    """account.password: whether there is one, with a fresh challenge if so."""
    password = call.world.users[user_id].password
    check = PasswordCheck(password or "")
    answer = types.account.Password(
        new_algo=check.algorithm,
        new_secure_algo=types.SecurePasswordKdfAlgoUnknown(),
        secure_random=os.urandom(256),
    )
    if password is not None:
        call.box.password_checks[user_id] = check
        answer.has_password = True
        answer.current_algo, answer.srp_B, answer.srp_id = check.algorithm, check.challenge, check.id
    return answer


def require_password(call: Call, user_id: int, given: Any) -> None:
    """Refused unless the answer fits the challenge of this person; each challenge serves once."""
    check = call.box.password_checks.pop(user_id, None)
    if not isinstance(given, types.InputCheckPasswordSRP):
        raise Refused(400, "PASSWORD_HASH_INVALID")
    if check is None or check.id != given.srp_id:
        raise Refused(400, "SRP_ID_INVALID")
    if not int.from_bytes(given.A, "big") % DH_PRIME:
        raise Refused(400, "SRP_A_INVALID")
    if not check.accepts(given.A, given.M1):
        raise Refused(400, "PASSWORD_HASH_INVALID")
