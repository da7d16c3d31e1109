"""`channelwatch feeds` as a person types it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import feeds
from storage.database import Database
from tests.web.programs import store_posts


@pytest.fixture
def filled(database_url: str) -> str:
    async def fill() -> None:
        database = Database(database_url)
        await store_posts(database, "мир")
        await database.close()

    asyncio.run(fill())
    return database_url


def run(url: str, home: Path, *arguments: str) -> str:
    result = CliRunner().invoke(feeds.app, arguments, env={"DATABASE_URL": url, "CHANNELWATCH_HOME": str(home)})
    if result.exception is not None:
        raise result.exception
    return result.stdout


def listed(url: str, home: Path) -> dict[str, dict[str, str]]:
    rows = map(json.loads, run(url, home, "list", "--addresses", "--json").splitlines())
    return {row["name"]: row for row in rows}


def test_a_feed_is_made_listed_rotated_and_removed(filled: str, tmp_path: Path) -> None:
    rss_url, json_url = run(filled, tmp_path, "add", "peace", "мир channel:@demo_opal_wire").splitlines()
    assert (tmp_path / "web.key").stat().st_mode & 0o777 == 0o600
    row = listed(filled, tmp_path)["peace"]
    assert row == {
        "name": "peace", "owner": "operators", "query": "мир channel:@demo_opal_wire", "rss_url": rss_url,
        "json_feed_url": json_url,
    }  # fmt: skip
    assert run(filled, tmp_path, "rotate", "peace").splitlines()[0] != rss_url
    run(filled, tmp_path, "remove", "peace")
    assert listed(filled, tmp_path) == {}
    with pytest.raises(feeds.NoSuchSearch, match="channelwatch feeds list"):
        run(filled, tmp_path, "remove", "peace")


def test_a_list_of_feeds_moves_to_another_owner_and_says_what_it_skipped(filled: str, tmp_path: Path) -> None:
    run(filled, tmp_path, "add", "peace", "мир channel:@demo_opal_wire")
    path = tmp_path / "feeds.opml"
    exported = run(filled, tmp_path, "export")
    other = '<outline text="other" xmlUrl="https://example.org/feed"/><outline text="gone" xmlUrl="https://t.me/s/demo_gone"/>'
    path.write_text(exported.replace("</body>", f"{other}</body>"), encoding="utf-8")
    said = run(filled, tmp_path, "import", str(path), "--owner", "anna").splitlines()
    assert said == [
        "saved  peace",
        "skipped  other: no query and no channel of Telegram's",
        "skipped  gone: There is no channel @demo_gone; `channelwatch channels list` shows all.",
        "1 of 3 saved.",
    ]
    assert run(filled, tmp_path, "import", str(path), "--owner", "anna").endswith("0 of 3 saved.\n")
