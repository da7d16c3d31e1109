"""`channelwatch post` as a person types it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
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
def edited(database_url: str) -> str:
    """The address of a database with two posts: one edited and deleted, one that would like to steer the terminal."""

    async def fill() -> None:
        database = Database(database_url)
        news = await make_channel(database, "demo_harbour")
        for minute, said in enumerate(["Погибли 3 человека.", "Погибли 5 человек."]):
            at = NOON + minute * MINUTE
            await store(database, make_post(news, 1, said, seen_at=at, edited_at=at if minute else None))
        await store(database, make_post(news, 2, "\x1b[2Jпусто [bold]", found_by="preview"))
        async with database.begin() as connection:
            await mark_deleted(connection, news, [MessageId(1)], NOON + 2 * MINUTE)
        await database.close()

    asyncio.run(fill())
    return database_url


def shown(*arguments: str, url: str, home: Path, **environment: str) -> Any:
    return channelwatch("post", *arguments, url=url, home=home, **environment)


def test_post_is_shown_with_its_times_and_what_an_edit_changed(edited: str, tmp_path: Path) -> None:
    out = shown("https://t.me/demo_harbour/1", url=edited, home=tmp_path).stdout
    assert "published  2026-01-05 12:00:00 UTC" in out
    assert "seen       2026-01-05 12:00:00 UTC, by push" in out
    assert "edited     2026-01-05 12:01:00 UTC: text changed" in out
    assert "deleted    2026-01-05 12:02:00 UTC" in out
    assert "Погибли [-3 человека-]{+5 человек+}." in out


def test_words_are_coloured_where_there_is_colour(edited: str, tmp_path: Path) -> None:
    out = shown("@demo_harbour/1", url=edited, home=tmp_path, FORCE_COLOR="1", TERM="xterm-256color").stdout
    assert "\x1b[9;31m3 человека\x1b[0m" in out
    assert "\x1b[1;32m5 человек\x1b[0m" in out
    assert "{+" not in out


def test_json_holds_every_version_and_difference(edited: str, tmp_path: Path) -> None:
    row = json.loads(shown("@demo_harbour/1", "--json", url=edited, home=tmp_path).stdout)
    assert (row["message_id"], row["found_by"], row["text"]) == (1, "push", "Погибли 5 человек.")
    assert row["deleted_at"] == "2026-01-05T12:02:00+00:00"
    first, second = row["versions"]
    assert (first["text"], first["replaced_at"], first["difference"]) == (
        "Погибли 3 человека.", "2026-01-05T12:01:00+00:00", None,
    )  # fmt: skip
    assert [piece["kind"] for piece in second["difference"]] == ["kept", "removed", "added", "kept"]


def test_one_version_can_be_asked_for(edited: str, tmp_path: Path) -> None:
    out = shown("@demo_harbour/1", "--version", "1", url=edited, home=tmp_path).stdout
    assert "Погибли 3 человека." in out
    assert "5 человек" not in out
    refused = shown("@demo_harbour/1", "--version", "3", url=edited, home=tmp_path)
    assert (refused.returncode, refused.stderr) == (
        1, "channelwatch: There are 2 versions of this post: give a number up to 2.\n",
    )  # fmt: skip


def test_a_post_cannot_steer_the_terminal(edited: str, tmp_path: Path) -> None:
    out = shown("@demo_harbour/2", url=edited, home=tmp_path).stdout
    assert "\ufffd[2Jпусто [bold]" in out
    assert "by preview" in out


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("@demo_harbour", "A post is named by its link"),
        ("@demo_harbour/77", "No post @demo_harbour/77 is stored"),
        ("@demo_other/1", "There is no channel @demo_other here"),
    ],
)
def test_what_is_no_stored_post_is_said_in_one_sentence(
    edited: str, tmp_path: Path, address: str, sentence: str
) -> None:
    done = shown(address, url=edited, home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"channelwatch: {sentence}")


def test_help_shows_an_example(tmp_path: Path) -> None:
    shown = channelwatch("post", "--help", home=tmp_path, COLUMNS="200").stdout
    assert "channelwatch post @" in shown.split("Usage:")[1]
