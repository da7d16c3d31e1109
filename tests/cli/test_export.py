"""`channelwatch export`: everything that is asked for, once, in a file that is whole or not there."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from storage.database import Database
from storage.ids import MessageId
from storage.posts import mark_deleted
from tests.storage.makers import NOON, change, make_channel, make_post, store

POSTS = 30


@pytest.fixture
def home(home: Path, database_url: str) -> Path:
    """Thirty posts, the first of them edited, the second deleted; and one of a channel that protects its content."""
    asyncio.run(_fill(database_url))
    return home


async def _fill(url: str) -> None:
    database = Database(url)
    news, shy = await make_channel(database, "demo_harbour"), await make_channel(database, "demo_shy")
    await change(database, "UPDATE channels SET is_protected = (username = 'demo_shy')")
    await store(database, *(make_post(news, number, f"=ferry {number}") for number in range(1, POSTS + 1)))
    await store(database, make_post(shy, 1, "ferry in secret"))
    await store(database, make_post(news, 1, "ferry sails", edited_at=NOON))
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(2)], NOON)
    await database.close()


def export(*words: str) -> Result:
    done = CliRunner().invoke(app, ["export", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_posts_of_protected_channels_stay_and_are_counted(home: Path) -> None:
    done = export("ferry", "--to", "ferry.jsonl", "--deleted")
    assert [row["message_id"] for row in lines(home / "ferry.jsonl")] == list(range(1, POSTS + 1))
    assert "1 post that matches is left out" in done.output
    assert not list(home.glob("*.part*"))


def test_deleted_posts_and_versions_come_only_when_asked_for(home: Path) -> None:
    export("--all", "--to", "plain.csv")
    export("--all", "--to", "whole.csv", "--deleted", "--versions")
    with (home / "plain.csv").open(newline="") as plain, (home / "whole.csv").open(newline="") as whole:
        assert [row["message_id"] for row in csv.DictReader(plain)][:2] == ["1", "3"]
        rows = list(csv.DictReader(whole))
    assert [(row["message_id"], row["text"], row["version"]) for row in rows[:3]] == [
        ("1", "'=ferry 1", "1"), ("1", "ferry sails", "2"), ("2", "'=ferry 2", "1"),
    ]  # fmt: skip


def test_what_lies_there_is_not_overwritten_unawares(home: Path) -> None:
    (home / "ferry.csv").write_text("mine")
    with pytest.raises(Exception, match="is there already"):
        export("ferry", "--to", "ferry.csv")
    assert (home / "ferry.csv").read_text() == "mine"
    assert not list(home.glob("*.part*"))
    export("ferry", "--to", "ferry.csv", "--force")
    assert len((home / "ferry.csv").read_text().splitlines()) == POSTS


@pytest.mark.parametrize(
    "words", [["--to", "a.csv"], ["ferry", "--all", "--to", "a.csv"], ["ferry", "--to", "a.txt"], ["ferry"]]
)
def test_what_is_written_wrongly_is_said_with_exit_code_2(home: Path, words: list[str]) -> None:
    assert export(*words).exit_code == 2


def killed(home: Path, at_step: int, *words: str) -> None:
    """Run an export that is killed once it has made sure of what it wrote so many times."""
    program = (
        "import os, signal, sys\n"
        "import cli.export\n"
        "from cli.main import main\n"
        "cli.export.PIECE_POSTS, real, steps = 5, os.fsync, iter(range(1, 1000))\n"
        "import storage.exports\n"
        "storage.exports.AT_ONCE = 5\n"
        "def fsync(handle):\n"
        "    real(handle)\n"
        f"    if next(steps) == {at_step}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.fsync = fsync\n"
        "main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, "export", *words]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("name", ["ferry.csv", "ferry.parquet"])
def test_an_export_that_is_killed_again_and_again_ends_as_the_same_file(home: Path, name: str) -> None:
    words = ("ferry", "--to", name, "--versions")
    killed(home, 3, *words)
    killed(home, 5, *words, "--resume")
    assert not (home / name).exists()
    export(*words, "--resume")
    export("ferry", "--to", f"unbroken_{name}", "--versions")
    assert (home / name).read_bytes() == (home / f"unbroken_{name}").read_bytes()


def test_control_what_was_not_vouched_for_would_be_there_twice(home: Path) -> None:
    killed(home, 5, "ferry", "--to", "ferry.jsonl")
    part, state = home / "ferry.jsonl.part", home / "ferry.jsonl.part.state"
    vouched = json.loads(state.read_text())
    assert vouched["bytes"] < part.stat().st_size
    state.write_text(json.dumps(vouched | {"bytes": part.stat().st_size}))
    export("ferry", "--to", "ferry.jsonl", "--resume")
    numbers = [row["message_id"] for row in lines(home / "ferry.jsonl")]
    assert len(numbers) > len(set(numbers))


def test_another_export_is_not_gone_on_with(home: Path) -> None:
    killed(home, 5, "ferry", "--to", "ferry.jsonl")
    with pytest.raises(Exception, match="--resume goes on"):
        export("ferry", "--to", "ferry.jsonl")
    with pytest.raises(Exception, match="is another one"):
        export("ferry", "--to", "ferry.jsonl", "--deleted", "--resume")


def test_what_another_export_left_is_not_taken_for_this_one(home: Path) -> None:
    export("ferry", "--to", "ferry.jsonl")
    asked = {"query": "ferry", "format": "jsonl", "deleted": False, "versions": False}
    state = {"asked": asked, "upto": POSTS, "after": POSTS, "bytes": 1, "posts": 29, "rows": 29, "protected": 0}
    (home / "ferry.jsonl.part.state").write_text(json.dumps(state))  # killed between its rename and its tidying
    with pytest.raises(Exception, match="is another one"):
        export("harbour", "--to", "ferry.jsonl", "--resume")
    assert "29 posts" in export("ferry", "--to", "ferry.jsonl", "--resume").output
