"""`channelwatch search` as a person and as a program see it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.ids import MessageId
from storage.posts import mark_deleted
from tests.cli.test_commands import channelwatch
from tests.storage.makers import NOON, make_channel, make_post, store

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def filled(database_url: str) -> str:
    """Five posts about a storm, one of them deleted, and one that said something else before."""

    async def fill() -> None:
        database = Database(database_url)
        news = await make_channel(database, "demo_harbour")
        posts = [make_post(news, number, "Шторм у порта", posted_at=NOON + number * MINUTE) for number in range(1, 6)]
        await store(database, *posts)
        await store(database, make_post(news, 6, "Паром \x1b[31mне пришёл"))
        await store(database, make_post(news, 6, "Паром пришёл, шторм", edited_at=NOON + MINUTE))
        async with database.begin() as connection:
            await mark_deleted(connection, news, [MessageId(5)], NOON)
        await database.close()

    asyncio.run(fill())
    return database_url


def asked(url: str, home: Path, *arguments: str) -> list[dict[str, Any]]:
    done = channelwatch("search", *arguments, "--json", url=url, home=home)
    assert done.returncode == 0, done.stderr
    return list(map(json.loads, done.stdout.splitlines()))


def test_pages_follow_each_other_by_the_cursor(filled: str, tmp_path: Path) -> None:
    first = asked(filled, tmp_path, "шторм", "--limit", "3")
    assert [row["message_id"] for row in first] == [4, 3, 2]
    assert "next_cursor" not in first[0]
    second = asked(filled, tmp_path, "шторм", "--limit", "3", "--cursor", first[-1]["next_cursor"])
    assert [row["message_id"] for row in second] == [1, 6]
    assert "next_cursor" not in second[-1]


def test_deleted_posts_and_earlier_versions_come_on_request(filled: str, tmp_path: Path) -> None:
    (row,) = asked(filled, tmp_path, "прийти -шторм", "--versions")
    assert (row["message_id"], row["version"]) == (6, 1)
    assert row["text"].startswith("Паром")
    rows = asked(filled, tmp_path, "шторм", "--deleted", "--sort", "relevance")
    assert {row["message_id"] for row in rows if row["deleted_at"]} == {5}
    assert all(row["score"] > 0 for row in rows)


def test_facets_come_behind_the_posts(filled: str, tmp_path: Path) -> None:
    *posts, last = asked(filled, tmp_path, "шторм", "--facets")
    counted = last["facets"]
    assert (len(posts), counted["total"], counted["is_exact"]) == (5, 5, True)
    assert [value["label"] for value in counted["channels"]] == ["@demo_harbour"]
    assert sum(span["posts"] for span in counted["timeline"]["spans"]) == 5
    start, stop = posts[0]["highlights"][0]
    assert posts[0]["text"][start:stop] == "Шторм"


def test_person_is_shown_how_to_go_on(filled: str, tmp_path: Path) -> None:
    shown = channelwatch("search", "шторм", "--limit", "3", "--facets", url=filled, home=tmp_path).stdout
    assert "5 posts in all" in shown
    command = shown.rpartition("The next page: channelwatch ")[2]
    following = channelwatch(*shlex.split(command), url=filled, home=tmp_path)
    assert "2 posts, newest first." in following.stdout
    assert "The next page" not in following.stdout


def test_next_page_of_words_that_begin_with_a_minus_can_be_typed_too(filled: str, tmp_path: Path) -> None:
    shown = channelwatch("search", "--limit", "1", "--", "-паром шторм", url=filled, home=tmp_path).stdout
    assert "1 post, newest first." in shown
    command = shown.rpartition("The next page: channelwatch ")[2]
    following = channelwatch(*shlex.split(command), url=filled, home=tmp_path)
    assert "1 post, newest first." in following.stdout


def test_terminal_obeys_no_post(filled: str, tmp_path: Path) -> None:
    shown = channelwatch("search", "прийти -шторм", "--versions", url=filled, home=tmp_path).stdout
    assert "before an edit" in shown
    assert "\x1b[31m" not in shown


def test_forged_cursor_is_refused_in_one_sentence(filled: str, tmp_path: Path) -> None:
    done = channelwatch("search", "шторм", "--cursor", "page2", url=filled, home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no cursor of a search" in done.stderr
    assert "Traceback" not in done.stderr
