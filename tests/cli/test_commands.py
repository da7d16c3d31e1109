"""The commands as a person types them: in processes of their own, on a fresh data folder."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from storage import migrations

OURS = ("CHANNELWATCH_", "TELEGRAM_", "BOT_", "DATABASE_URL")


def channelwatch(*arguments: str, url: str | None = None, home: Path, **environment: str) -> Any:
    """Run a command with nothing of this machine's configuration; the finished process with its output."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    if url is not None:
        environment["DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *arguments],
        env={**clean, "PYTHONPATH": str(Path(__file__).parents[2]), "CHANNELWATCH_HOME": str(home), **environment},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def line(number: int, text: str, **fields: object) -> str:
    row = {"channel": "demo_harbour", "channel_title": "Harbour", "message_id": number, "text": text}
    return json.dumps({**row, "date": f"2026-01-05T12:{number:02}:00Z", **fields}, ensure_ascii=False)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "posts.jsonl.gz"
    lines = [line(1, "Порт Лиманска закрыт из-за шторма"), "{broken", line(2, "Ferry to Limansk sails again")]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_replay_stores_once_and_names_the_broken_line(archive: Path, database_url: str, tmp_path: Path) -> None:
    first = channelwatch("replay", str(archive), "--json", url=database_url, home=tmp_path)
    assert "line 2:" in first.stderr
    counted = json.loads(first.stdout.splitlines()[-1])
    assert (counted["read"], counted["stored"], counted["updated"], counted["skipped"]) == (3, 2, 0, 1)
    again = json.loads(channelwatch("replay", str(archive), "--json", url=database_url, home=tmp_path).stdout)
    assert (again["stored"], again["updated"]) == (0, 0)


def test_search_finds_other_forms_and_prints_one_object_a_line(
    archive: Path, database_url: str, tmp_path: Path
) -> None:
    channelwatch("replay", str(archive), url=database_url, home=tmp_path)
    done = channelwatch("search", "шторм лиманск", "--json", url=database_url, home=tmp_path)
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row.keys() >= {"channel", "message_id", "posted_at", "text", "topics", "url"}
    assert (row["channel"], row["message_id"]) == ("demo_harbour", 1)
    assert row["url"] == "https://t.me/demo_harbour/1"


def test_bad_query_says_where_and_what_to_try(database_url: str, tmp_path: Path) -> None:
    done = channelwatch("search", "порт (шторм", url=database_url, home=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-2:] == ["       ^", "Did you mean: порт (шторм)"]


def test_requested_channel_is_listed_and_removed(database_url: str, tmp_path: Path) -> None:
    added = channelwatch("channels", "add", "t.me/demo_harbour", url=database_url, home=tmp_path)
    assert "noted" in added.stdout
    listed = channelwatch("channels", "list", "--json", url=database_url, home=tmp_path)
    assert json.loads(listed.stdout)["state"] == "requested"
    assert channelwatch("channels", "remove", "@demo_harbour", url=database_url, home=tmp_path).returncode == 0
    assert channelwatch("channels", "list", "--json", url=database_url, home=tmp_path).stdout == ""


def test_removing_an_unknown_channel_changes_nothing(database_url: str, tmp_path: Path) -> None:
    channelwatch("channels", "add", "@demo_harbour", url=database_url, home=tmp_path)
    done = channelwatch("channels", "remove", "@demo_harbour", "@demo_other", url=database_url, home=tmp_path)
    assert done.returncode == 1
    assert "@demo_other is not monitored" in done.stderr
    assert channelwatch("channels", "list", "--json", url=database_url, home=tmp_path).stdout != ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run"], "TELEGRAM_API_ID"),
        (["run", "bot"], "BOT_TOKEN"),
        (["login"], "TELEGRAM_API_HASH"),
        (["channels", "add", "https://t.me/+invitation"], "Only public channels"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    done = channelwatch(*arguments, home=tmp_path)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_signing_in_is_asked_for_before_channels_are_read(database_url: str, tmp_path: Path) -> None:
    keys = {"TELEGRAM_API_ID": "1", "TELEGRAM_API_HASH": "0" * 32}
    done = channelwatch("run", "ingest", url=database_url, home=tmp_path, **keys)
    assert (done.returncode, "channelwatch login" in done.stderr) == (1, True)


def test_migrate_says_where_the_database_is_now(database_url: str, tmp_path: Path) -> None:
    done = channelwatch("migrate", url=database_url, home=tmp_path)
    assert done.stdout == f"The database is at schema {migrations.head()}.\n"


@pytest.mark.parametrize(
    "command", ["run", "migrate", "login", "channels add", "channels list", "replay", "search", "demo"]
)
def test_every_command_shows_an_example(command: str, tmp_path: Path) -> None:
    shown = channelwatch(*command.split(), "--help", home=tmp_path, COLUMNS="200").stdout
    assert f"channelwatch {command}" in shown.split("Usage:")[1].partition("\n")[2]


def test_keywords_are_scored_on_labelled_lines(tmp_path: Path) -> None:
    rows = [
        {"keyword": "шторм", "text": "После шторма порт открыт", "label": 1},
        {"keyword": "шторм", "text": "Штормовка висит в шкафу", "label": 0},
        {"keyword": "ferry", "text": "The bus is late", "label": 1},
    ]
    path = tmp_path / "keywords.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    done = channelwatch("evaluate", "keywords", str(path), home=tmp_path)
    scores = json.loads(done.stdout.splitlines()[-1])
    assert scores == {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "rows": 3}


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_keywords_reach_the_published_figure(language: str, tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / f"shared/data/morph_keywords/dev_{language}.jsonl.gz"
    if not path.exists():
        pytest.skip("the labelled keywords are not part of the repository")
    scores = json.loads(channelwatch("evaluate", "keywords", str(path), home=tmp_path).stdout.splitlines()[-1])
    assert scores["f1"] >= {"ru": 0.968, "uk": 0.973}[language]
