"""`channelwatch accounts` and `login --account` as a person types them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from storage.accounts import mark_refused, save_account
from storage.database import Database
from tests.cli.test_commands import channelwatch


@pytest.fixture
def two_accounts(database_url: str) -> str:
    """The address of a database with one account that works, and one that is banned."""

    async def fill() -> None:
        database = Database(database_url)
        async with database.begin() as connection:
            await save_account(connection, "main", b"sealed", 1)
            banned = await save_account(connection, "second", b"sealed", 2)
            await mark_refused(connection, banned, "banned", "Telegram has banned the account.")
        await database.close()

    asyncio.run(fill())
    return database_url


def test_accounts_are_listed_with_their_state_and_room(two_accounts: str, tmp_path: Path) -> None:
    shown = channelwatch("accounts", "list", "--json", url=two_accounts, home=tmp_path).stdout
    main, second = map(json.loads, shown.splitlines())
    assert (main["name"], main["state"], main["reads"], main["room"]) == ("main", "ready", 0, 500)
    assert (second["state"], second["state_detail"]) == ("banned", "Telegram has banned the account.")
    table = channelwatch("accounts", "list", url=two_accounts, home=tmp_path, COLUMNS="120").stdout
    assert "500 of 500" in table
    assert "Telegram has banned the account." in table


def test_account_is_removed_once(two_accounts: str, tmp_path: Path) -> None:
    removed = channelwatch("accounts", "remove", "second", url=two_accounts, home=tmp_path)
    assert (removed.returncode, "Settings, Devices" in removed.stdout) == (0, True)
    again = channelwatch("accounts", "remove", "second", url=two_accounts, home=tmp_path)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    shown = channelwatch("accounts", "list", "--json", url=two_accounts, home=tmp_path).stdout
    assert [json.loads(line)["name"] for line in shown.splitlines()] == ["main"]


def test_login_refuses_a_name_that_is_none(two_accounts: str, tmp_path: Path) -> None:
    keys = {"TELEGRAM_API_ID": "1", "TELEGRAM_API_HASH": "0" * 32}
    done = channelwatch("login", "--account", "two words", url=two_accounts, home=tmp_path, **keys)
    assert (done.returncode, "letters, digits" in done.stderr) == (1, True)


def test_run_says_why_no_account_can_be_used(two_accounts: str, tmp_path: Path) -> None:
    channelwatch("accounts", "remove", "main", url=two_accounts, home=tmp_path)
    keys = {"TELEGRAM_API_ID": "1", "TELEGRAM_API_HASH": "0" * 32}
    done = channelwatch("run", "ingest", url=two_accounts, home=tmp_path, **keys)
    assert done.stderr.splitlines()[-1] == "channelwatch: Telegram has banned the account."


@pytest.mark.parametrize("command", ["accounts list", "accounts remove"])
def test_every_command_shows_an_example(command: str, tmp_path: Path) -> None:
    shown = channelwatch(*command.split(), "--help", home=tmp_path, COLUMNS="200").stdout
    assert f"channelwatch {command}" in shown.split("Usage:")[1].partition("\n")[2]
