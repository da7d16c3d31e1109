"""`channelwatch doctor` on real databases, files and the box's Bot API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.doctor import Unwell
from cli.doctor_machine import token
from cli.main import app
from config.settings import BotSettings
from ingest.session_key import SessionKey
from storage import migrations
from storage.accounts import save_account
from storage.database import Database
from tests.sandbox.bot_api_fixtures import TOKEN, Box, box, clock, world  # noqa: F401 - fixtures


@pytest.fixture
def home(home: Path, database_url: str) -> Path:
    """A data folder with the key of an account's session, and nothing wrong."""
    sealed = SessionKey.read_or_make(home / "session.key").encrypt(b"{}")

    async def sign_in() -> None:
        database = Database(database_url)
        async with database.begin() as connection:
            await save_account(connection, "main", sealed, 1)
        await database.close()

    asyncio.run(sign_in())
    return home


def doctor(*, fails: bool = False) -> dict[str, Any]:
    """Verdicts by name."""
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert isinstance(done.exception, Unwell) == fails, done.output
    return {check["name"]: check["verdict"] for check in map(json.loads, done.stdout.splitlines())}


def test_a_healthy_installation_fails_nothing_and_nothing_is_changed(home: Path) -> None:
    found = doctor()
    healthy = ("settings", "disk", "database", "schema", "clock", "session key", "session", "account")
    assert [found[name] for name in healthy] == ["ok"] * len(healthy)
    assert [path.name for path in home.iterdir()] == ["session.key"]


def test_a_key_that_others_can_read_and_a_wrong_one_fail(home: Path) -> None:
    (home / "session.key").chmod(0o644)
    assert doctor(fails=True)["session key"] == "fail"
    (home / "session.key").unlink()
    assert doctor(fails=True)["session key"] == "fail"
    SessionKey.read_or_make(home / "session.key")
    assert doctor(fails=True)["session"] == "fail"


def test_an_old_schema_and_a_silent_database_fail(
    home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations.downgrade(database_url, "0018")
    assert doctor(fails=True)["schema"] == "fail"
    assert migrations.current(database_url) == "0018"
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:9/none")
    done = CliRunner().invoke(app, ["doctor"])
    assert "fail database" in done.output
    assert "hunter2" not in done.output


def test_settings_that_cannot_be_read_are_named_and_a_fresh_folder_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANNELWATCH_HOME", str(tmp_path))
    monkeypatch.setenv("BOT_TOKEN", "nonsense")
    monkeypatch.chdir(tmp_path)
    assert doctor(fails=True) == {"settings": "fail"}
    monkeypatch.delenv("BOT_TOKEN")
    assert doctor()["database"] == "warn"
    assert list(tmp_path.iterdir()) == []


async def test_the_token_is_tried_where_that_is_asked_for_and_never_shown(box: Box) -> None:  # noqa: F811
    right, *_ = await token(BotSettings(token=TOKEN, api_url=box.server.base_url))
    wrong, *_ = await token(BotSettings(token="42:another-token", api_url=box.server.base_url))
    away, *_ = await token(BotSettings(token=TOKEN, api_url="http://127.0.0.1:9"))
    assert [check.verdict for check in (right, wrong, away)] == ["ok", "fail", "fail"]
    assert TOKEN.partition(":")[2] not in f"{right}{wrong}{away}"
