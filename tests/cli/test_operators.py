"""`channelwatch operators`, as somebody at the machine runs it."""

from __future__ import annotations

import asyncio
import getpass
import json
from functools import partial
from pathlib import Path

import pytest

from cli.operators import PasswordsDiffer, UnreadablePassword
from storage.database import Database
from storage.operator_sessions import open_session, session_of
from storage.operators import BadOperator, find_operator
from tests.cli import typed
from web.access.passwords import WeakPassword, is_right

PASSWORD = "the ferry leaves at nine"


@pytest.fixture
def home(home: Path, database_url: str) -> str:
    """The database; a file with a password lies where commands run."""
    (home / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    return database_url


run = partial(typed.run, "operators")


def test_an_operator_is_made_listed_and_removed(home: str) -> None:
    assert "anna can sign in" in run("add", "anna", "--password-file", "password")
    assert json.loads(run("list", "--json"))["name"] == "anna"
    assert PASSWORD not in run("list")
    run("remove", "ANNA")
    assert "Nobody yet" in run("list")


def test_the_password_is_asked_for_twice(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([PASSWORD, "something else", PASSWORD, PASSWORD])
    monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
    with pytest.raises(PasswordsDiffer):
        run("add", "anna")
    assert "anna can sign in" in run("add", "anna")


@pytest.mark.parametrize(
    ("name", "password", "refusal"),
    [
        ("anna", "short", WeakPassword),
        ("anna", "anna's long password", WeakPassword),
        ("no name", PASSWORD, BadOperator),
        ("", PASSWORD, BadOperator),
    ],
)
def test_weak_passwords_and_bad_names_are_refused(
    home: str, tmp_path: Path, name: str, password: str, refusal: type[Exception]
) -> None:
    (tmp_path / "password").write_text(password, encoding="utf-8")
    with pytest.raises(refusal):
        run("add", name, "--password-file", "password")


def test_a_name_is_taken_in_any_case_and_a_missing_file_is_named(home: str) -> None:
    run("add", "anna", "--password-file", "password")
    with pytest.raises(BadOperator, match="already"):
        run("add", "Anna", "--password-file", "password")
    with pytest.raises(UnreadablePassword):
        run("add", "boris", "--password-file", "nowhere")
    with pytest.raises(BadOperator, match="no operator boris"):
        run("remove", "boris")


def test_a_new_password_counts_at_once_and_ends_every_session(home: str, tmp_path: Path) -> None:
    run("add", "anna", "--password-file", "password")

    async def sign_in() -> str:
        database = Database(home)
        async with database.begin() as connection:
            found = await find_operator(connection, "anna")
            assert found is not None
            token = await open_session(connection, found[0].id, "test")
        await database.close()
        return token

    async def check(token: str) -> tuple[bool, bool]:
        database = Database(home)
        async with database.begin() as connection:
            found = await find_operator(connection, "anna")
            session = await session_of(connection, token)
        await database.close()
        assert found is not None
        return await is_right("an entirely new one", found[1]), session is None

    token = asyncio.run(sign_in())
    (tmp_path / "password").write_text("an entirely new one", encoding="utf-8")
    assert "Sessions ended: 1." in run("password", "anna", "--password-file", "password")
    assert asyncio.run(check(token)) == (True, True)
