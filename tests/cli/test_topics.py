"""`channelwatch topics` and `channelwatch channels set` as a person types them."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from cli.back_test import bars
from storage.database import Database
from tests.cli.test_commands import channelwatch
from tests.ingest.relabelled import relabel_all
from tests.storage.makers import make_channel, make_post, make_subscriber, store, subscribe

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def filled(database_url: str) -> str:
    """Three posts of two channels within the last two days; one is about a quillon, two are about the economy."""

    async def fill() -> None:
        database = Database(database_url)
        now = dt.datetime.now(dt.UTC)
        for number, (name, said) in enumerate(
            [
                ("demo_harbour", "Night quillon \x1b[2J cancelled"),
                ("demo_harbour", "Inflation: the central bank and its interest rate"),
                ("demo_ledger", "The central bank and inflation, once more"),
            ]
        ):
            at = now - (1 + 20 * number) * HOUR
            await store(database, make_post(await make_channel(database, name), 10 + number, said, posted_at=at))
        await database.close()

    asyncio.run(fill())
    return database_url


def run(*arguments: str, url: str, home: Path) -> Any:
    return channelwatch(*arguments, url=url, home=home, COLUMNS="200")


def work(url: str) -> None:
    """What the running ingest does."""

    async def relabelled() -> None:
        database = Database(url)
        await relabel_all(database)
        await database.close()

    asyncio.run(relabelled())


def test_a_topic_is_tried_made_listed_and_removed(filled: str, tmp_path: Path) -> None:
    made = run("topics", "add", "Ferry lines", "quillon", "--parent", "economy", "--yes", url=filled, home=tmp_path)
    assert "Posts of the last 7 days: 1, 0.1 a day" in made.stdout
    assert "\ufffd[2J cancelled" in made.stdout
    assert "topic:ferry_lines labels new posts" in made.stdout
    work(filled)
    listed = run("topics", "list", "--json", url=filled, home=tmp_path).stdout.splitlines()
    found = {row["code"]: row for row in map(json.loads, listed)}
    assert (found["ferry_lines"]["posts_7_days"], found["ferry_lines"]["depth"]) == (1, 1)
    assert (found["economy"]["posts_7_days"], found["economy"]["is_own"]) == (3, False)
    assert "ferry_lines" in run("topics", "list", url=filled, home=tmp_path).stdout
    assert "is gone" in run("topics", "remove", "ferry_lines", url=filled, home=tmp_path).stdout
    work(filled)
    left = run("topics", "list", "--json", url=filled, home=tmp_path).stdout
    assert "ferry_lines" not in left
    assert json.loads(next(line for line in left.splitlines() if '"economy"' in line))["posts_7_days"] == 2


def test_nothing_is_made_without_a_yes(filled: str, tmp_path: Path) -> None:
    asked = run("topics", "add", "Ferries", "quillon", url=filled, home=tmp_path)  # nobody is there to answer
    assert asked.returncode != 0
    assert "ferries" not in run("topics", "list", "--json", url=filled, home=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["topics", "add", "Ferries", "quillon (", "--yes"], "This ( is not closed"),
        (["topics", "add", "Ferries", "topic:economy", "--yes"], "may not ask for topics"),
        (["topics", "add", "Паромы", "паром", "--yes"], "--code"),
        (["topics", "remove", "economy"], "everybody has"),
        (["topics", "test", "in:nowhere"], "no channel set"),
        (["topics", "relabel", "--start"], "Nothing has been labelled anew yet"),
        (["channels", "set", "desk", "@demo_nowhere"], "There is no channel @demo_nowhere"),
        (["channels", "set", "desk", "--add"], "Name the channels to add"),
        (["channels", "unset", "desk"], "There is no channel set desk"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    filled: str, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = run(*arguments, url=filled, home=tmp_path)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_query_is_held_against_the_days_that_were_asked_for(filled: str, tmp_path: Path) -> None:
    row = json.loads(
        run("topics", "test", "inflation OR quillon", "--days", "1", "--json", url=filled, home=tmp_path).stdout
    )
    assert (row["posts"], sum(row["by_day"].values()), len(row["by_day"])) == (2, 2, 2)
    assert row["channels"] == {"demo_harbour": 2}
    assert [example["url"] for example in row["examples"]] == [
        "https://t.me/demo_harbour/10",
        "https://t.me/demo_harbour/11",
    ]


def test_a_topic_that_is_asked_for_is_removed_by_force_only(filled: str, tmp_path: Path) -> None:
    async def ask() -> None:
        database = Database(filled)
        await subscribe(database, await make_subscriber(database), "inflation")
        async with database.begin() as connection:
            await connection.exec_driver_sql("UPDATE subscriptions SET query = 'topic:ferries'")
        await database.close()

    run("topics", "add", "Ferries", "quillon", "--yes", url=filled, home=tmp_path)
    asyncio.run(ask())
    refused = run("topics", "remove", "ferries", url=filled, home=tmp_path)
    assert (refused.returncode, "1 subscription asks for ferries" in refused.stderr) == (1, True)
    done = run("topics", "remove", "ferries", "--force", url=filled, home=tmp_path)
    assert "1 subscription asked for it: they stay" in done.stdout


def test_how_far_stored_posts_are_is_shown(filled: str, tmp_path: Path) -> None:
    assert "Not begun. No ingest is running" in run("topics", "relabel", url=filled, home=tmp_path).stdout
    work(filled)
    done = json.loads(run("topics", "relabel", "--json", url=filled, home=tmp_path).stdout)
    assert (done["state"], done["posts"], done["changed"], done["left"]) == ("done", 3, 0, 0)
    assert "Asked for" in run("topics", "relabel", "--start", url=filled, home=tmp_path).stdout
    work(filled)
    assert "Done (all topics)" in run("topics", "relabel", url=filled, home=tmp_path).stdout


def test_a_set_of_channels_is_made_shown_asked_for_and_removed(filled: str, tmp_path: Path) -> None:
    made = run("channels", "set", "War-Desk", "@demo_harbour", "t.me/demo_ledger", url=filled, home=tmp_path)
    assert made.stdout == "in:war-desk  @demo_harbour, @demo_ledger\n"
    run("channels", "set", "war-desk", "demo_harbour", "--remove", url=filled, home=tmp_path)
    (row,) = map(json.loads, run("channels", "sets", "--json", url=filled, home=tmp_path).stdout.splitlines())
    assert (row["name"], row["channels"]) == ("war-desk", ["demo_ledger"])
    tested = json.loads(run("topics", "test", "in:war-desk", "--json", url=filled, home=tmp_path).stdout)
    assert (tested["query"], tested["posts"]) == ("in:war-desk", 1)
    assert "is gone" in run("channels", "unset", "war-desk", url=filled, home=tmp_path).stdout
    assert "No sets yet" in run("channels", "sets", url=filled, home=tmp_path).stdout


def test_search_knows_own_topics_and_sets(filled: str, tmp_path: Path) -> None:
    run("topics", "add", "Ferries", "quillon", "--name-ru", "Паромы", "--yes", url=filled, home=tmp_path)
    run("channels", "set", "desk", "demo_harbour", url=filled, home=tmp_path)
    work(filled)
    found = run("search", "topic:паромы in:desk", "--json", url=filled, home=tmp_path)
    assert [json.loads(line)["message_id"] for line in found.stdout.splitlines()] == [10]


@pytest.mark.parametrize("command", ["topics add", "topics test", "topics list", "topics remove", "topics relabel"])
def test_every_command_shows_an_example(command: str, tmp_path: Path) -> None:
    shown = channelwatch(*command.split(), "--help", home=tmp_path, COLUMNS="200").stdout
    assert f"channelwatch {command}" in shown.split("Usage:")[1].partition("\n")[2]


def test_a_day_is_as_high_as_its_share_of_the_highest() -> None:
    assert bars([0, 1, 8, 4]) == " ▁█▄"
    assert bars([0, 0]) == "  "
    assert bars([1, 1000]) == "▁█"
