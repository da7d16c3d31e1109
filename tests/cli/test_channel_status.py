"""`channelwatch channels status`: what is missing is named, and what a channel writes steers no terminal."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest

from storage import completeness
from storage.accounts import save_account
from storage.completeness import Look
from storage.database import Database
from storage.flood_waits import note_flood_wait
from storage.ids import MessageId
from tests.cli.test_commands import channelwatch
from tests.storage.makers import change, make_channel, make_post, store


@pytest.fixture
def read(database_url: str) -> str:
    """Two channels: one read to its end, one with two holes and a title that would clear the screen."""

    async def fill() -> None:
        database = Database(database_url)
        for name, top, posts in (("plain_ledger", 3, (1, 2, 3)), ("kharv_dispatch", 6, (1, 3, 4, 6))):
            channel_id = await make_channel(database, name)
            async with database.begin() as connection:
                await completeness.begin_at(connection, channel_id, 0)
            await store(database, *(make_post(channel_id, number, f"post {number} \x1b[2J") for number in posts))
            async with database.begin() as connection:
                await completeness.note_looks(connection, [Look(channel_id, MessageId(top), 1)])
                await completeness.advance_watermarks(connection, [channel_id])
        await change(database, "UPDATE channels SET state = 'active', title = E'\\x1b[2Jtitle [bold]'")
        await change(database, "UPDATE channels SET username = NULL WHERE username = 'kharv_dispatch'")
        await database.close()

    asyncio.run(fill())
    return database_url


def test_holes_are_counted_and_posts_told_by_who_found_them(read: str, tmp_path: Path) -> None:
    shown = channelwatch("channels", "status", "--json", url=read, home=tmp_path).stdout
    by_holes = {each["holes"]: each for each in map(json.loads, shown.splitlines())}
    assert by_holes.keys() == {0, 2}
    assert (by_holes[2]["watermark"], by_holes[2]["top_message_id"], by_holes[2]["lag"]) == (1, 6, 5)
    assert by_holes[0]["found_by"] == {"push": 3}


def test_what_telegram_lets_the_reader_wait_for_is_shown(read: str, tmp_path: Path) -> None:
    async def flood() -> None:
        database = Database(read)
        async with database.begin() as connection:
            account_id = await save_account(connection, "second", b"sealed", 7)
            await note_flood_wait(connection, account_id, "GetHistory", dt.timedelta(minutes=12, seconds=30))
        await change(
            database,
            "UPDATE channels SET reader_until_at = now() + interval '1 hour', reader_id ="
            " (SELECT id FROM accounts) WHERE username IS NOT NULL",
        )
        await database.close()

    asyncio.run(flood())
    shown = channelwatch("channels", "status", url=read, home=tmp_path, COLUMNS="200").stdout
    assert "Telegram lets second wait: GetHistory for 12 min" in shown
    lines = channelwatch("channels", "status", "--json", url=read, home=tmp_path).stdout.splitlines()
    waits = [each["flood_waits"] for each in map(json.loads, lines)]
    assert {} in waits
    assert [700 < wait["GetHistory"] <= 750 for wait in waits if wait] == [True]


def test_table_names_troubles_and_obeys_no_title(read: str, tmp_path: Path) -> None:
    shown = channelwatch("channels", "status", url=read, home=tmp_path, COLUMNS="200").stdout
    assert "title [bold]" in shown
    assert "\x1b[2J" not in shown
    assert "no account reads it at the moment" in shown
    found = channelwatch("search", "post", url=read, home=tmp_path).stdout
    assert "post 6" in found
    assert "\x1b[2J" not in found
