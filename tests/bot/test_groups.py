"""In a group only commands and answers reach the bot, and only administrators change what the group gets."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import telegram

from bot.talk import Refused, Talk
from sandbox.bot_api import BotApiServer, faults
from sandbox.chat_records import ChatMessage
from sandbox.world import World
from storage import subscribers
from storage.database import Database
from tests.bot.conftest import Chatting, Newsroom, running_bot


@dataclass
class Group:
    """A group with its founder and a member."""

    founder: Chatting
    member: Chatting

    @property
    def chat_id(self) -> int:
        return self.founder.chat_id


@pytest.fixture
async def group(world: World, server: BotApiServer, database: Database) -> AsyncIterator[Group]:
    founder, member = world.add_user("Anna"), world.add_user("Borys")
    chat = world.chats.add_group("Newsroom", [founder, member])
    async with running_bot(database, server):
        yield Group(Chatting(world, founder, chat.id), Chatting(world, member, chat.id))


async def test_an_administrator_subscribes_the_group(group: Group) -> None:
    preview = await group.founder.say("/watch ferry")
    await group.founder.press(preview, "Subscribe")
    await group.founder.shows("Subscribed: ferry")


async def test_while_telegram_does_not_say_who_administers_the_group_nobody_is_refused(group: Group) -> None:
    preview = await group.founder.say("/watch ferry")
    group.founder.world.faults.add("bot_api", "getChatMember", faults.BadGateway(), faults.DropAfter())
    await group.founder.press(preview, "Subscribe")
    await group.founder.shows("Subscribed: ferry")


async def test_when_telegram_is_asked_too_much_the_next_question_waits(group: Group) -> None:
    preview = await group.founder.say("/watch ferry")
    group.founder.world.faults.add("bot_api", "getChatMember", faults.Flood(3))
    began = time.monotonic()
    await group.founder.press(preview, "Subscribe")
    assert time.monotonic() - began >= 3


async def test_a_member_may_look_but_not_subscribe(group: Group) -> None:
    preview = await group.member.say("/watch ferry")
    assert "only its administrators" in await group.member.press(preview, "Subscribe")
    assert preview.buttons != []


async def test_watch_without_words_asks_and_takes_the_answer(group: Group) -> None:
    question = await group.founder.say("/watch")
    preview = await group.founder.say("ferry", reply_to=question.message_id)
    assert "I understood: ferry" in preview.text


async def test_chatter_in_answer_to_an_alert_is_no_query(group: Group) -> None:
    greeting = await group.founder.say("/start")
    group.founder.world.chats.say(group.founder.user.id, group.chat_id, "nice!", reply_to=greeting.message_id)
    await group.founder.say("/help")
    assert not any("I understood" in message.text for message in group.founder.history())


async def test_a_member_may_not_rename(group: Group, newsroom: Newsroom) -> None:
    question = await asked_for_a_name(group, newsroom)
    answer = await group.member.say("mine", reply_to=question.message_id)
    assert "only its administrators" in answer.text


async def test_who_writes_as_a_channel_is_asked_to_write_as_themselves(
    group: Group, database: Database, newsroom: Newsroom
) -> None:
    subscriber = await newsroom.subscriber(group.chat_id, chat_type="supergroup")
    chat, channel = telegram.Chat(group.chat_id, "supergroup"), telegram.Chat(-1009, "channel")
    message = telegram.Message(1, dt.datetime.now(dt.UTC), chat, sender_chat=channel, text="x")
    talk = Talk(database, None, subscriber, message)  # type: ignore[arg-type]  # nobody is asked
    with pytest.raises(Refused, match="write as yourself"):
        await talk.require_administrator()


async def asked_for_a_name(group: Group, newsroom: Newsroom) -> ChatMessage:
    """The question for another name of the group's subscription."""
    own = await newsroom.subscription(await newsroom.subscriber(group.chat_id, chat_type="supergroup"), "ferry")
    listed = await group.founder.say("/list")
    await group.founder.press(listed, "1. ferry")
    await group.founder.press(listed, "Rename")
    return await group.founder.shows(f"(#{own.id})")


async def test_who_writes_in_the_groups_name_is_one_of_its_administrators(group: Group, newsroom: Newsroom) -> None:
    question = await asked_for_a_name(group, newsroom)
    chats, founder = group.founder.world.chats, group.founder.user
    chats.say(founder.id, group.chat_id, "boats", reply_to=question.message_id, is_anonymous=True)
    await group.founder.shows("It is called boats now.")


async def test_forwarded_words_change_nothing(group: Group, newsroom: Newsroom) -> None:
    question = await asked_for_a_name(group, newsroom)
    chats, founder = group.founder.world.chats, group.founder.user
    chats.say(founder.id, group.chat_id, "boats", reply_to=question.message_id, is_forwarded=True)
    await group.founder.shows("I do not obey forwarded messages")


async def test_an_administrator_subscribes_a_topic_of_a_forum(
    world: World, server: BotApiServer, database: Database
) -> None:
    user = world.add_user("Anna")
    chat = world.chats.add_group("Newsroom", [user], is_forum=True)
    topic = world.chats.create_topic(user.id, chat.id, "Ships")
    founder = Chatting(world, user, chat.id)
    async with running_bot(database, server):
        world.chats.say(user.id, chat.id, "/watch ferry", thread_id=topic.thread_id)
        preview = await founder.shows("I understood: ferry")
        await founder.press(preview, "Subscribe")
        done = await founder.shows("Subscribed: ferry")
    assert preview.thread_id == done.thread_id == topic.thread_id


async def test_a_group_that_threw_the_bot_out_is_suspended_until_it_is_back(
    group: Group, database: Database, newsroom: Newsroom, world: World
) -> None:
    await group.founder.say("/start")
    number = (await newsroom.subscriber(group.chat_id, chat_type="supergroup")).id

    async def becomes(state: str) -> None:
        async with asyncio.timeout(20):
            while True:
                async with database.begin() as connection:
                    found = await subscribers.get_subscriber(connection, number)
                if found is not None and found.state == state:
                    return
                await asyncio.sleep(0.02)

    world.chats.kick(group.founder.user.id, group.chat_id)
    await becomes("suspended")
    world.chats.readmit(group.founder.user.id, group.chat_id)
    await becomes("active")
