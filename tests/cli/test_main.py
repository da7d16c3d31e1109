"""The door of all commands: quick help, exit codes, one sentence for an error."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from cli.main import app

HEAVY = (
    "aiohttp", "alembic", "argon2", "cryptography", "fastapi", "jinja2", "lark", "psycopg", "pyarrow", "pymorphy3",
    "sqlalchemy", "structlog", "telegram", "telethon", "uvicorn",
)  # fmt: skip
"""Each takes 20 to 500 ms to import; `--help` has 300 ms in all (issue 7). Typer itself brings pydantic for options."""

HELP_OF_ALL = """
import contextlib, io, sys
import typer.main
from cli.main import app
def show(command, names):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        command.main([*names, "--help"], prog_name="channelwatch")
def walk(group, names):
    for name, command in getattr(group, "commands", {}).items():
        show(root, [*names, name]); walk(command, [*names, name])
root = typer.main.get_command(app)
show(root, [])
walk(root, [])
print(*sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[1:])))
"""


def python(program: str, *arguments: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_no_help_waits_for_anything_heavy() -> None:
    done = python(HELP_OF_ALL, *HEAVY)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
    of_the_door = HELP_OF_ALL.replace("\nwalk(root, [])\n", "\n")
    assert python(of_the_door, *HEAVY, "pydantic").stdout.strip() == ""
    assert "sqlalchemy" in python(f"import storage.database\n{HELP_OF_ALL}", *HEAVY).stdout  # it would be seen


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by what a person types."""

    def below(group: Any, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, (*names, name))
            else:
                yield " ".join((*names, name)), command

    return below(typer.main.get_command(app), ())


@pytest.mark.parametrize(("name", "command"), [pytest.param(*each, id=each[0]) for each in commands()])
def test_every_command_has_an_example_in_its_help(name: str, command: Any) -> None:
    examples = (command.help or "").partition("**Example")[2]
    assert f"channelwatch {name}" in examples


def test_a_command_that_is_written_wrongly_exits_with_2_and_one_that_cannot_with_1(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["search"]).exit_code == 2
    assert CliRunner().invoke(app, ["serach", "x"]).exit_code == 2
    failing = "import sys; sys.argv[1:] = ['migrate']; from cli.main import main; main()"
    os_environment = {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:9/none"}
    done = python(f"import os; os.environ.update({os_environment}); {failing}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0].startswith("channelwatch: The database of DATABASE_URL does not answer")
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(("error", "sentence"), [("DatabaseAway", "try again"), ("StatementRefused", "refuses this")])
def test_what_only_programs_act_on_is_said_in_a_persons_words(error: str, sentence: str) -> None:
    raising = (
        "import cli.main; from storage import database\n"
        f"def fails(): raise database.{error}('DeadlockDetected')\n"
        "cli.main.app = fails; cli.main.main()"
    )
    done = python(raising)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    program = (
        "import cli.main\ndef pours():\n    while True: print('x' * 10_000)\ncli.main.app = pours; cli.main.main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert (process.wait(timeout=60), process.stderr.read()) == (141, b"")


def test_a_shell_learns_the_commands() -> None:
    asked = {"_CHANNELWATCH_COMPLETE": "complete_bash", "COMP_WORDS": "channelwatch deliv", "COMP_CWORD": "1"}
    done = CliRunner().invoke(app, [], env=asked, prog_name="channelwatch")
    assert done.output.split() == ["deliveries"]
