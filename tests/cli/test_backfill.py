"""`channelwatch backfill` as a person types it, and how long it says that it will take."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.backfill import Estimate, about
from storage.database import Database
from tests.cli.test_commands import channelwatch
from tests.storage.makers import change, rows


def do(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements; what the last one answers."""

    async def run() -> list[tuple[Any, ...]]:
        database = Database(url)
        try:
            for statement in statements[:-1]:
                await change(database, statement)
            return await rows(database, statements[-1])
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.fixture
def active(database_url: str) -> str:
    """The address of a database with a monitored channel; nobody reads it."""
    active = (
        "INSERT INTO channels (username, title, state, watermark) VALUES ('demo_harbour', 'Harbour', 'active', 100)"
    )
    do(database_url, active, "SELECT 1")
    return database_url


def asked(*arguments: str, url: str, home: Path) -> Any:
    return channelwatch("backfill", *arguments, url=url, home=home)


def test_without_ingest_it_says_when_it_will_begin(active: str, tmp_path: Path) -> None:
    done = asked("@demo_harbour", "--since", "2026-01-31", "--limit", "50", "--json", url=active, home=tmp_path)
    assert done.returncode == 0
    assert done.stderr == "No ingest is running: it begins as soon as `channelwatch run` does.\n"
    row = json.loads(done.stdout)
    assert (row["state"], row["since"], row["limit"]) == ("waiting", "2026-01-31T00:00:00+00:00", 50)
    assert do(active, "SELECT state, most FROM backfills") == [("waiting", 50)]


def test_the_end_says_how_far_it_came(active: str, tmp_path: Path) -> None:
    """The database itself plays ingest: a trigger finishes whatever is asked for."""
    finish = (
        "CREATE FUNCTION finish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.state := 'done'; NEW.posts := 1200;"
        " NEW.next_id := 1; NEW.first_id := 101; NEW.oldest_at := '2025-03-04'; RETURN NEW; END $$"
    )
    trigger = "CREATE TRIGGER finish BEFORE INSERT ON backfills FOR EACH ROW EXECUTE FUNCTION finish()"
    do(active, finish, trigger, "SELECT 1")
    out = asked("demo_harbour", url=active, home=tmp_path).stdout
    assert out == "@demo_harbour: done: 1,200 posts read, back to 2025-03-04; that is the channel's beginning.\n"


def test_ingest_that_stops_meanwhile_is_noticed(active: str, tmp_path: Path) -> None:
    beat = "INSERT INTO heartbeats (program, beat_at) VALUES ('ingest', now() - interval '25 seconds')"
    do(active, beat, "SELECT 1")
    done = asked("@demo_harbour", url=active, home=tmp_path)
    assert done.returncode == 1
    assert "@demo_harbour: noted, no estimate yet" in done.stderr
    assert "Ingest has stopped; the backfill goes on" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["@demo_other"], "@demo_other is not monitored"),
        (["@demo_harbour", "--since", "yesterday"], "--since is a date such as 2026-01-31"),
        (["@demo_harbour", "--since", "2999-01-01"], "--since is a day to come"),
        (["@demo_harbour", "--since", "30"], "--since is a date such as"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(
    active: str, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = asked(*arguments, url=active, home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"channelwatch: {sentence}")


def test_a_time_ago_is_counted_from_now(active: str, tmp_path: Path) -> None:
    row = json.loads(asked("@demo_harbour", "--since", "2w", "--no-wait", "--json", url=active, home=tmp_path).stdout)
    ago = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(row["since"])
    assert dt.timedelta(days=14) <= ago < dt.timedelta(days=14, minutes=5)


def test_help_shows_an_example(tmp_path: Path) -> None:
    shown = channelwatch("backfill", "--help", home=tmp_path, COLUMNS="200").stdout
    assert "channelwatch backfill @" in shown.split("Usage:")[1]


@given(st.floats(0, 10**6))
def test_an_estimate_is_never_nothing_and_never_too_exact(seconds: float) -> None:
    said = about(seconds)
    assert said == "less than a minute left" or int(said.split()[1]) * (3600 if " h " in said else 60) >= seconds


def test_an_estimate_goes_by_the_pace_of_the_last_while() -> None:
    estimate = Estimate()
    assert estimate.left() is None
    estimate.note(0, 0.0)
    assert estimate.left() is None  # nothing has moved: nobody knows
    estimate.note(60, 0.5)
    assert estimate.left() == 60
    estimate.note(600, 0.5)  # a long flood wait
    assert estimate.left() is None
    estimate.note(660, 0.6)
    assert estimate.left() == pytest.approx(240)
