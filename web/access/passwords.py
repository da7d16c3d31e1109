"""Operators' passwords: argon2id, and what a new one must be."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 1024
"""Characters. ASVS 5.0, 6.2 asks for eight and recommends more; no rule about kinds of characters, as it says."""

_HASHER = PasswordHasher()
"""argon2-cffi's defaults: argon2id, 64 MiB, three rounds (RFC 9106, 4: the second recommended choice)."""

_NOBODY = _HASHER.hash("a password that nobody has")
"""What is compared when there is no such operator: it takes as long, so that nobody learns who there is."""

_AT_ONCE = asyncio.Semaphore(2)
"""Comparisons at a time: each fills 64 MiB and a core."""


class WeakPassword(Exception):
    """Too easily guessed; the message says what would do. `code` is the sentence's key in `web.texts`."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def require_good(password: str, name: str) -> None:
    """Raise WeakPassword unless this may be the password of the operator of that name."""
    if len(password) < SHORTEST:
        raise WeakPassword(f"A password has {SHORTEST} characters at least.", "password_short")
    if len(password) > LONGEST:
        raise WeakPassword(f"A password has {LONGEST} characters at most.", "password_long")
    if len(set(password)) < 5 or (name and name.casefold() in password.casefold()):
        raise WeakPassword("This password is easily guessed: choose one without your name.", "password_easy")


def hashed(password: str) -> str:
    """What is stored of a password. Some 0.1 s of one core."""
    return _HASHER.hash(password)


async def is_right(password: str, stored: str | None) -> bool:
    """Whether a password is the one that was hashed; False, after the same time, when there is none (`stored` None)."""
    if len(password) > LONGEST:
        password = ""
    async with _AT_ONCE:
        return await asyncio.to_thread(_verified, password, stored or _NOBODY) and stored is not None


def _verified(password: str, stored: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
