"""Archives of channels: what form a file has is found out from its content, then its posts are read one by one."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from ingest import archive_desktop, archive_lines
from ingest.archive_values import ArchivedMessage, BrokenLine

LONGEST_LINE = 16 * 2**20
"""Bytes. A post has some kilobytes: a longer line is no post, and is skipped without being held in memory."""

LARGEST_EXPORT = 2 * 2**30
"""Bytes. A result.json is one JSON value and has to be loaded as a whole."""

LINES_LOOKED_AT = 100
"""So many lines may be broken at the beginning of an archive before it is held to be no archive at all."""

_PIECE = 2**20


class ArchiveError(Exception):
    """The file is no archive that we read, or its end is missing; the message says what it is."""


class Archive:
    """An archive that has been looked at: its form, its fingerprint and how many lines (or messages) it has.

    Raises ArchiveError where the file cannot be read or has no form we know.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_export = False
        """Whether it is a result.json of Telegram Desktop (else JSON lines)."""
        try:
            self.fingerprint, self.lines = self._look()
            self._messages = self._load_export() if self.is_export else None
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror or 'its gzip data is damaged'}.") from None
        except (EOFError, zlib.error):
            raise ArchiveError(f"{path} ends in the middle of its gzip data: get a whole copy.") from None
        if self._messages is not None:
            self.lines = len(self._messages)

    def read(self, after: int = 0) -> Iterator[ArchivedMessage | BrokenLine]:
        """The messages behind line number `after` (numbers count from 1), and what is no message, with the reason.

        Service messages and blank lines are passed over.
        """
        if self._messages is not None:
            entries = itertools.islice(enumerate(self._messages, 1), after, None)
            yield from archive_desktop.read(entries)
            return
        with closing(self._open()) as file:
            lines = itertools.islice(enumerate(_bounded_lines(file), 1), after, None)
            yield from archive_lines.read(lines)

    def _open(self) -> BinaryIO:
        with self.path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
        return gzip.open(self.path, "rb") if is_gzip else self.path.open("rb")  # type: ignore[return-value]

    def _look(self) -> tuple[str, int]:
        """One pass over the content, so that a file and its gzip have the same fingerprint."""
        digest = hashlib.sha256()
        with closing(self._open()) as file:
            self.is_export = _is_export(itertools.islice(_bounded_lines(file), LINES_LOOKED_AT))
        lines, last = 0, b"\n"
        with closing(self._open()) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                lines += piece.count(b"\n")
                last = piece[-1:]
        return digest.hexdigest(), lines + (last != b"\n")

    def _load_export(self) -> list[archive_desktop.Entry]:
        with closing(self._open()) as file:
            content = file.read(LARGEST_EXPORT + 1)
        if len(content) > LARGEST_EXPORT:
            raise ArchiveError(f"{self.path} is larger than 2 GiB: export fewer chats at a time.")
        try:
            return archive_desktop.entries(json.loads(content))
        except archive_desktop.NotChannels as error:
            raise ArchiveError(f"{self.path}: {error}") from None
        except (ValueError, RecursionError):
            raise ArchiveError(f"{self.path} is no whole JSON file: export it again.") from None


def _is_export(lines: Iterator[bytes | None]) -> bool:
    """Whether these first lines begin a result.json; JSON lines hold one object each. Raises ArchiveError."""
    for line in lines:
        text = (line or b"").removeprefix(b"\xef\xbb\xbf").strip()
        if text == b"{":
            return True
        if line is None and not text:
            return True  # one very long line: only a whole export without line breaks is
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return isinstance(value.get("messages") or value.get("chats"), list | dict)
    raise ArchiveError("This is no archive: give JSON lines (one post each) or Telegram Desktop's result.json.")


def _bounded_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None in place of one that is too long."""
    while line := file.readline(LONGEST_LINE):
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass
        yield None
