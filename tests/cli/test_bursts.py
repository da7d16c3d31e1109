"""`channelwatch bursts` and `channelwatch standings`, as a person types them."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest

from storage.bursts import Opening, Said, open_burst
from storage.database import Database
from storage.stories import Placed, place
from tests.cli.test_commands import channelwatch
from tests.storage.makers import make_channel, make_post, store


@pytest.fixture
def monitored(database_url: str) -> str:
    """A story of three channels of the last hour, one of its posts edited; and a burst with a steering sign in it."""

    async def fill() -> None:
        database = Database(database_url)
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        posts = []
        for number, name in enumerate(("demo_first", "demo_second", "demo_third")):
            at = now - dt.timedelta(minutes=50 - 4 * number)
            edited = at if number == 2 else None
            channel_id = await make_channel(database, name)
            posts.append(make_post(channel_id, 1, f"пожар {number}", posted_at=at, seen_at=at, edited_at=edited))
        ids = [post_id for post_id, _ in await store(database, *posts)]
        async with database.begin() as connection:
            await place(connection, [Placed(each, ids[0], "rewrite", ids[0], 0.8) for each in ids[1:]])
            opening = Opening(
                "word", "пожар", "по\x1bжар", (), (), frozenset(), 2.0, 16, Said(tuple(ids), 3, (ids[0],))
            )
            await open_burst(connection, opening, now)
        await database.close()

    asyncio.run(fill())
    return database_url


def test_bursts_are_shown_with_how_many_times_their_rate_and_as_json(monitored: str, tmp_path: Path) -> None:
    shown = channelwatch("bursts", url=monitored, home=tmp_path, COLUMNS="200")
    assert shown.returncode == 0
    assert "Still learning" in shown.stdout
    assert "8.0" in shown.stdout
    assert "\x1b" not in shown.stdout
    read = json.loads(channelwatch("bursts", "--json", url=monitored, home=tmp_path).stdout)
    assert (read["kind"], read["posts"], read["channels"], read["usual"], read["ended_at"]) == ("word", 3, 3, 2, None)


def test_standings_name_the_first_and_the_most_edited(monitored: str, tmp_path: Path) -> None:
    shown = channelwatch("standings", "--days", "1", url=monitored, home=tmp_path, COLUMNS="200").stdout
    first = next(line for line in shown.splitlines() if "@demo_first" in line)
    assert first.split() == ["@demo_first", "1", "1"]
    assert shown.splitlines()[-1].split() == ["@demo_third", "1", "100%"]
    lines = channelwatch("standings", "--json", url=monitored, home=tmp_path).stdout.splitlines()
    assert [json.loads(line)["median_delay_seconds"] for line in lines] == [None, 240, 480]
