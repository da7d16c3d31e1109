"""Inline mode: posts found from any chat."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import text

from bot.application import build
from bot.handlers import inline
from bot.limits import Limits
from bot.rules import Rules
from bot.texts import texts_in
from sandbox.bot_api import BotApiServer
from sandbox.inline_records import InlineAnswer
from sandbox.world import User, World
from storage import subscribers
from storage.database import Database
from storage.ids import ChatId
from tests.bot.conftest import TOKEN, Newsroom, running_bot, until


@dataclass
class Asking:
    """Somebody who types behind the bot's name."""

    world: World
    user: User
    chat_id: int
    database: Database
    server: BotApiServer

    async def ask(self, words: str, *, is_listed: bool = True) -> InlineAnswer:
        application = build(self.database, TOKEN, self.server.base_url, Limits())
        allowed = {self.user.id} if is_listed else set()
        async with application.bot:
            query = self.world.chats.inline.ask(self.user.id, self.chat_id, words)
            update = (await application.bot.get_updates())[-1]
            assert update.inline_query is not None
            await inline.answer(update.inline_query, self.database, allowed)
        assert query.answer is not None
        return query.answer


@pytest.fixture
def asking(world: World, server: BotApiServer, database: Database) -> Asking:
    user = world.add_user("Anna")
    return Asking(world, user, world.chats.add_private(user).id, database, server)


async def test_what_is_wrong_is_said_in_the_language_of_ones_own_chat(asking: Asking, database: Database) -> None:
    async with database.begin() as connection:
        own = await subscribers.enter(connection, ChatId(asking.user.id), chat_type="private", language="en")
        await subscribers.set_language(connection, own.id, "uk")
    assert [result.title for result in (await asking.ask("ferry (")).results] == [texts_in("uk").inline_error]


async def test_posts_are_found_with_excerpt_and_link(asking: Asking, newsroom: Newsroom) -> None:
    for number in range(25):
        await newsroom.post(f"Ferry number {number} left the harbour.")
    answer = await asking.ask("ferries")
    assert len(answer.results) == 20
    first = answer.results[0]
    assert first.title == "Harbour News"
    assert "Ferry number 24" in first.description
    assert "https://t.me/harbour_news/124" in first.text
    assert answer.is_personal
    assert answer.cache_seconds <= 30


async def test_of_a_protected_channel_only_the_link_is_sent(
    asking: Asking, newsroom: Newsroom, database: Database
) -> None:
    await newsroom.post("Ferry secrets.")
    async with database.begin() as connection:
        await connection.execute(text("UPDATE channels SET is_protected = true"))
    (result,) = (await asking.ask("ferry")).results
    assert "https://t.me/harbour_news/100" in result.text
    assert "secrets" not in result.text + result.description


async def test_who_is_not_listed_finds_nothing(asking: Asking, newsroom: Newsroom) -> None:
    await newsroom.post("The ferry is late.")
    assert (await asking.ask("ferry", is_listed=False)).results == ()
    assert len((await asking.ask("ferries")).results) == 1  # other words: clients show an answer again for a while


@pytest.mark.parametrize(("words", "said"), [("(ferry", "I did not understand"), ("channel:@nobody", "@nobody")])
async def test_a_mistake_is_one_result_that_says_so(asking: Asking, words: str, said: str) -> None:
    (result,) = (await asking.ask(words)).results
    assert result.title == "I cannot search for that"
    assert said in result.description


async def test_nothing_typed_finds_nothing(asking: Asking, newsroom: Newsroom) -> None:
    await newsroom.post("The ferry is late.")
    assert (await asking.ask(" ")).results == ()


async def test_running_bot_answers_whom_its_rules_list(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom
) -> None:
    await newsroom.post("The ferry is late.")
    people = [world.add_user(name) for name in ("Anna", "Boris")]
    chats = [world.chats.add_private(each).id for each in people]
    async with running_bot(database, server, rules=Rules(inline=frozenset([people[0].id]))):
        queries = [
            world.chats.inline.ask(each.id, chat, f"ferry{'s' * place}")
            for place, (each, chat) in enumerate(zip(people, chats, strict=True))
        ]
        await until(lambda: all(query.answer for query in queries))
    assert [len(query.answer.results) for query in queries if query.answer] == [1, 0]
