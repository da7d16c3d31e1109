"""kill -9 of the bot amid what people ask: every command is answered, and what one changes is changed once."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import count

import pytest
from telegram.ext import ApplicationBuilder

from bot.access import Door
from bot.errands import JoinedDatabase
from bot.limits import Limits
from bot.reply_limits import ReplyLimits
from bot.requests import SendRequest
from bot.talk import OPEN_HOUSE
from bot.updates import Updates
from storage.database import Database
from tests.journeys.killed import AFTER_COMMIT, AFTER_STATEMENT, BEFORE_COMMIT
from tests.journeys.lives import PROCESSES, life
from tests.journeys.oracle import REPEAT_MARK
from tests.journeys.people import Person, until
from tests.journeys.stage import TOKEN, Stage

PEOPLE = 100
WORDS = ("bridge", "river", "ferry")
"""What each of them asks for: 300 commands wait when the bot is killed."""

NEVER = 10**9
"""A number that no moment reaches: the test kills by its own watch."""

IN_FLIGHT = 8
"""Connections that replies go over (`bot.requests.SendRequest`): the most that one kill can leave in doubt."""


def ask_everything(stage: Stage) -> list[Person]:
    """Everybody writes every word, and nobody answers yet."""
    people = [stage.person(f"Person {number}") for number in range(PEOPLE)]
    for words in WORDS:
        for person in people:
            stage.world.chats.say(person.user.id, person.user.id, words)
    return people


def answers(stage: Stage) -> list[str]:
    """Every preview that anybody was given."""
    return [sent.text for sent in stage.world.chats.accepted if "I understood" in sent.text]


async def drafts(stage: Stage) -> int:
    """What the commands changed: each preview keeps a draft."""
    return int(await stage.value("SELECT count(*) FROM subscriptions WHERE state = 'draft'"))


def unanswered(stage: Stage, people: list[Person]) -> int:
    """Commands of which the person who gave them never hears."""
    heard = {(sent.chat_id, word) for sent in stage.world.chats.accepted for word in WORDS if word in sent.text}
    return PEOPLE * len(WORDS) - len(heard & {(person.user.id, word) for person in people for word in WORDS})


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_bot_killed_with_300_queued_commands_answers_all_and_repeats_no_effect(stage: Stage) -> None:
    people = ask_everything(stage)
    kills = 0
    for moment in (10, 60, 110, 160):
        async with life(stage, "bot", AFTER_COMMIT, NEVER) as bot:
            await until(lambda moment=moment: len(answers(stage)) >= moment, "some answers")  # type: ignore[misc]
            bot.kill()
            kills += await bot.ends()
    async with stage.answering():
        await until(lambda: _is_all_done(stage), "every command to be answered")
    repeats = len(answers(stage)) - PEOPLE * len(WORDS)
    assert unanswered(stage, people) == 0
    assert await drafts(stage) == PEOPLE * len(WORDS)
    assert repeats <= IN_FLIGHT * kills
    assert sum(text.startswith(REPEAT_MARK) for text in answers(stage)) >= repeats


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_control_the_librarys_own_polling_loses_most_of_300_queued_commands(stage: Stage) -> None:
    people = ask_everything(stage)
    process = PROCESSES.Process(target=poll_as_the_library_does, args=(stage.environment(),), daemon=True)
    process.start()
    await until(lambda: len(answers(stage)) >= 10, "some answers")
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    confirmed = len(stage.world.chats.updates.confirmed)
    async with stage.answering():
        await until(lambda: not stage.world.chats.updates.pending, "what Telegram still had")
        await until(lambda: _is_all_done(stage), "every command that is left")
    assert confirmed > 100
    assert unanswered(stage, people) > 50


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("moment", [AFTER_STATEMENT, BEFORE_COMMIT, AFTER_COMMIT])
async def test_a_bot_killed_at_any_step_of_a_tap_subscribes_once_and_says_so(stage: Stage, moment: str) -> None:
    anna = stage.person()
    for number in count(1):
        async with stage.answering():
            preview = await anna.ask(f"bridge {number}")
        anna._press(preview, "s")
        async with life(stage, "bot", moment, number) as bot:
            await until(lambda bot=bot: bot.is_over or _is_all_done(stage), "the bot's end")  # type: ignore[misc]
            was_killed = await bot.ends()
        async with stage.answering():
            await until(lambda: _is_all_done(stage), "the tap to be answered")
        assert "Subscribed" in anna.world.chats.message(anna.user.id, preview.message_id).text  # type: ignore[union-attr]
        assert await stage.value("SELECT count(*) FROM subscriptions WHERE state = 'active'") == number
        if not was_killed:
            break
    assert number > 4  # kept, entered, done, answered


async def _is_all_done(stage: Stage) -> bool:
    waiting = stage.world.chats.updates.pending
    kept = {number for (number,) in await stage.rows("SELECT update_id FROM inbox")}
    open_ = await stage.rows("SELECT 1 FROM inbox WHERE state <> 'done'")
    return not open_ and all(update.update_id in kept for update in waiting)


def poll_as_the_library_does(environment: dict[str, str]) -> None:
    """The same handlers and limits under python-telegram-bot's own polling. In a process of its own."""
    asyncio.run(_poll(environment))


async def _poll(environment: dict[str, str]) -> None:
    database = Database(environment["DATABASE_URL"])
    base = f"{environment['BOT_API_URL']}/bot"
    limiter = ReplyLimits(Limits(), database)
    application = (
        ApplicationBuilder().token(TOKEN).base_url(base).request(SendRequest()).rate_limiter(limiter)
        .concurrent_updates(64).job_queue(None).build()
    )  # fmt: skip
    Updates(database, JoinedDatabase(database), Door(OPEN_HOUSE), None).register(application)
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling()
        await asyncio.Event().wait()
