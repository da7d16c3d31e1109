"""A file that is written in pieces, may be broken off anywhere, and is whole or not there.

Beside FILE lies FILE.part, what is written so far, and FILE.part.state, which says how many bytes of it count and what
comes next. What a killed run wrote behind those bytes is cut off; FILE itself appears by a rename, at the end.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any


class ExportRefused(Exception):
    """The file cannot be written so; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """What counts of FILE.part, and where the export goes on."""

    asked: dict[str, Any]
    """What the export is of: another one is not gone on with."""
    upto: int
    """The last post's number; those stored later are not part of it."""
    after: int = 0
    """The number of the last post in the file."""
    bytes: int = 0
    posts: int = 0
    rows: int = 0
    """More than posts where versions have rows of their own."""
    protected: int = 0
    """Posts that are left out because their channel protects its content."""


@dataclass(slots=True)
class ExportFile:
    """FILE while it is being written. Use as a context manager, `begin` or `go_on`, `add` pieces, `finish`."""

    path: Path
    written: Written = field(default_factory=lambda: Written({}, 0))
    _was_moved: bool = False
    """FILE.part had become FILE already when this began."""
    _part: IO[bytes] | None = None

    @property
    def part(self) -> Path:
        """What is written so far."""
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def state(self) -> Path:
        """How much of it counts."""
        return self.path.with_name(f"{self.path.name}.part.state")

    def __enter__(self) -> ExportFile:
        try:
            self._was_moved = self.state.exists() and not self.part.exists() and self.path.exists()
            self._part = self.part.open("ab")
            fcntl.flock(self._part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if self._part is not None:
                self._part.close()
            raise ExportRefused(f"Another export is writing {self.path} at this moment.") from None
        except OSError as error:
            raise ExportRefused(f"{self.path} cannot be written: {error.strerror}.") from None
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._part is not None:
            self._part.close()
        # A run that was refused, or ended before its first piece, leaves nothing of its own.
        if (self._was_moved or not self.state.exists()) and self.part.exists() and not self.part.stat().st_size:
            self.part.unlink()

    def left_by_another_run(self) -> Written | None:
        """How far an earlier run came; None if there was none, or it came nowhere."""
        try:
            return Written(**json.loads(self.state.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise ExportRefused(f"{self.state} is damaged: begin anew with --force.") from None

    def finished_by_another_run(self, asked: dict[str, Any]) -> Written | None:
        """What an earlier run of this export wrote that was killed when only tidying was left, if there is one."""
        written = self.left_by_another_run() if self._was_moved else None
        if written is None or written.asked != asked:
            return None
        self.tidy()
        return written

    def begin(self, written: Written, head: bytes) -> None:
        """A new file, whatever lay there."""
        self._open_part.truncate(0)
        self._was_moved = False
        self.written = written
        self.add(head, written)

    def go_on(self, written: Written) -> None:
        """An earlier run's file: what it had not vouched for is cut off."""
        if os.fstat(self._open_part.fileno()).st_size < written.bytes:
            raise ExportRefused(f"{self.part} is shorter than it was: begin anew with --force.")
        self._open_part.truncate(written.bytes)
        self.written = written

    def add(self, piece: bytes, written: Written) -> None:
        """Write a piece, and only when the disk has it, note that it counts."""
        part = self._open_part
        part.write(piece)
        part.flush()
        os.fsync(part.fileno())
        self.written = replace(written, bytes=self.written.bytes + len(piece))
        fresh = self.state.with_name(f"{self.state.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(self.written), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.state)

    def tidy(self) -> None:
        """Only FILE stays."""
        self.state.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def finish(self, made_of_part: Path | None = None) -> None:
        """Everything is written: FILE is there from now on, as it is or as what was made of it."""
        (made_of_part or self.part).replace(self.path)
        _sync_folder(self.path.parent)
        self.tidy()

    @property
    def _open_part(self) -> IO[bytes]:
        if self._part is None:
            raise ValueError("not entered")
        return self._part


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a loss of power, where the file system knows how."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
