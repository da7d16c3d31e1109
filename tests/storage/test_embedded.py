"""The private PostgreSQL: whoever starts it, however many use it, and however they end."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from storage import migrations
from storage.database import Database
from storage.embedded import EmbeddedServer, EmbeddedServerError, is_ours_alone

CHECKOUT = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0

CLIENT = """
import sys
from pathlib import Path
import psycopg
from storage.embedded import EmbeddedServer, EmbeddedServerError
server = EmbeddedServer(Path(sys.argv[1]))
try:
    server.start()
except EmbeddedServerError as error:
    sys.exit(str(error))
psycopg.connect(server.url).close()
print("ready", flush=True)
sys.stdin.readline()
server.stop()
"""
"""A process that uses the server of a folder until it is told to leave."""


class Client:
    """Such a process, perhaps of another user."""

    def __init__(self, home: Path, user: str | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(home)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            env={"HOME": str(home), "PATH": os.environ["PATH"]} if user else None,
        )

    def is_ready(self) -> bool:
        """Wait until it has asked the server something."""
        assert self.process.stdout is not None
        return any(line == "ready\n" for line in iter(self.process.stdout.readline, ""))  # between lines of its log

    def leave(self) -> None:
        """Let it end in order."""
        _, complaints = self.process.communicate("leave\n", timeout=60)
        assert self.process.returncode == 0, complaints

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.process.communicate(timeout=60)


Clients = Callable[..., Client]


def is_running(home: Path) -> bool:
    return (home / "postgres" / "postmaster.pid").exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose server has been made and stopped: copied, it saves making another."""
    home = tmp_path_factory.mktemp("made")
    with EmbeddedServer(home):
        pass
    return home


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Makes copies of that folder under other names."""

    def copy(name: str) -> Path:
        home = tmp_path / name
        subprocess.run(["cp", "-a", str(made), str(home)], check=True)
        return home

    return copy


@pytest.fixture
def client() -> Iterator[Clients]:
    """Starts such processes, and ends those that a failed test leaves behind."""
    started: list[Client] = []

    def start(home: Path, user: str | None = None) -> Client:
        started.append(Client(home, user))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass."""
    folder = Path(tempfile.mkdtemp(prefix="channelwatch-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_server_starts_answers_and_stops(copied: Callable[[str], Path]) -> None:
    home = copied("home")
    with EmbeddedServer(home) as server, psycopg.connect(server.url) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert is_running(home)
    assert not is_running(home)
    assert (home / "postgres").stat().st_uid != 0  # PostgreSQL refuses root


def test_nobody_reaches_it_by_the_network(copied: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")  # somebody's other server
    with EmbeddedServer(copied("home")) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW unix_socket_permissions").fetchone() == ("0777",)
        assert connection.info.host.startswith("/")
        assert (Path(connection.info.host).stat().st_mode & 0o077) == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user; as a normal user all tests show it")
def test_normal_user_starts_a_server_of_their_own(client: Clients, open_folder: Path) -> None:
    home = open_folder / "nobody"
    home.mkdir()
    shutil.chown(home, "nobody")
    process = client(home, "nobody")
    if not process.is_ready():
        complaints = process.process.communicate()[1]
        if "PermissionError" in complaints or "ModuleNotFoundError" in complaints:
            pytest.skip("another user cannot read this checkout or its Python")
        pytest.fail(complaints)
    assert (home / "postgres").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    process.leave()
    assert not is_running(home)
    with EmbeddedServer(home):  # and root serves it as its owner
        assert (home / "postgres" / "postmaster.pid").stat().st_uid == pwd.getpwnam("nobody").pw_uid


@pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
def test_folder_of_another_user_is_refused_with_advice(client: Clients, open_folder: Path) -> None:
    process = client(open_folder / "roots", "nobody")
    _, complaints = process.process.communicate(timeout=60)
    if "ModuleNotFoundError" in complaints:
        pytest.skip("another user cannot read this checkout or its Python")
    assert "belongs to another user" in complaints
    assert "Traceback" not in complaints


def test_processes_that_start_at_once_share_one_server(client: Clients, tmp_path: Path) -> None:
    clients = [client(tmp_path) for _ in range(4)]
    assert [each.is_ready() for each in clients] == [True] * 4
    for each in clients[:3]:
        each.leave()
        assert is_running(tmp_path)
    clients[3].leave()
    assert not is_running(tmp_path)


def test_killed_process_does_not_keep_the_server_alive(client: Clients, copied: Callable[[str], Path]) -> None:
    home = copied("home")
    killed, left = client(home), client(home)
    assert killed.is_ready()
    assert left.is_ready()
    killed.kill()
    assert is_running(home)
    left.leave()
    assert not is_running(home)


def test_server_left_by_a_killed_process_is_joined(client: Clients, copied: Callable[[str], Path]) -> None:
    home = copied("home")
    alone = client(home)
    assert alone.is_ready()
    alone.kill()
    assert is_running(home)
    with EmbeddedServer(home) as server:
        psycopg.connect(server.url).close()
    assert not is_running(home)


def test_killed_server_starts_again_with_what_it_had(copied: Callable[[str], Path]) -> None:
    home = copied("home")
    with EmbeddedServer(home) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        kill_server(home)
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert not is_running(home)


def kill_server(home: Path) -> None:
    """Kill -9 the postmaster, and wait until it is gone."""
    number = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(number, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{number}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.parametrize(("held_for", "is_ours"), [(0.05, True), (2.0, False)])
def test_a_lock_is_ours_once_a_child_that_is_starting_lets_go_of_it(
    tmp_path: Path, held_for: float, is_ours: bool
) -> None:
    with (tmp_path / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        child = os.fork()  # holds the same lock, as between fork and exec
        if child == 0:
            time.sleep(held_for)
            os._exit(0)
        try:
            with (tmp_path / "lock").open("ab") as ours:
                fcntl.flock(lock, fcntl.LOCK_SH)
                lock.close()
                assert is_ours_alone(ours) is is_ours
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_folder_of_another_major_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerError, match="made by PostgreSQL 17; this release runs 18"):
        EmbeddedServer(tmp_path).start()


def test_strange_folder_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "diary.txt").write_text("mine")
    with pytest.raises(EmbeddedServerError, match="is in the way"):
        EmbeddedServer(tmp_path).start()
    assert (tmp_path / "postgres" / "diary.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["x" * 120, "Київ, it's 100% +новини"])
def test_folder_of_any_name_can_be_served(copied: Callable[[str], Path], name: str) -> None:
    home = copied(name)
    with EmbeddedServer(home) as server:
        migrations.upgrade(server.url)
        sockets = Path(str(psycopg.conninfo.conninfo_to_dict(server.url)["host"]))
        assert sockets.parent == Path("/tmp")  # neither name can name a socket
    assert not is_running(home)
    sockets.rmdir()


async def test_folder_of_a_newer_release_is_refused_and_its_server_stopped(copied: Callable[[str], Path]) -> None:
    home = copied("home")
    with EmbeddedServer(home) as server:
        migrations.upgrade(server.url)
        with psycopg.connect(server.url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrations.SchemaMismatch, match="newer"):
        await Database.open(home)
    assert not is_running(home)


async def test_private_database_is_ready_when_it_is_opened(copied: Callable[[str], Path]) -> None:
    database = await Database.open(copied("home"))
    migrations.check(database.url)
    await database.close()
