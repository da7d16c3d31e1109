"""The door: who is let in, who hears one kind sentence, and how much one may ask."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
import telegram

from bot.access import Door
from bot.rules import Entry, Rules
from bot.texts import texts_in
from sandbox.bot_api import BotApiServer
from sandbox.world import World
from storage import invites, people, subscribers
from storage.database import Database
from storage.ids import ChatId
from tests.bot.conftest import Chatting, Newsroom, running_bot, until
from tests.storage.makers import rows

OPERATOR = 900


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Mouth:
    """The bot as far as the door needs it: it says sentences."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def send_message(self, chat_id: int, text: str, **_: object) -> None:
        self.said.append(text)


numbers: Iterator[int] = itertools.count(1)


def message(user_id: int | None, text: str = "/start", chat_id: int | None = None) -> telegram.Update:
    """Somebody says something: privately, or in a group with that number; None is its anonymous administrator."""
    kind = "private" if chat_id is None else "supergroup"
    chat = telegram.Chat(chat_id or user_id or 0, kind)
    person = telegram.User(user_id or 1087968824, "Somebody", is_bot=user_id is None)
    said = telegram.Message(
        1, dt.datetime.now(dt.UTC), chat, from_user=person, text=text, sender_chat=chat if user_id is None else None
    )
    return telegram.Update(next(numbers), message=said)


async def asked(door: Door, database: Database, update: telegram.Update, verb: str = "start") -> tuple[bool, list[str]]:
    mouth = Mouth()
    return await door.lets_in(update, mouth, database, verb), mouth.said  # type: ignore[arg-type]


GROUP = -1001


@pytest.mark.parametrize(
    ("entry", "who", "is_let_in"),
    [
        (Entry.OPEN, "stranger", True), (Entry.OPEN, "invited", True), (Entry.OPEN, "blocked", False),
        (Entry.INVITE, "stranger", False), (Entry.INVITE, "invited", True), (Entry.INVITE, "listed", True),
        (Entry.INVITE, "operator", True), (Entry.INVITE, "named", True), (Entry.INVITE, "blocked", False),
        (Entry.LISTED, "stranger", False), (Entry.LISTED, "invited", False), (Entry.LISTED, "listed", True),
        (Entry.LISTED, "operator", True), (Entry.LISTED, "named", True), (Entry.LISTED, "blocked", False),
    ],
)  # fmt: skip
async def test_who_is_let_in(entry: Entry, who: str, is_let_in: bool, database: Database) -> None:
    people_by_name = {"stranger": 1, "invited": 2, "listed": 3, "named": 4, "blocked": 5, "operator": OPERATOR}
    async with database.begin() as connection:
        await people.let_in(connection, 2, people.SUBSCRIBER, OPERATOR)
        await people.let_in(connection, 4, people.OPERATOR, OPERATOR)
        await people.block(connection, 5)
    door = Door(Rules(entry, operators=frozenset({OPERATOR}), listed=frozenset({3, 5})))
    done, _ = await asked(door, database, message(people_by_name[who]))
    assert done is is_let_in


async def test_a_stranger_hears_one_sentence_an_hour_and_leaves_nothing(database: Database) -> None:
    clock = Clock()
    door = Door(Rules(Entry.INVITE, contact="news@example.org"), clock)
    done, said = await asked(door, database, message(5))
    assert not done
    assert "private" in said[0]
    assert "news@example.org" in said[0]
    clock.now = 3500
    assert await asked(door, database, message(5)) == (False, [])
    clock.now = 3700
    assert (await asked(door, database, message(5)))[1] == said
    assert await rows(database, "SELECT chat_id FROM subscribers") == []


async def test_who_is_kept_out_hears_nothing(database: Database) -> None:
    async with database.begin() as connection:
        await people.block(connection, 5)
    assert await asked(Door(Rules()), database, message(5)) == (False, [])


async def test_an_invitation_lets_in_and_a_spent_one_says_so(database: Database) -> None:
    door = Door(Rules(Entry.INVITE))
    async with database.begin() as connection:
        token = await invites.make(connection)
    opening = f"/start i_{token}"
    assert await asked(door, database, message(5, opening)) == (True, [])
    assert await asked(door, database, message(5, "/help"), "help") == (True, [])
    done, said = await asked(door, database, message(6, opening))
    assert not done
    assert "used up" in said[0]


async def test_a_group_is_open_to_its_people_once_somebody_let_in_has_spoken_there(database: Database) -> None:
    door = Door(Rules(Entry.INVITE, operators=frozenset({OPERATOR})))
    assert not (await asked(door, database, message(5, "/help", GROUP), "help"))[0]
    assert not (await asked(door, database, message(None, "/help", GROUP), "help"))[0]
    assert (await asked(door, database, message(OPERATOR, "/help", GROUP), "help"))[0]
    assert (await asked(door, database, message(5, "/help", GROUP), "help"))[0]
    assert (await asked(door, database, message(None, "/help", GROUP), "help"))[0]


async def test_chatter_in_a_group_is_neither_counted_nor_answered(database: Database) -> None:
    door = Door(Rules(Entry.INVITE, commands_a_minute=1))
    for _ in range(10):
        assert await asked(door, database, message(5, "hello", GROUP), "") == (False, [])


async def test_who_asks_too_much_hears_it_once_a_minute(database: Database) -> None:
    clock = Clock()
    door = Door(Rules(commands_a_minute=20), clock)
    for _ in range(20):
        assert await asked(door, database, message(5)) == (True, [])
    done, said = await asked(door, database, message(5))
    assert not done
    assert len(said) == 1
    assert await asked(door, database, message(5)) == (False, [])
    assert await asked(door, database, message(6)) == (True, [])
    clock.now = 3.1
    assert await asked(door, database, message(5)) == (True, [])


async def test_one_member_cannot_silence_a_group(database: Database) -> None:
    door = Door(Rules(commands_a_minute=20), Clock())
    for _ in range(200):
        await asked(door, database, message(5, "/help", GROUP), "help")
    assert (await asked(door, database, message(6, "/help", GROUP), "help"))[0]


async def test_who_is_not_let_in_any_more_may_see_and_take_away_what_is_held(
    database: Database, newsroom: Newsroom
) -> None:
    await newsroom.subscriber(5)
    door = Door(Rules(Entry.INVITE))
    for verb in ("privacy", "export", "delete_me", "erase"):
        assert await asked(door, database, message(5, f"/{verb}"), verb) == (True, [])
        assert not (await asked(door, database, message(6, f"/{verb}"), verb))[0]  # of whom nothing is held
    assert not (await asked(door, database, message(5, "/list"), "list"))[0]


@pytest.fixture
async def house(world: World, server: BotApiServer, database: Database) -> AsyncIterator[tuple[Chatting, Chatting]]:
    """An operator and a stranger before a running bot whose door is shut."""
    operator, stranger = world.add_user("Olena"), world.add_user("Borys")
    chats = [world.chats.add_private(user) for user in (operator, stranger)]
    rules = Rules(Entry.INVITE, operators=frozenset({operator.id}), most_subscriptions=1)
    async with running_bot(database, server, rules=rules):
        yield Chatting(world, operator, chats[0].id), Chatting(world, stranger, chats[1].id)


async def test_an_operator_invites_somebody_in_the_chat(house: tuple[Chatting, Chatting], database: Database) -> None:
    operator, stranger = house
    assert "private" in (await stranger.say("/start")).text
    link = (await operator.say("/invite")).text.split("?start=")[1].split()[0]
    assert (await stranger.say(f"/start {link}")).text.startswith("Hello")
    await stranger.say("/help")
    async with database.begin() as connection:
        assert (await people.standing_of(connection, user_id=stranger.user.id, chat_id=0)).role == "subscriber"


async def test_an_operator_names_another(house: tuple[Chatting, Chatting], database: Database) -> None:
    operator, other = house
    link = (await operator.say("/invite operator")).text.split("?start=")[1].split()[0]
    await other.say(f"/start {link}")
    assert "5 people" in (await other.say("/invite 5")).text


async def test_to_everybody_else_there_is_no_invite(house: tuple[Chatting, Chatting], database: Database) -> None:
    _, stranger = house
    async with database.begin() as connection:
        await people.let_in(connection, stranger.user.id, people.SUBSCRIBER, None)
    assert "do not know that command" in (await stranger.say("/invite")).text


async def test_a_forwarded_invite_invites_nobody(house: tuple[Chatting, Chatting], database: Database) -> None:
    operator, _ = house
    operator.world.chats.say(operator.user.id, operator.chat_id, "/invite", is_forwarded=True)
    await operator.shows("do not know that command")
    assert await rows(database, "SELECT id FROM invites") == []


async def test_a_stranger_who_adds_the_bot_to_a_group_makes_no_subscriber(
    house: tuple[Chatting, Chatting], database: Database, world: World
) -> None:
    operator, stranger = house
    group = world.chats.add_group("Strangers", [stranger.user])
    world.chats.kick(stranger.user.id, group.id)
    world.chats.readmit(stranger.user.id, group.id)
    await operator.say("/start")
    await until(lambda: world.chats.updates.pending == [])
    assert await rows(database, "SELECT chat_id FROM subscribers") == [(operator.chat_id,)]


async def test_one_subscription_too_many_is_refused_kindly(house: tuple[Chatting, Chatting]) -> None:
    operator, _ = house
    await operator.press(await operator.say("ferry"), "Subscribe")
    await operator.shows("Subscribed: ferry")
    assert "as many as it may have" in await operator.press(await operator.say("harbour"), "Subscribe")


async def test_the_door_speaks_the_language_that_the_chat_has_chosen(database: Database) -> None:
    async with database.begin() as connection:
        entered = await subscribers.enter(connection, ChatId(5), chat_type="private", language="en")
        await subscribers.set_language(connection, entered.id, "uk")
    closed, busy = Door(Rules(entry=Entry.LISTED)), Door(Rules(commands_a_minute=0))
    assert await asked(closed, database, message(5)) == (False, [texts_in("uk").door_closed])
    assert await asked(busy, database, message(5)) == (False, [texts_in("uk").slow_down])
    assert await asked(closed, database, message(6)) == (False, [texts_in("en").door_closed])
