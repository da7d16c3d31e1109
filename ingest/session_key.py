"""The key that sessions are encrypted with: a file of its own, readable by its owner only."""

from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from config.keys import write_once


class SessionKeyError(Exception):
    """The key of stored sessions is missing, wrong or unreadable; the message names the file and the way out."""


class SessionKey:
    """Encrypts and decrypts what `accounts.session` holds (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: bytes, path: Path) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise SessionKeyError(
                f"{path} holds no session key: restore the file from your backup, or delete it and sign in again with "
                "`channelwatch login`."
            ) from None
        self._path = path

    @classmethod
    def read(cls, path: Path) -> SessionKey:
        """The key in a file. Raises SessionKeyError if there is none."""
        try:
            return cls(path.read_bytes().strip(), path)
        except FileNotFoundError:
            raise SessionKeyError(
                f"The key of the stored session is missing: restore {path} from your backup, or sign in again with "
                "`channelwatch login`."
            ) from None
        except OSError as error:
            raise SessionKeyError(f"The session key {path} cannot be read: {error.strerror}.") from None

    @classmethod
    def read_or_make(cls, path: Path) -> SessionKey:
        """The key in a file, made at the first use: mode 0600 from its first moment, never over another file."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_once(path, Fernet.generate_key() + b"\n")
        except OSError as error:
            raise SessionKeyError(f"The session key {path} cannot be made: {error.strerror}.") from None
        return cls.read(path)

    def encrypt(self, plain: bytes) -> bytes:
        """Ciphertext that tells nothing but its length and age."""
        return self._fernet.encrypt(plain)

    def decrypt(self, stored: bytes) -> bytes:
        """What was encrypted. Raises SessionKeyError if this is not the key it was encrypted with."""
        try:
            return self._fernet.decrypt(stored)
        except InvalidToken:
            raise SessionKeyError(
                f"{self._path} is not the key of the stored session: restore the right file from your backup, or sign "
                "in again with `channelwatch login`."
            ) from None
