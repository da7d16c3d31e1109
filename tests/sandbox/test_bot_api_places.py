"""Where a bot may speak: topics of forums, channels, groups with their roles; and the links that call it there."""

from __future__ import annotations

import pytest
from telegram import Bot, BotCommandScopeAllChatAdministrators, BotCommandScopeChatMember, ForceReply, ReplyParameters
from telegram.error import BadRequest, Forbidden

from sandbox.chat_records import Chat
from sandbox.chats import ChatClosed, NoSuchChat
from sandbox.deep_links import open_link, read_link
from tests.sandbox.bot_api_fixtures import Box


@pytest.fixture
def forum(box: Box) -> Chat:
    return box.world.chats.add_group("Newsroom", [box.user, box.world.add_user("Ivan")], is_forum=True)


async def test_what_is_said_in_a_topic_carries_its_number(box: Box, bot: Bot, forum: Chat) -> None:
    topic = box.world.chats.create_topic(box.user.id, forum.id, "Harbour")
    box.world.chats.say(box.user.id, forum.id, "/list", thread_id=topic.thread_id)
    box.world.chats.say(box.user.id, forum.id, "/list")
    there, general = [update.message for update in await bot.get_updates()]
    assert there is not None
    assert general is not None
    assert (there.message_thread_id, there.is_topic_message, there.chat.is_forum) == (topic.thread_id, True, True)
    assert there.reply_to_message is not None
    assert there.reply_to_message.forum_topic_created is not None
    assert (general.message_thread_id, general.reply_to_message) == (None, None)


async def test_the_bot_speaks_in_a_topic_and_answers_where_it_was_asked(box: Box, bot: Bot, forum: Chat) -> None:
    topic = box.world.chats.create_topic(box.user.id, forum.id, "Harbour")
    sent = await bot.send_message(forum.id, "x", message_thread_id=topic.thread_id)
    answer = await bot.send_message(forum.id, "y", reply_parameters=ReplyParameters(sent.message_id))
    assert [sent.message_thread_id, answer.message_thread_id] == [topic.thread_id] * 2
    assert [entry.thread_id for entry in box.world.chats.accepted] == [topic.thread_id] * 2


@pytest.mark.parametrize("thread_id", [1, 99])
async def test_a_topic_that_is_not_there_is_refused(box: Box, bot: Bot, forum: Chat, thread_id: int) -> None:
    box.world.chats.say(box.user.id, forum.id, "/list")  # 1 is a message, and General's own number
    with pytest.raises(BadRequest, match=r"(?i)message thread not found"):
        await bot.send_message(forum.id, "x", message_thread_id=thread_id)


async def test_a_deleted_topic_is_refused_and_a_closed_one_to_members(box: Box, bot: Bot, forum: Chat) -> None:
    chats = box.world.chats
    closed, deleted = (chats.create_topic(box.user.id, forum.id, name) for name in ("a", "b"))
    chats.close_topic(forum.id, closed.thread_id)
    chats.delete_topic(forum.id, deleted.thread_id)
    for topic, reason in ((closed, "topic_closed"), (deleted, "message thread not found")):
        with pytest.raises(BadRequest, match=rf"(?i){reason}"):
            await bot.send_message(forum.id, "x", message_thread_id=topic.thread_id)
    chats.readmit(box.user.id, forum.id, "administrator")
    await bot.send_message(forum.id, "x", message_thread_id=closed.thread_id)


async def test_an_administrator_bot_makes_topics(box: Box, bot: Bot, forum: Chat) -> None:
    with pytest.raises(BadRequest, match=r"(?i)not enough rights"):
        await bot.create_forum_topic(forum.id, "Alerts")
    box.world.chats.readmit(box.user.id, forum.id, "administrator")
    topic = await bot.create_forum_topic(forum.id, "Alerts")
    assert forum.topics[topic.message_thread_id].name == "Alerts"


async def test_a_channel_takes_posts_of_a_bot_that_may_post(box: Box, bot: Bot) -> None:
    chats = box.world.chats
    channel = chats.add_channel("Our digest", [box.user], username="our_digest_demo")
    sent = await bot.send_message("@our_digest_demo", "x")
    assert (sent.from_user, sent.sender_chat) == (None, sent.chat)
    assert await bot.get_updates() == ()
    channel.may_post = False
    with pytest.raises(BadRequest, match=r"(?i)not enough rights"):
        await bot.send_message(channel.id, "x")
    chats.readmit(box.user.id, channel.id, "member")
    with pytest.raises(BadRequest, match=r"(?i)need administrator rights"):
        await bot.send_message(channel.id, "x")
    chats.kick(box.user.id, channel.id)
    with pytest.raises(Forbidden, match=r"(?i)kicked from the channel"):
        await bot.send_message(channel.id, "x")


async def test_what_its_owner_writes_in_a_channel_is_a_channel_post(box: Box, bot: Bot) -> None:
    chats, reader = box.world.chats, box.world.add_user("Ivan")
    channel = chats.add_channel("Our digest", [box.user, reader])
    chats.say(box.user.id, channel.id, "/watch ferry")
    [update] = await bot.get_updates()
    assert update.channel_post is not None
    assert update.channel_post.from_user is None
    with pytest.raises(ChatClosed):
        chats.say(reader.id, channel.id, "hello")


async def test_roles_can_be_asked_for(box: Box, bot: Bot, forum: Chat) -> None:
    chats, third = box.world.chats, box.world.add_user("Olha")
    chats.set_member(forum.id, third, "administrator")
    administrators = await bot.get_chat_administrators(forum.id)
    assert [(each.user.first_name, each.status) for each in administrators] == [
        ("Anna", "creator"),
        ("Olha", "administrator"),
    ]
    chats.set_member(forum.id, third, "left")
    assert (await bot.get_chat_member(forum.id, third.id)).status == "left"
    assert await bot.get_chat_member_count(forum.id) == 3
    with pytest.raises(ChatClosed):
        chats.say(third.id, forum.id, "/list")


async def test_an_anonymous_administrator_speaks_in_the_groups_name(box: Box, bot: Bot, forum: Chat) -> None:
    box.world.chats.say(box.user.id, forum.id, "/watch ferry", is_anonymous=True)
    box.world.chats.say(box.user.id, forum.id, "/watch ferry", is_forwarded=True)
    anonymous, forwarded = [update.message for update in await bot.get_updates()]
    assert anonymous is not None
    assert forwarded is not None
    assert (anonymous.from_user and anonymous.from_user.id, anonymous.sender_chat) == (1087968824, anonymous.chat)
    assert forwarded.forward_origin is not None


async def test_commands_are_shown_to_whom_they_are_for(box: Box, bot: Bot, forum: Chat) -> None:
    owner, member = list(forum.members)
    await bot.set_my_commands([("list", "all")])
    await bot.set_my_commands([("watch", "administrators")], scope=BotCommandScopeAllChatAdministrators())
    profile = box.world.chats.bot
    assert profile.commands_for(forum, "en", owner)[0]["command"] == "watch"
    assert profile.commands_for(forum, "en", member)[0]["command"] == "list"
    await bot.set_my_commands([("mine", "one person")], scope=BotCommandScopeChatMember(forum.id, member))
    assert profile.commands_for(forum, "en", member)[0]["command"] == "mine"


@pytest.mark.parametrize(
    "link",
    ["https://t.me/channelwatch_demo_bot?start=abc-1", "t.me/channelwatch_demo_bot?start=abc-1",
     "tg://resolve?domain=channelwatch_demo_bot&start=abc-1"],
)  # fmt: skip
async def test_a_deep_link_says_start_with_its_token(box: Box, bot: Bot, link: str) -> None:
    deep = read_link(link)
    assert deep is not None
    open_link(box.world.chats, box.user.id, deep)
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.text == "/start abc-1"


@pytest.mark.parametrize(
    "text", ["t.me/news/5", "t.me/bot?start=a b", f"t.me/bot?start={'x' * 65}", "see t.me/b?start=a"]
)
def test_other_links_are_no_deep_links(text: str) -> None:
    assert read_link(text) is None


async def test_a_startgroup_link_brings_the_bot_into_the_group(box: Box, bot: Bot) -> None:
    chats = box.world.chats
    group = chats.add_group("Newsroom", [box.user])
    chats.kick(box.user.id, group.id)
    deep = read_link("https://t.me/channelwatch_demo_bot?startgroup=abc")
    assert deep is not None
    with pytest.raises(NoSuchChat):
        open_link(chats, box.user.id, deep)
    open_link(chats, box.user.id, deep, group.id)
    _, joined, said = await bot.get_updates()
    assert joined.my_chat_member is not None
    assert joined.my_chat_member.new_chat_member.status == "member"
    assert said.message is not None
    assert said.message.text == "/start@channelwatch_demo_bot abc"


async def test_a_forced_reply_is_taken_and_answered(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "Which words?", reply_markup=ForceReply(input_field_placeholder="words"))
    box.world.chats.say(box.user.id, box.chat.id, "ferry", reply_to=sent.message_id)
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.reply_to_message == sent
