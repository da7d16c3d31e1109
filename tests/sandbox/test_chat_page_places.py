"""More than one person and one chat: groups, topics, channels, inline results and deep links on the page."""

from __future__ import annotations

import asyncio

from sandbox.chat_records import Chat, ChatEvent, CommandScope
from sandbox.inline_records import InlineAnswer, InlineResult
from sandbox.page.visitors import View
from sandbox.world import User
from tests.sandbox.bot_api_fixtures import until
from tests.sandbox.chat_page_fixtures import Screen

RESULT = InlineResult("1", "article", "Ferry", "Harbour Wire, 12:00", "The ferry is late.")


def second_person(screen: Screen) -> User:
    other = screen.world.add_user("Ivan")
    screen.page.visitors.enter(other)
    return other


def group_of(screen: Screen, *people: User, is_forum: bool = False) -> Chat:
    group = screen.world.chats.add_group("Newsroom", [screen.user, *people], is_forum=is_forum)
    screen.view = View(screen.user, group)
    return group


async def test_a_group_is_made_with_everybody_and_the_bot_hears_of_it(screen: Screen) -> None:
    other = second_person(screen)
    told = await screen.done("/group", title="Newsroom", forum="yes")
    group = next(chat for chat in screen.world.chats.by_id.values() if chat.kind == "supergroup")
    assert told["go"] == f"/?as={screen.user.id}&chat={group.id}"
    assert (group.members, group.is_forum) == ({screen.user.id: "creator", other.id: "member"}, True)
    assert [update.kind for update in screen.world.chats.updates.pending] == ["my_chat_member"]


async def test_one_more_person_joins_the_groups_and_has_a_tab(screen: Screen) -> None:
    group = group_of(screen)
    await screen.done("/person", name="Ivan")
    other = screen.page.visitors.people[1]
    assert group.members[other.id] == "member"
    screen.view = screen.page.visitors.view({"as": str(other.id), "chat": str(group.id)})
    await screen.done("/say", text="/list")
    assert screen.world.chats.history(group.id)[0].sender_id == other.id
    assert f'id="person-{screen.user.id}"' in await screen.html()


async def test_a_message_elsewhere_marks_its_tab_and_is_announced(screen: Screen) -> None:
    chats, other = screen.world.chats, second_person(screen)
    group = chats.add_group("Newsroom", [screen.user, other])
    async with screen.open():
        chats.say(other.id, group.id, "hello")
        notice = await screen.next("notice")
        chats.bot_sends("sendMessage", chats.chat(other.id), text="for Ivan alone")
        alone = await screen.next("notice")
    assert notice == {"marks": [f"tab-{group.id}"], "text": "Newsroom: a message of Ivan"}
    assert alone == {"marks": [f"person-{other.id}"], "text": ""}


async def test_topics_are_tabs_and_each_shows_its_own(screen: Screen) -> None:
    group = group_of(screen, is_forum=True)
    told = await screen.done("/topic", name="Harbour")
    await screen.done("/say", text="in general")
    [topic] = group.topics.values()
    assert told["go"].endswith(f"thread={topic.thread_id}")
    screen.view = View(screen.user, group, topic.thread_id)
    await screen.done("/say", text="in the topic")
    html = await screen.html()
    assert "in the topic" in html
    assert "in general" not in html
    assert [message.thread_id for message in screen.world.chats.history(group.id)] == [1, None, 1]


async def test_in_a_channel_only_its_owner_writes(screen: Screen) -> None:
    other = second_person(screen)
    told = await screen.done("/channel", title="Our digest")
    channel = next(chat for chat in screen.world.chats.by_id.values() if chat.kind == "channel")
    assert told["go"].endswith(f"chat={channel.id}")
    screen.view = View(other, channel)
    assert (await screen.post("/say", text="hello"))[0] == 409
    assert "Only its administrators write here." in await screen.html()


async def test_the_bot_can_be_made_administrator_and_thrown_out(screen: Screen) -> None:
    group = group_of(screen)
    for standing in ("administrator", "kicked", "member"):
        await screen.done("/standing", standing=standing)
        assert (group.member_status, group.is_kicked) == (standing, standing == "kicked")
    assert [update.kind for update in screen.world.chats.updates.pending] == ["my_chat_member"] * 3


async def test_the_menu_speaks_the_persons_language(screen: Screen) -> None:
    commands = screen.world.chats.bot.commands
    commands[CommandScope(), ""] = [{"command": "list", "description": "subscriptions"}]
    commands[CommandScope(), "ru"] = [{"command": "list", "description": "подписки"}]
    async with screen.open():
        await screen.done("/language", language="ru")
        assert "подписки" in (await screen.next("patch"))["fill"]["commands"]
    assert screen.user.language_code == "ru"


async def test_a_new_profile_of_the_bot_shows_at_once(screen: Screen) -> None:
    async with screen.open():
        screen.world.chats.bot.descriptions[""] = "I watch channels."
        screen.world.chats.emit(ChatEvent("profile", 0))
        assert "I watch channels." in (await screen.next("patch"))["fill"]["messages"]


async def test_inline_results_are_asked_for_shown_and_sent(screen: Screen) -> None:
    group = group_of(screen)
    inline = screen.world.chats.inline
    asking = asyncio.create_task(screen.done("/inline", query="ferry"))
    await until(lambda: inline.queries)
    [query] = inline.queries.values()
    inline.answer(query, InlineAnswer((RESULT,), next_offset="1", button={"text": "More here", "start_parameter": "w"}))
    html = (await asking)["html"]
    assert f'name="result" value="{query.id} 1"' in html
    assert "Harbour Wire, 12:00" in html
    assert 'formaction="/start" name="token" value="w"' in html
    assert 'data-offset="1"' in html
    await screen.done("/choose", result=f"{query.id} 1")
    [message] = screen.world.chats.history(group.id)
    assert (message.text, message.via_bot) == ("The ferry is late.", True)
    assert "via @channelwatch_demo_bot" in await screen.html()


async def test_with_inline_mode_off_the_box_says_so_at_once(screen: Screen) -> None:
    screen.world.chats.bot.supports_inline = False
    assert "does not answer" in (await screen.done("/inline", query="ferry"))["html"]


async def test_a_deep_link_typed_or_tapped_starts_the_bot(screen: Screen) -> None:
    link = "https://t.me/channelwatch_demo_bot?start=watch_ferry"
    await screen.done("/say", text=link)
    assert (await screen.done("/open", link=link))["go"] is None
    assert [message.text for message in screen.world.chats.history(screen.user.id)] == ["/start watch_ferry"] * 2


async def test_a_startgroup_link_leads_to_the_group(screen: Screen) -> None:
    group = group_of(screen)
    screen.view = screen.page.visitors.view({})
    told = await screen.done("/open", link="https://t.me/channelwatch_demo_bot?startgroup=abc")
    assert told["go"].endswith(f"chat={group.id}")
    assert screen.world.chats.history(group.id)[0].text == "/start@channelwatch_demo_bot abc"


async def test_the_button_of_inline_results_starts_the_bot_in_private(screen: Screen) -> None:
    group_of(screen)
    told = await screen.done("/start", token="watch_ferry")
    assert told["go"].endswith(f"chat={screen.user.id}")
    assert screen.world.chats.history(screen.user.id)[0].text == "/start watch_ferry"


async def test_an_answer_to_a_message_says_which(screen: Screen) -> None:
    group = group_of(screen)
    sent = screen.world.chats.bot_sends(
        "sendMessage",
        group,
        text="Which words?",
        reply_markup={"force_reply": True, "input_field_placeholder": "words"},
    )
    assert 'data-ask="words"' in await screen.html()
    await screen.done("/say", text="ferry", reply_to=sent.message_id)
    assert screen.world.chats.history(group.id)[1].reply_to == sent.message_id
    assert 'class="quote" href="#m1"' in await screen.html()
