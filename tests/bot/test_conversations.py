"""Whole conversations in a private chat, through the real library and the box's server."""

from __future__ import annotations

import pytest

from sandbox import utf16
from sandbox.chat_records import ChatMessage
from sandbox.world import World
from storage import subscriptions
from storage.database import Database
from storage.search import SearchTooSlow
from storage.subscriptions import Subscription
from tests.bot.conftest import Chatting, Newsroom


def in_bold(message: ChatMessage) -> list[str]:
    places = utf16.boundaries(message.text)
    return [
        message.text[places[e["offset"]] : places[e["offset"] + e["length"]]]
        for e in message.entities
        if e["type"] == "bold"
    ]


async def owned(database: Database, newsroom: Newsroom, chat_id: int) -> list[Subscription]:
    subscriber = await newsroom.subscriber(chat_id)
    async with database.begin() as connection:
        return await subscriptions.list_for(connection, subscriber.id)


async def test_start_greets_and_offers_three_examples(anna: Chatting) -> None:
    greeting = await anna.say("/start")
    assert greeting.text.startswith("Hello!")
    assert [button["callback_data"] for button in greeting.buttons] == ["q:0", "q:1", "q:2"]


async def test_an_example_becomes_a_preview(anna: Chatting) -> None:
    greeting = await anna.say("/start")
    await anna.press_data(greeting, "q:0")
    await anna.shows("I understood: drone OR missile")


async def test_help_explains_the_language_by_examples(anna: Chatting) -> None:
    text = (await anna.say("/help")).text
    assert "(drone OR missile) attack" in text
    assert "/list" in text


async def test_words_become_a_preview_with_the_newest_posts(anna: Chatting, newsroom: Newsroom) -> None:
    for number in range(4):
        await newsroom.post(f"Ferry number {number} left the harbour.")
    preview = await anna.say("ferries")
    assert "In the last 7 days: 4 posts." in preview.text
    assert preview.text.count("left the harbour") == 3
    assert in_bold(preview).count("Ferry") == 3
    assert "https://t.me/harbour_news/103" in preview.text


async def test_one_tap_makes_the_subscription(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    preview = await anna.say("ferry (harbour OR island)")
    await anna.press(preview, "Subscribe")
    await anna.shows("Subscribed: ferry (harbour OR island)")
    (made,) = await owned(database, newsroom, anna.chat_id)
    assert (made.query, made.state) == ("ferry (harbour OR island)", "active")


async def test_a_cancelled_preview_subscribes_to_nothing(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    preview = await anna.say("ferry")
    await anna.press(preview, "Cancel")
    await anna.shows("Cancelled")
    assert await owned(database, newsroom, anna.chat_id) == []


async def test_a_mistake_is_shown_at_its_place_and_mended_with_one_tap(anna: Chatting) -> None:
    refused = await anna.say("ferry topic:economi")
    place = next(entity for entity in refused.entities if entity["type"] == "pre")
    places = utf16.boundaries(refused.text)
    line, caret = refused.text[places[place["offset"]] : places[place["offset"] + place["length"]]].split("\n")
    assert line[caret.index("^") :] == "economi"
    await anna.press(refused, "Try that")
    await anna.shows("I understood: ferry topic:economy")


async def test_a_channel_that_is_not_read_is_explained(anna: Chatting) -> None:
    answer = await anna.say("ferry channel:@nobody_knows")
    assert "@nobody_knows" in answer.text
    assert "whoever runs this bot" in answer.text


async def test_a_channel_keeps_its_name_in_what_was_understood(anna: Chatting, newsroom: Newsroom) -> None:
    await newsroom.post("Ferry")
    preview = await anna.say("ferry channel:@Harbour_News")
    assert "I understood: ferry channel:@harbour_news" in preview.text
    assert "1 post." in preview.text


async def test_a_topic_is_chosen_by_its_name(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    menu = await anna.say("/topics")
    assert len(menu.buttons) == 17
    await anna.press(menu, "Economy and business")
    preview = await anna.shows("I understood: topic:economy")
    await anna.press(preview, "Subscribe")
    await anna.shows("Subscribed: Economy and business")
    (made,) = await owned(database, newsroom, anna.chat_id)
    assert made.query == "topic:economy"


async def subscribed(anna: Chatting, newsroom: Newsroom, query: str = "ferry") -> Subscription:
    return await newsroom.subscription(await newsroom.subscriber(anna.chat_id), query)


async def test_the_list_is_empty_at_first(anna: Chatting) -> None:
    assert "no subscription yet" in (await anna.say("/list")).text


async def test_a_subscription_is_paused_and_resumed(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    await subscribed(anna, newsroom)
    listed = await anna.say("/list")
    await anna.press(listed, "1. ferry")
    assert await anna.press(listed, "Pause") == "Paused"
    await anna.shows("ferry · ⏸ paused")
    assert await anna.press(listed, "Resume") == "Resumed"
    (own,) = await owned(database, newsroom, anna.chat_id)
    assert own.state == "active"


async def test_a_subscription_is_renamed_by_an_answer(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    own = await subscribed(anna, newsroom)
    listed = await anna.say("/list")
    await anna.press(listed, "1. ferry")
    await anna.press(listed, "Rename")
    question = await anna.shows(f"(#{own.id})")
    await anna.say("Ships\nand boats", reply_to=question.message_id)
    await anna.shows("It is called Ships and boats now.")
    assert [item.name for item in await owned(database, newsroom, anna.chat_id)] == ["Ships and boats"]


async def test_a_subscription_is_deleted_after_a_question(
    anna: Chatting, newsroom: Newsroom, database: Database
) -> None:
    await subscribed(anna, newsroom)
    listed = await anna.say("/list")
    await anna.press(listed, "1. ferry")
    await anna.press(listed, "Delete")
    await anna.shows("Delete ferry?")
    await anna.press(listed, "Yes")
    await anna.shows("ferry is deleted")
    assert await owned(database, newsroom, anna.chat_id) == []


async def test_a_long_list_has_pages(anna: Chatting, newsroom: Newsroom) -> None:
    for number in range(10):
        await subscribed(anna, newsroom, f"ferry {number}")
    listed = await anna.say("/list")
    assert "Page 1 of 2" in listed.text
    await anna.press(listed, "Later")
    second = await anna.shows("Page 2 of 2")
    assert "10. ferry 9" in second.text


async def test_search_shows_pages_of_old_posts(anna: Chatting, newsroom: Newsroom) -> None:
    for number in range(7):
        await newsroom.post(f"Ferry number {number}")
    page = await anna.say("/search ferry")
    assert [f"number {number}" in page.text for number in range(7)] == [False, False, *[True] * 5]
    await anna.press(page, "More")
    older = await anna.shows("number 0")
    assert "number 1" in older.text
    assert "number 2" not in older.text
    assert older.buttons == []


async def test_the_first_page_counts_what_there_was_lately(anna: Chatting, newsroom: Newsroom) -> None:
    for number in range(6):
        await newsroom.post(f"Ferry number {number} left the harbour.")
    first = await anna.say("/search ferry")
    assert f"6 posts in 30 days: {'▁' * 29}█\nMost from: Harbour News 6" in first.text
    await anna.press(first, "More")
    assert "in 30 days" not in (await anna.shows("number 0")).text


async def test_search_without_words_says_how(anna: Chatting) -> None:
    assert "/search" in (await anna.say("/search")).text


async def test_search_may_name_days(anna: Chatting, newsroom: Newsroom) -> None:
    await newsroom.post("Ferry")
    assert "Nothing" in (await anna.say("/search ferry before:2020-01-01")).text


@pytest.mark.parametrize(
    ("asked", "slow", "example"),
    [
        ("/search ferry", "search.search", "after:"),
        ("/trend ferry", "trend.trend", "after:"),
        ("ferry", "words.back_test", "channel:"),
    ],
)
async def test_what_takes_too_long_to_find_says_what_to_add(
    asked: str, slow: str, example: str, anna: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never_ends(*_: object, **__: object) -> None:
        raise SearchTooSlow

    monkeypatch.setattr(f"bot.handlers.{slow}", never_ends)
    assert f"Add a word, a channel or a day, for example {example}" in (await anna.say(asked)).text


async def test_another_chats_button_gets_the_same_answer_as_an_old_one(
    anna: Chatting, newsroom: Newsroom, world: World
) -> None:
    other = await newsroom.subscription(await newsroom.subscriber(999), "ferry")
    listed = await anna.say("/topics")
    listed.buttons[0]["callback_data"] = f"o:{other.id}"
    foreign = await anna.press_data(listed, f"o:{other.id}")
    listed.buttons[0]["callback_data"] = "o:123456"
    old = await anna.press_data(listed, "o:123456")
    assert foreign == old
    assert "not in use any more" in old


async def test_a_button_of_another_kind_gets_a_kind_answer(anna: Chatting) -> None:
    listed = await anna.say("/topics")
    for data in ("z:1", "s:", "s:x", "w:²", "m:1", "t:nothing", "q:9", "k:99999999999999999999"):
        listed.buttons[0]["callback_data"] = data
        assert "not in use any more" in await anna.press_data(listed, data)


async def test_an_unknown_command_is_answered(anna: Chatting) -> None:
    assert "/help" in (await anna.say("/nonsense")).text


async def test_privacy_is_explained(anna: Chatting) -> None:
    assert "the number of this chat" in (await anna.say("/privacy")).text


async def test_the_menu_is_set(anna: Chatting, world: World) -> None:
    chat = world.chats.chat(anna.chat_id)
    await anna.say("/help")
    assert "list" in {command["command"] for command in world.chats.bot.commands_for(chat, "en")}


async def test_a_topics_name_is_in_the_language_of_the_chat(world: World, anna: Chatting) -> None:
    olena = world.add_user("Olena", language_code="uk-UA")
    chat = world.chats.add_private(olena)
    menu = await Chatting(world, olena, chat.id).say("/topics")
    assert "Війна і мир" in {button["text"] for button in menu.buttons}
