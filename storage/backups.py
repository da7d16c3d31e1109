"""Backups: everything in the database as one file, but by what somebody is signed in (decision 21)."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from storage import left_out, migrations
from storage.database_address import connected
from storage.dump_programs import DumpProgramFailed, Programs, find_programs, output_of, run

Progress = Callable[[str, float], None]
"""What is being done, and how much of all is done (0 to 1)."""

RECORD = "last-backup.json"
"""In the data folder: when the last backup was made, for `channelwatch doctor`."""

_DUMPING = re.compile(r'dumping contents of table "public\.(\w+)"')


class BackupRefused(Exception):
    """A backup cannot be made there; the message says why."""


class BackupDamaged(Exception):
    """A file is no backup of ours, or not what it was; the message says which."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup as it lies on the disk."""

    path: Path
    bytes: int
    sha256: str
    made_at: dt.datetime


def back_up(url: str, path: Path, *, is_private: bool, force: bool = False, progress: Progress) -> Backup:
    """Write everything into `path`, readable by its owner only, and its SHA-256 into `path`.sha256.

    Programs may go on meanwhile: it is all of one moment. The file is read back before it gets its name. Raises
    BackupRefused, DatabaseUnreachable, SchemaMismatch, DumpProgramMissing or DumpProgramFailed.
    """
    if path.exists() and not force:
        raise BackupRefused(f"{path} is there already: name another file, or --force.")
    sizes, major = _sizes(url)
    migrations.check(url)
    programs = find_programs(major, is_private=is_private)
    part = path.with_name(f"{path.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        run(programs.dump, _arguments(part), url=url, heard=_Dumping(sizes, progress).heard)
        progress("reading it back", 0.95)
        read_through(programs, part)
        made = _described(part, path)
        checksum_of(path).unlink(missing_ok=True)  # of a file that is about to be replaced
        part.replace(path)
        checksum_of(path).write_text(f"{made.sha256}  {path.name}\n", encoding="ascii")
    except OSError as error:
        raise BackupRefused(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    progress("done", 1.0)
    return made


def _arguments(part: Path) -> list[str]:
    return [
        "--format=custom", "--compress=3", "--schema=public", "--no-owner", "--no-privileges", "--no-comments",
        "--lock-wait-timeout=10s", "--verbose", f"--file={part}",
        *(f"--exclude-table-data=public.{name}" for name in left_out.tables()),
    ]  # fmt: skip


class _Dumping:
    """How far pg_dump is, by the sizes of the tables that it has begun with."""

    def __init__(self, sizes: dict[str, int], progress: Progress) -> None:
        self._sizes = sizes
        self._whole = max(sum(sizes.values()), 1)
        self._done = 0
        self._progress = progress

    def heard(self, line: str) -> None:
        """A line of pg_dump's."""
        if found := _DUMPING.search(line):
            self._progress(found[1], 0.9 * self._done / self._whole)
            self._done += self._sizes.get(found[1], 0)


def read_through(programs: Programs, path: Path) -> None:
    """Read a backup to its end, as a restore would. Raises BackupDamaged."""
    try:
        run(programs.restore, ["--file=/dev/null", str(path)])
        listing = output_of(programs.restore, ["--list", str(path)])
    except DumpProgramFailed as error:
        raise BackupDamaged(f"{path} cannot be read as a backup: {error}.") from None
    if "TABLE DATA public alembic_version" not in listing:
        raise BackupDamaged(f"{path} is no backup of channelwatch.")


def check(programs: Programs, path: Path) -> bool:
    """Whether the file is what it was when it was made; False if nobody can know, for its .sha256 is not beside it.

    Raises BackupDamaged.
    """
    if not path.is_file():
        raise BackupDamaged(f"There is no file {path}.")
    checksum = checksum_of(path)
    is_known = checksum.is_file()
    if is_known and checksum.read_text(encoding="ascii", errors="replace").split()[:1] != [_sha256(path)]:
        raise BackupDamaged(f"{path} is not what it was when it was made: {checksum.name} says so.")
    read_through(programs, path)
    return is_known


def checksum_of(path: Path) -> Path:
    """The file beside a backup that holds its SHA-256, as `sha256sum --check` reads it."""
    return path.with_name(f"{path.name}.sha256")


def remember(home: Path, backup: Backup) -> None:
    """Note in the data folder that a backup was made."""
    noted = {"path": str(backup.path.resolve()), "bytes": backup.bytes, "made_at": backup.made_at.isoformat()}
    with contextlib.suppress(OSError):  # the backup is there all the same
        home.mkdir(parents=True, exist_ok=True)
        (home / RECORD).write_text(json.dumps(noted) + "\n", encoding="utf-8")


def last_backup_at(home: Path) -> dt.datetime | None:
    """When the last backup was made here; None: never, as far as is known."""
    try:
        return dt.datetime.fromisoformat(json.loads((home / RECORD).read_text(encoding="utf-8"))["made_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sizes(url: str) -> tuple[dict[str, int], int]:
    """Bytes of each table, and the server's major version."""
    with connected(url) as connection:
        rows = connection.execute(
            "SELECT tablename, pg_table_size(format('public.%I', tablename)) FROM pg_tables WHERE schemaname = 'public'"
        )
        return dict(rows.fetchall()), connection.info.server_version // 10_000


def _described(part: Path, path: Path) -> Backup:
    return Backup(path, part.stat().st_size, _sha256(part), dt.datetime.now(dt.UTC))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
