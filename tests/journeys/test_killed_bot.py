"""kill -9 of the bot at every commit point: what is owed arrives, and what arrives twice says so and is little."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import bot.owed_messages
from bot.alerts import compose_alert
from sandbox.channels import Channel
from sandbox.chat_records import ChatEvent
from tests.journeys.killed import AFTER_ACCEPTANCE, AFTER_COMMIT, BEFORE_COMMIT, NEVER_ANSWERED
from tests.journeys.lives import Life, let_leases_end, life
from tests.journeys.oracle import MOST_REPEATS, Owed, complaints_about_alerts
from tests.journeys.people import Person, alerts_in, is_alert, until
from tests.journeys.stage import Stage, link_to, write_archive

PEOPLE = 4
"""More than are sent to at once."""


@dataclass
class Newsroom:
    """Owes alerts to people, as ingest does, and keeps account of it."""

    stage: Stage
    channel: Channel
    people: list[Person]
    folder: Path
    owed: set[Owed] = field(default_factory=set)
    kills: int = 0
    _numbers: Any = field(default_factory=lambda: count(1))

    async def owe(self) -> None:
        """One post more that everybody asked for."""
        number = next(self._numbers)
        post = self.stage.world.channels.publish(self.channel, f"Bridge number {number}")
        await self.stage.replay(write_archive(self.folder / f"{number}.jsonl", (self.channel, post)))
        self.owed |= {(person.user.id, link_to(self.channel, post)) for person in self.people}

    async def is_all_sent(self) -> bool:
        return not await self.stage.rows("SELECT 1 FROM deliveries WHERE state <> 'sent'")

    async def ends(self, bot: Life) -> bool:
        """Wait until the bot is dead, or has nothing left to do and is asked to end; whether it was killed."""
        await until(lambda: bot.is_over or self.is_all_sent(), "the bot's end")
        is_killed = await bot.ends()
        self.kills += is_killed
        return is_killed

    async def live_again(self) -> None:
        """The next life, which nobody kills, until everything is sent."""
        await let_leases_end(self.stage.database)
        async with self.stage.answering():
            await until(self.is_all_sent, "everything to be sent")

    def complaints(self) -> list[str]:
        return complaints_about_alerts(self.owed, alerts_in(self.stage.world), kills=self.kills)


async def open_newsroom(stage: Stage, folder: Path, people: int) -> Newsroom:
    channel = stage.world.channels.add("River News", "river_news")
    newsroom = Newsroom(stage, channel, [stage.person(f"Person {n}") for n in range(people)], folder)
    async with stage.answering(), asyncio.TaskGroup() as talks:
        for person in newsroom.people:
            talks.create_task(person.subscribe("bridge"))
    return newsroom


@pytest.fixture
async def newsroom(stage: Stage, tmp_path: Path) -> Newsroom:
    """Four people who asked for bridges."""
    return await open_newsroom(stage, tmp_path, PEOPLE)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", [BEFORE_COMMIT, AFTER_COMMIT])
async def test_a_bot_killed_at_any_commit_loses_nothing(newsroom: Newsroom, moment: str) -> None:
    for number in count(1):
        await newsroom.owe()
        async with life(newsroom.stage, "bot", moment, number) as bot:
            if not await newsroom.ends(bot):
                break
        await newsroom.live_again()
        assert newsroom.complaints() == [], f"killed {moment} {number}"
    assert newsroom.complaints() == []
    assert newsroom.kills >= 2 * PEOPLE + 2  # each alert is begun and settled; they are leased in two goes at least


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_bot_killed_after_any_acceptance_loses_nothing(newsroom: Newsroom) -> None:
    for number in range(1, PEOPLE + 1):
        await newsroom.owe()
        async with life(newsroom.stage, "bot", AFTER_ACCEPTANCE, number) as bot:
            assert await newsroom.ends(bot)
        await newsroom.live_again()
        assert newsroom.complaints() == [], f"killed after acceptance {number}"
    assert len(alerts_in(newsroom.stage.world)) > len(newsroom.owed)  # some came twice, or nothing was tested


async def test_a_bot_killed_before_it_hears_the_answer_repeats_that_alert_once_and_says_so(newsroom: Newsroom) -> None:
    await newsroom.owe()
    async with life(newsroom.stage, "bot") as bot:
        leave = newsroom.stage.world.chats.subscribe(_on_alert(bot))
        assert await newsroom.ends(bot)
        leave()
    await newsroom.live_again()
    assert newsroom.complaints() == []
    assert len(alerts_in(newsroom.stage.world)) > len(newsroom.owed)


async def test_the_worst_kill_repeats_as_many_as_were_under_way_and_marks_each(newsroom: Newsroom) -> None:
    assert await _repeats_after_worst_kill(newsroom) == MOST_REPEATS
    assert newsroom.complaints() == []


async def test_control_with_more_under_way_the_oracle_counts_too_many_repeats(newsroom: Newsroom) -> None:
    assert await _repeats_after_worst_kill(newsroom, without="three-workers") == PEOPLE
    assert newsroom.complaints() == [f"doubled: {PEOPLE} repeats after 1 kills"]


async def test_control_with_marks_before_sending_the_oracle_reports_a_lost_alert(stage: Stage, tmp_path: Path) -> None:
    newsroom = await open_newsroom(stage, tmp_path, people=1)
    await newsroom.owe()
    second = 2  # leased; begun and marked
    async with life(stage, "bot", AFTER_COMMIT, second, without="mark-after-sending") as bot:
        assert await newsroom.ends(bot)
    await newsroom.live_again()
    assert [complaint.partition(":")[0] for complaint in newsroom.complaints()] == ["lost"]


async def test_control_with_marks_left_out_the_oracle_reports_each_repeat(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    unmarked = lambda *args, **words: compose_alert(*args, **{**words, "is_repeat": False})  # noqa: E731
    monkeypatch.setattr(bot.owed_messages, "compose_alert", unmarked)
    repeats = await _repeats_after_worst_kill(newsroom)
    assert [complaint.partition(":")[0] for complaint in newsroom.complaints()] == ["unmarked repeat"] * repeats


async def _repeats_after_worst_kill(newsroom: Newsroom, *, without: str | None = None) -> int:
    """Kill a bot whose every alert under way was accepted and none answered; how many came twice."""
    stage = newsroom.stage
    await newsroom.owe()
    async with life(stage, "bot", NEVER_ANSWERED, without=without) as bot:
        await until(lambda: _waits_for_answers(stage), "all answers to be awaited")
        bot.kill()
        newsroom.kills += await bot.ends()
    await newsroom.live_again()
    return len(alerts_in(stage.world)) - len(newsroom.owed)


async def _waits_for_answers(stage: Stage) -> bool:
    """What was leased was leased in one go: once all of it has been accepted, nothing more happens."""
    states = dict(await stage.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))
    return "leased" not in states and states.get("sending") == len(alerts_in(stage.world))


def _on_alert(bot: Life) -> Any:
    """Kill at the very moment of acceptance, before a byte of the answer is written."""

    def listener(event: ChatEvent) -> None:
        if event.kind == "sent" and event.message is not None and is_alert(event.message.reply_markup):
            bot.kill()

    return listener
