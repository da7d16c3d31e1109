"""Whoever writes to the bot is answered in the language of their client, or in the one that they have chosen."""

from __future__ import annotations

import pytest

from bot.texts import texts_in
from sandbox.world import World
from tests.bot.conftest import Chatting, Newsroom


def newcomer(world: World, language_code: str) -> Chatting:
    user = world.add_user("Olena", language_code=language_code)
    return Chatting(world, user, world.chats.add_private(user).id)


@pytest.mark.parametrize(
    ("code", "hello", "found"),
    [
        ("ru", "Здравствуйте!", "За последние 7 дней: 1 пост."),
        ("uk-UA", "Вітаю!", "За останні 7 днів: 1 допис."),
        ("de", "Hello!", "In the last 7 days: 1 post."),
    ],
)
async def test_a_newcomer_is_answered_in_the_language_of_their_client(
    anna: Chatting, newsroom: Newsroom, code: str, hello: str, found: str
) -> None:
    await newsroom.post("The ferry is late")
    someone = newcomer(anna.world, code)
    assert (await someone.say("/start")).text.startswith(hello)
    assert found in (await someone.say("ferry")).text


async def test_a_chosen_language_outweighs_that_of_the_client(anna: Chatting) -> None:
    olena = newcomer(anna.world, "ru")
    await olena.say("/language uk")
    assert (await olena.say("/nonsense")).text == texts_in("uk").unknown_command


@pytest.mark.parametrize(("code", "said"), [("ru", "Эта скобка ( не закрыта."), ("uk", "Цю дужку ( не закрито.")])
async def test_a_mistake_in_a_query_is_explained_in_the_language_of_the_chat(
    anna: Chatting, code: str, said: str
) -> None:
    assert said in (await newcomer(anna.world, code).say("(ferry")).text


@pytest.mark.parametrize(("code", "words"), [("ru", "Подписаться на целую тему"), ("uk", "Підписатися на цілу тему")])
async def test_the_menu_of_commands_is_in_the_language_of_the_client(anna: Chatting, code: str, words: str) -> None:
    await anna.say("/help")
    shown = anna.world.chats.bot.commands_for(anna.world.chats.chat(anna.chat_id), code)
    assert words in {command["description"] for command in shown}
