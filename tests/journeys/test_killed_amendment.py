"""kill -9 of the bot in the middle of an amendment: nothing is sent again, and the alert reads right in the end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from storage import amendments
from storage.ids import PostId
from storage.stories import Placed, lock_stories, place
from tests.journeys.killed import AFTER_COMMIT, BEFORE_COMMIT
from tests.journeys.lives import life
from tests.journeys.people import alerts_in
from tests.journeys.stage import Stage
from tests.journeys.test_killed_bot import Newsroom, open_newsroom


@pytest.fixture
async def newsroom(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """One person who was alerted to a post that another channel tells by now."""
    monkeypatch.setattr("storage.amendments.GATHERED", dt.timedelta(0))
    newsroom = await open_newsroom(stage, tmp_path, people=1)
    await newsroom.owe()
    await newsroom.live_again()
    async with stage.database.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO channels (username, title, state) VALUES ('town_crier', 'Town Crier', 'archived')"
        )
        other = await connection.exec_driver_sql(
            "INSERT INTO posts (channel_id, message_id, text, parts, content_hash, terms, topics, topic_codes, has,"
            " forwarded_from, links, analysis, found_by, posted_at, seen_at)"
            " SELECT max(id), 1, 'Bridge', '[]', 'x', '', '[]', '{}', '{}', '{}', '{}', 'done', 'push', now(), now()"
            " FROM channels RETURNING id"
        )
        number = PostId(other.scalar_one())
        await lock_stories(connection)
        await place(connection, [Placed(number, PostId(1), "copy")])
        await amendments.spread(connection)
    return newsroom


@pytest.mark.parametrize(
    ("moment", "number", "edits"),
    [(AFTER_COMMIT, 1, 1), (AFTER_COMMIT, 2, 1), (BEFORE_COMMIT, 3, 2), (AFTER_COMMIT, 3, 1)],
    ids=["leased", "begun", "edited", "settled"],
)
async def test_a_bot_killed_in_an_amendment_sends_nothing_again(
    newsroom: Newsroom, moment: str, number: int, edits: int
) -> None:
    async with life(newsroom.stage, "bot", moment, number) as bot:
        assert await newsroom.ends(bot)
    await newsroom.live_again()
    chats = newsroom.stage.world.chats
    assert len(alerts_in(newsroom.stage.world)) == 1
    assert "also: Town Crier" in chats.edits[-1].text
    # Edits of the talk in which the person subscribed are in the ledger too.
    assert sum("also: Town Crier" in edit.text for edit in chats.edits) <= edits
