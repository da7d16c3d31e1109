"""`channelwatch stories`: who told first, how much later the others were, and what an operator puts right."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest

from storage.database import Database
from storage.stories import Placed, place
from tests.cli.test_commands import channelwatch
from tests.storage.makers import make_channel, make_post, store_one

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def told(database_url: str) -> str:
    """Three posts of three channels within the last hour; the first two are one story."""

    async def fill() -> None:
        database = Database(database_url)
        began = dt.datetime.now(dt.UTC).replace(microsecond=0) - 60 * MINUTE
        posts = []
        for number, name in enumerate(("plain_ledger", "kharv_dispatch", "limansk_live")):
            channel_id = await make_channel(database, name)
            at = began + number * 4 * MINUTE
            said = f"Report \x1b[2J {number}\nand more of it"
            posts.append(await store_one(database, make_post(channel_id, 10, said, posted_at=at, seen_at=at)))
        async with database.begin() as connection:
            await place(connection, [Placed(posts[1], posts[0], "rewrite", posts[0], 0.87)])
        await database.close()

    asyncio.run(fill())
    return database_url


def test_list_and_show_say_who_told_first_and_how_much_later_others_were(told: str, tmp_path: Path) -> None:
    listed = channelwatch("stories", "list", url=told, home=tmp_path, COLUMNS="200").stdout
    assert "@plain_ledger" in listed
    assert "and more" not in listed
    assert "\x1b[2J" not in listed
    shown = channelwatch("stories", "show", "@kharv_dispatch/10", url=told, home=tmp_path, COLUMNS="200").stdout
    assert [line.split()[0] for line in shown.splitlines()[1:]] == ["first", "4"]
    assert "rewrite 0.87" in shown
    story = json.loads(channelwatch("stories", "show", "@kharv_dispatch/10", "--json", url=told, home=tmp_path).stdout)
    assert [post["delay_seconds"] for post in story["posts"]] == [0, 240]


def test_wrong_join_is_undone_and_two_stories_are_made_one(told: str, tmp_path: Path) -> None:
    said = channelwatch("stories", "split", "@kharv_dispatch/10", url=told, home=tmp_path).stdout
    assert "stands alone now" in said
    again = channelwatch("stories", "split", "@kharv_dispatch/10", url=told, home=tmp_path)
    assert again.returncode == 1
    assert "stands alone" in again.stderr
    channelwatch("stories", "merge", "@limansk_live/10", "@plain_ledger/10", url=told, home=tmp_path)
    [story] = channelwatch("stories", "list", "--json", url=told, home=tmp_path).stdout.splitlines()
    assert (json.loads(story)["posts"], json.loads(story)["first"]["channel"]) == (2, "@plain_ledger")


def test_nothing_to_show_is_said(database_url: str, tmp_path: Path) -> None:
    assert "No post of that time" in channelwatch("stories", "list", url=database_url, home=tmp_path).stdout
    unknown = channelwatch("stories", "show", "@kharv_dispatch/10", url=database_url, home=tmp_path)
    assert unknown.returncode == 1
    assert "kharv_dispatch" in unknown.stderr
