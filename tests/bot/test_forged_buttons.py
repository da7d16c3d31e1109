"""Ten thousand forged and foreign buttons, given to the bot's dispatcher: they do nothing, and are answered alike."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import string
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

import pytest
import telegram

from bot import errands
from bot.application import build
from bot.callback_data import Seal
from bot.errands import Errand
from bot.handlers.registry import BUTTONS
from bot.limits import Limits
from bot.message import SIGNATURE_CHARACTERS
from bot.rules import Rules
from bot.texts.en import ENGLISH
from bot.updates import App
from matching.query import parse
from sandbox.bot_api import BotApiServer
from sandbox.world import World
from storage import mutes, proposals, subscriptions
from storage.database import Database
from tests.bot.conftest import TOKEN, Newsroom

MANY = 10_000 if os.environ.get("LONG_TESTS") else 400
"""The whole number takes some two minutes: with LONG_TESTS=1."""

SEAL = Seal(b"a secret of thirty-two bytes or so")
OWNED = ("s", "x", "p", "r", "n", "d", "k", "e", "z", "h", "w", "y", "c", "j", "i", "pace:one", "pace:through",
         "pace:hourly", "mute:off", "mute")  # fmt: skip
"""Buttons about something that has an owner, by number."""

numbers = itertools.count(1)


def pressed(bot: telegram.Bot, chat_id: int, user_id: int, data: str) -> telegram.Update:
    """The update of a pressed button, whatever it carries: a person's own program may send anything."""
    chat = {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup", "title": "Newsroom"}
    message = {"message_id": 1, "date": 1, "chat": chat, "text": "ferry", "from": {"id": 42, "is_bot": True,
               "first_name": "bot"}, "entities": [{"type": "code", "offset": 0, "length": 5}]}  # fmt: skip
    number = next(numbers)
    person = {"id": user_id, "is_bot": False, "first_name": "Borys", "language_code": "en"}
    query = {"id": str(number), "from": person, "message": message, "chat_instance": "1", "data": data}
    return telegram.Update.de_json({"update_id": number, "callback_query": query}, bot)


def forged(chance: random.Random, chat_id: int, other_chat_id: int) -> Iterator[str]:
    """What somebody might try, for ever: noise, our own words unsigned, signed for another chat, or changed."""
    while True:
        verb = chance.choice([*BUTTONS, *OWNED])
        data = f"{verb}:{chance.choice([chance.randrange(1, 9), 'uk', 'off', 'quiet:22-7', 'conflict', ''])}"
        signed = SEAL.sign(data, chat_id)
        place = chance.randrange(len(signed))
        letter = chance.choice([each for each in string.ascii_letters if each != signed[place]])
        yield data
        yield SEAL.sign(data, other_chat_id)
        yield signed[:place] + letter + signed[place + 1 :]
        yield signed[SIGNATURE_CHARACTERS:] + signed[:SIGNATURE_CHARACTERS]
        yield "".join(chance.choices(string.printable + "жїё\u202e😀", k=chance.randrange(1, 40)))


async def answers(application: App, database: Database, update: telegram.Update) -> list[tuple[str, str]]:
    """What the bot says to it, as it would be sent when the update's transaction has ended."""
    async with database.begin() as connection:
        errand = Errand(connection)
        with errands.on(errand):
            await application.process_update(update)
    assert errand.failure is None
    return [(reply.endpoint, reply.parameters.get("text", "")) for reply in errand.replies]


async def everything(database: Database) -> dict[str, str]:
    """Each table's rows, in short."""
    async with database.begin() as connection:
        listed = await connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in listed]
        digest = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
        return {name: str((await connection.exec_driver_sql(digest.format(name))).scalar()) for name in tables}


@dataclass
class Scene:
    """The bot's dispatcher, two people and a group; Anna and the group have what somebody else might want to touch."""

    application: App
    database: Database
    anna: int
    borys: int
    group: int

    async def tries(self, presses: Iterable[tuple[int, int, str]]) -> set[tuple[tuple[str, str], ...]]:
        """Press them all, some at a time: (chat, person, data); the different ways in which they were answered."""
        room = asyncio.Semaphore(5)

        async def one(chat_id: int, user_id: int, data: str) -> tuple[tuple[str, str], ...]:
            async with room:
                return tuple(
                    await answers(
                        self.application, self.database, pressed(self.application.bot, chat_id, user_id, data)
                    )
                )

        async with asyncio.TaskGroup() as tasks:
            pressing = [tasks.create_task(one(*each)) for each in presses]
        return {each.result() for each in pressing}


@pytest.fixture
async def scene(world: World, server: BotApiServer, database: Database, newsroom: Newsroom) -> AsyncIterator[Scene]:
    anna, borys = world.add_user("Anna"), world.add_user("Borys")
    for user in (anna, borys):
        world.chats.add_private(user)
    group = world.chats.add_group("Newsroom", [anna, borys])
    for chat_id, kind in ((anna.id, "private"), (borys.id, "private"), (group.id, "supergroup")):
        subscriber = await newsroom.subscriber(chat_id, chat_type=kind)
        if chat_id != borys.id:
            own = await newsroom.subscription(subscriber, "ferry")
            await newsroom.owe(await newsroom.post(f"Ferry {chat_id}"), own)
            async with database.begin() as connection:
                await subscriptions.draft(connection, subscriber.id, name="boat", query=parse("boat"))
                await mutes.mute_word(connection, subscriber.id, "boat", parse("boat"))
                await proposals.propose(connection, subscriber.id, "demo_news")
    application = build(database, TOKEN, server.base_url, Limits(), rules=Rules(commands_a_minute=10**6), seal=SEAL)
    async with application.bot:
        await application.initialize()
        yield Scene(application, database, anna.id, borys.id, group.id)
        await application.shutdown()


STALE = (("answerCallbackQuery", ENGLISH.stale),)


async def test_forged_buttons_and_those_of_other_chats_do_nothing_and_are_answered_alike(scene: Scene) -> None:
    chance = random.Random(5)
    places = [
        (scene.anna, scene.anna),
        (scene.borys, scene.borys),
        (scene.group, scene.anna),
        (scene.group, scene.borys),
    ]
    made = {chat: forged(chance, chat, other) for chat, other in ((scene.anna, scene.borys), (scene.borys, scene.anna),
                                                                  (scene.group, scene.anna))}  # fmt: skip
    before = await everything(scene.database)
    presses = [(chat, person, next(made[chat])) for _ in range(MANY // len(places)) for chat, person in places]
    assert await scene.tries(presses) == {STALE}
    assert await everything(scene.database) == before


async def test_buttons_that_name_what_is_somebody_elses_do_nothing_and_are_answered_alike(scene: Scene) -> None:
    before = await everything(scene.database)
    named = [f"{verb}:{number}{rest}" for verb in OWNED for number in (1, 2, 4) for rest in ("", ":5:0a1b2c3d", ":f")]
    # Of the pieces, some are none of ours whoever presses them; with the seal broken all of them would be.
    presses = [(scene.borys, scene.borys, SEAL.sign(data, scene.borys)) for data in named]
    assert await scene.tries(presses) == {STALE}
    assert await everything(scene.database) == before


async def test_control_the_same_buttons_change_what_is_ones_own(scene: Scene) -> None:
    before = await everything(scene.database)
    presses = [
        (scene.anna, scene.anna, SEAL.sign(f"{verb}:1", scene.anna)) for verb in ("p", "mute:off", "pace:hourly")
    ]
    assert STALE not in await scene.tries(presses)
    after = await everything(scene.database)
    assert {name for name in before if before[name] != after[name]} >= {
        "subscriptions",
        "mutes",
        "subscription_schedules",
    }
