"""The key that seals what the database must give back but not give away: addresses of feeds and of webhooks."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

NAME = "web.key"
"""The file's name in the data folder. A backup of the database alone opens nothing that was sealed."""


class KeyFileError(Exception):
    """The key of feeds and webhooks is wrong or unreadable; the message names the file and the way out."""


class Key:
    """Seals and opens small secrets (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: bytes, path: Path) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise KeyFileError(f"{path} holds no key: {_WAY_OUT}") from None
        self._path = path

    @classmethod
    def kept_in(cls, home: Path) -> Key:
        """The key in the data folder, made at the first use: mode 0600 from its first moment, never over another file.

        Raises KeyFileError.
        """
        path = home / NAME
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_once(path, Fernet.generate_key() + b"\n")
            return cls(path.read_bytes().strip(), path)
        except OSError as error:
            raise KeyFileError(f"The key {path} cannot be read or made: {error.strerror}.") from None

    def seal(self, plain: str) -> bytes:
        """Ciphertext that tells nothing but its length and age."""
        return self._fernet.encrypt(plain.encode())

    def opened(self, sealed: bytes) -> str:
        """What was sealed. Raises KeyFileError if this is not the key it was sealed with."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise KeyFileError(f"{self._path} is not the key that this was stored with: {_WAY_OUT}") from None


_WAY_OUT = (
    "restore the file from your backup, or delete it, give feeds new addresses (`channelwatch feeds rotate`) and add "
    "webhooks anew."
)


def write_once(path: Path, secret: bytes) -> None:
    """A secret in a file of that name, unless there is one: readable by its owner only, whole from its first moment.

    Two programs may start at once, and in containers of their own both have the same process number.
    """
    if path.exists():
        return
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another program was first
            os.link(draft, path)
    finally:
        Path(draft).unlink()
