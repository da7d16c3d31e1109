"""`channelwatch media` as a person types it, with files that are there already: nobody fetches here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from storage import media_files
from storage.database import Database
from storage.ids import MessageId
from storage.post_values import Medium, Part, Post
from tests.cli.test_commands import channelwatch
from tests.storage.makers import NOON, change, make_channel, make_post, store

FOLDER = "media/2000000001"


async def fill(url: str) -> None:
    """An album of two photos, the first of which is fetched; a post without media; a channel that protects its own."""
    database = Database(url)
    news, shy = await make_channel(database, "demo_harbour"), await make_channel(database, "demo_shy")
    await change(database, "UPDATE channels SET state = 'active', is_protected = (username = 'demo_shy')")
    photos = tuple(Part(MessageId(number), "", medium=Medium("photo")) for number in (1, 2))
    await store(database, Post(news, photos, NOON, NOON, grouped_id=5), make_post(news, 3, "Only words"))
    await store(database, Post(shy, photos[:1], NOON, NOON))
    async with database.begin() as connection:
        await media_files.want(connection, news, [MessageId(1)])
        (file,) = await media_files.wanted(connection)
        await media_files.mark_stored(connection, file, f"{FOLDER}/1.jpg", 5)
    await database.close()


@pytest.fixture
def filled(database_url: str, tmp_path: Path) -> str:
    """The address of that database; the file lies in the data folder."""
    asyncio.run(fill(database_url))
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "1.jpg").write_bytes(b"light")
    return database_url


def media(*arguments: str, url: str, home: Path) -> Any:
    return channelwatch("media", *arguments, url=url, home=home)


def test_all_parts_are_asked_for_and_those_that_are_here_are_shown(filled: str, tmp_path: Path) -> None:
    done = media("get", "https://t.me/demo_harbour/2", "--out", str(tmp_path / "out"), url=filled, home=tmp_path)
    assert (done.returncode, done.stderr) == (
        0, "No ingest is running: they are fetched as soon as `channelwatch run` does.\n",
    )  # fmt: skip
    copy = tmp_path / "out" / "2000000001-1.jpg"
    assert done.stdout == f"@demo_harbour/1: {copy}\n@demo_harbour/2: noted\n"
    assert copy.read_bytes() == b"light"


def test_a_file_that_is_lost_is_asked_for_again(filled: str, tmp_path: Path) -> None:
    (tmp_path / FOLDER / "1.jpg").unlink()
    done = media("get", "@demo_harbour/1", "--json", url=filled, home=tmp_path)
    assert [file["state"] for file in json.loads(done.stdout)["files"]] == ["wanted", "wanted"]


def test_the_list_says_where_they_lie(filled: str, tmp_path: Path) -> None:
    row = json.loads(media("list", "--json", url=filled, home=tmp_path).stdout)
    assert (row["message_id"], row["state"], row["bytes"]) == (1, "stored", 5)
    assert row["path"] == str((tmp_path / FOLDER / "1.jpg").resolve())
    assert "@demo_harbour/1" in media("list", url=filled, home=tmp_path).stdout


def test_removing_takes_the_files_of_all_parts_and_leaves_the_post(filled: str, tmp_path: Path) -> None:
    assert media("remove", "@demo_harbour/2", url=filled, home=tmp_path).stdout == "1 file removed.\n"
    assert not (tmp_path / FOLDER / "1.jpg").exists()
    assert media("list", url=filled, home=tmp_path).stdout.startswith("No media yet")
    assert channelwatch("post", "@demo_harbour/2", url=filled, home=tmp_path).returncode == 0


def test_the_file_of_a_post_that_was_forgotten_can_still_be_removed(filled: str, tmp_path: Path) -> None:
    async def forget() -> None:
        database = Database(filled)
        await change(database, "DELETE FROM posts")
        await database.close()

    asyncio.run(forget())
    done = media("remove", "@demo_harbour/1", url=filled, home=tmp_path)
    assert done.stdout == "1 file removed.\n", done.stderr


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("@demo_harbour/3", "The post has no photo, video or other file."),
        ("@demo_shy/1", "@demo_shy protects its content: its media are not fetched."),
        ("@demo_harbour/77", "No post @demo_harbour/77 is stored"),
    ],
)
def test_what_cannot_be_fetched_is_said_in_one_sentence(
    filled: str, tmp_path: Path, address: str, sentence: str
) -> None:
    done = media("get", address, url=filled, home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"channelwatch: {sentence}")


@pytest.mark.parametrize("command", ["get", "list", "remove"])
def test_every_command_shows_an_example(command: str, tmp_path: Path) -> None:
    shown = channelwatch("media", command, "--help", home=tmp_path, COLUMNS="200").stdout
    assert f"channelwatch media {command}" in shown.split("Usage:")[1].partition("\n")[2]
