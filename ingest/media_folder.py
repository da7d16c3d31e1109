"""The folder that fetched media lie in: names of our own, a budget, and no half of a file under a whole one's name."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MIB = 2**20

NAME = "media"
"""In the data folder."""

PARTIAL = ".part"


class LimitReached(Exception):
    """A file is too much; the message says for which limit, and which setting changes it."""


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What may be fetched, in MiB (2**20 bytes): one file, and all files together."""

    file_mib: int = 50
    folder_mib: int = 2048


class MediaFolder:
    """Media of the channels, one folder each, all readable by the owner alone."""

    def __init__(self, home: Path, limits: MediaLimits) -> None:
        self._home = home
        self._limits = limits

    def path_of(self, channel_number: int, message_id: int, suffix: str) -> str:
        """Where a file is to lie, from the data folder on."""
        return f"{NAME}/{channel_number}/{message_id}{suffix}"

    def check(self, size: int, used: int) -> None:
        """Whether a file of so many bytes may be fetched beside so many that lie there. Raises LimitReached."""
        if size > self._limits.file_mib * MIB:
            raise LimitReached(
                f"The file has {_mib(size)}, more than the {self._limits.file_mib:,} MiB that "
                "CHANNELWATCH_MEDIA_FILE_MIB allows."
            )
        if used + size > self._limits.folder_mib * MIB:
            raise LimitReached(
                f"With it all media would have {_mib(used + size)}, more than the {self._limits.folder_mib:,} MiB that "
                "CHANNELWATCH_MEDIA_FOLDER_MIB allows: remove some with `channelwatch media remove`."
            )

    def used(self) -> int:
        """Bytes of all files that lie there, half ones left out."""
        used = 0
        for path in self._files():
            with contextlib.suppress(FileNotFoundError):  # removed this very moment
                used += path.lstat().st_size if path.suffix != PARTIAL else 0
        return used

    def begin(self, path: str) -> Partial:
        """A new file for `path`, under a name of its own until it is whole. Raises OSError: full, or being written."""
        final = self._home / path
        for folder in (self._home / NAME, final.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Partial(final.with_name(f".{final.stem}{PARTIAL}"))

    def keep(self, partial: Partial, path: str) -> None:
        """The file is whole: give it its name, in the place of what an earlier version of the message carried."""
        final = self._home / path
        partial.move_to(final)
        for other in final.parent.glob(f"{final.stem}.*"):
            if other != final:
                other.unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Take a file away. One that lies elsewhere is none of ours."""
        file = self._home / path
        if file.resolve().is_relative_to((self._home / NAME).resolve()):
            file.unlink(missing_ok=True)

    def remove_partials(self) -> int:
        """Take away what was being written when a process ended; how many. What is being written now stays."""
        count = 0
        for path in list(self._files()):
            if path.suffix == PARTIAL:
                with contextlib.suppress(OSError), Partial(path, is_new=False):  # held by the process that writes it
                    count += 1
        return count

    def _files(self) -> Iterator[Path]:
        return (self._home / NAME).glob("*/*")


class Partial:
    """A file that is being written: locked, and gone at the end of the block unless it was moved to its place."""

    def __init__(self, path: Path, *, is_new: bool = True) -> None:
        self._path = path
        flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if is_new else 0)
        self._file = os.open(path, flags, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system gives it back with the process
            os.ftruncate(self._file, 0)
        except OSError:
            os.close(self._file)
            raise
        self.size = 0
        self._is_moved = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if not self._is_moved:
            self._path.unlink(missing_ok=True)
        os.close(self._file)

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        view = memoryview(piece)
        while view:
            written = os.write(self._file, view)
            view = view[written:]
            self.size += written

    def begin_again(self) -> None:
        """What has been written was of no use."""
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        self.size = 0

    def move_to(self, final: Path) -> None:
        """It is whole, and on the disk."""
        os.fsync(self._file)
        self._path.replace(final)
        self._is_moved = True


def _mib(size: int) -> str:
    return f"{-(-size // MIB):,} MiB"
