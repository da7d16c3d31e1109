"""`channelwatch deliveries` and the commands for backups, as an operator types them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.deliveries import NothingChanged
from cli.main import app
from storage.database import Database
from tests.cli.typed import run
from tests.storage.makers import change, make_owed


@pytest.fixture
def home(home: Path, database_url: str) -> Path:
    """Two alerts that are owed; the first of them failed."""

    async def fill() -> None:
        database = Database(database_url)
        await make_owed(database, posts=2)
        dead = "UPDATE deliveries SET state = 'dead', detail = 'chat \x1b[2J gone', settled_at = now() WHERE id = 1"
        await change(database, dead)
        await database.close()

    asyncio.run(fill())
    return home


def test_what_failed_is_shown_without_words_of_posts_and_sent_again(home: Path) -> None:
    assert "1 dead: chat" in run("deliveries", "status")
    assert "1 dead: chat" in run("deliveries")
    listed = run("deliveries", "list")
    assert "1  alert  dead" in listed
    assert "\x1b" not in listed
    assert "мир" not in listed
    assert "мир" in run("deliveries", "list", "--text")
    assert run("deliveries", "retry", "--dead") == "1 delivery due again.\n"
    assert run("deliveries", "list") == "None dead or unknown.\n"


def test_what_waits_is_cancelled_and_what_does_not_is_said(home: Path) -> None:
    assert json.loads(run("deliveries", "cancel", "--waiting", "--json"))["changed"] == 1
    with pytest.raises(NothingChanged, match="2: it does not wait any more"):
        run("deliveries", "cancel", "2")


@pytest.mark.parametrize("words", [["retry"], ["retry", "1", "--dead"], ["cancel"], ["list", "--state", "lost"]])
def test_what_is_written_wrongly_exits_with_2(home: Path, words: list[str]) -> None:
    assert CliRunner().invoke(app, ["deliveries", *words]).exit_code == 2


def test_a_backup_and_its_restore_say_what_is_not_part_of_it(home: Path) -> None:
    said = run("backup", "b.dump")
    assert "Not part of it: the accounts' sessions" in said
    with pytest.raises(Exception, match="--replace"):
        run("restore", "b.dump")
    restored = run("restore", "b.dump", "--replace")
    assert "2 posts" in restored
    assert "channelwatch login" in restored
    assert "1 delivery waited" in restored
    assert "deliveries cancel --waiting" in restored
