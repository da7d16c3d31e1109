"""kill -9 of the bot in the middle of a digest of late posts: it arrives, twice at most, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.killed import AFTER_ACCEPTANCE, AFTER_COMMIT, BEFORE_COMMIT
from tests.journeys.lives import life
from tests.journeys.stage import Stage
from tests.journeys.test_killed_bot import Newsroom, open_newsroom

POSTS = 5


@pytest.fixture
async def newsroom(stage: Stage, tmp_path: Path) -> Newsroom:
    """One person, owed late alerts about five posts."""
    newsroom = await open_newsroom(stage, tmp_path, people=1)
    for _ in range(POSTS):
        await newsroom.owe()
    async with stage.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE deliveries SET is_late = true, priority = 30, due_at = now()")
    return newsroom


async def kill(newsroom: Newsroom, moment: str, number: int, *, without: str | None = None) -> list[str]:
    """Kill a bot at that moment and let the next one finish; the digests that were accepted."""
    async with life(newsroom.stage, "bot", moment, number, without=without) as bot:
        assert await newsroom.ends(bot)
    await newsroom.live_again()
    return [digest.text for digest in newsroom.people[0].digests()]


@pytest.mark.parametrize(
    ("moment", "number", "copies"),
    [
        (AFTER_COMMIT, 1, 1),  # leased
        (AFTER_COMMIT, 2, 1),  # begun, not sent
        (AFTER_ACCEPTANCE, 1, 2),
        (BEFORE_COMMIT, 3, 2),  # sent, not marked
        (AFTER_COMMIT, 3, 1),
    ],
)
async def test_a_bot_killed_in_a_digest_repeats_it_once_at_most_and_says_so(
    newsroom: Newsroom, moment: str, number: int, copies: int
) -> None:
    digests = await kill(newsroom, moment, number)
    assert len(digests) == copies
    assert all(f"⏱ {POSTS} posts were found late:" in text for text in digests)
    assert all(text.startswith("↻ possibly repeated") for text in digests[1:])


async def test_control_with_marks_before_sending_a_digest_is_lost(newsroom: Newsroom) -> None:
    second = 2  # leased; begun and marked
    assert await kill(newsroom, AFTER_COMMIT, second, without="mark-after-sending") == []
