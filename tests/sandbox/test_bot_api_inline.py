"""Inline mode: what people type behind @bot in any chat, and what they choose."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from telegram import (
    Bot,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputTextMessageContent,
    TelegramObject,
)
from telegram.error import BadRequest

from sandbox.chats import NoSuchResult
from sandbox.inline_records import InlineQuery
from tests.sandbox.bot_api_fixtures import PNG, Box, button


def article(number: int | str = 1, text: str = "The ferry is late.", **more: Any) -> InlineQueryResultArticle:
    return InlineQueryResultArticle(str(number), "Ferry", InputTextMessageContent(text), **more)


def asked(box: Box, text: str = "ferry") -> InlineQuery:
    return box.world.chats.inline.ask(box.user.id, box.chat.id, text)


async def test_the_bot_hears_the_query_and_its_result_is_sent_by_the_person(box: Box, bot: Bot) -> None:
    group = box.world.chats.add_group("Newsroom", [box.user])
    query = box.world.chats.inline.ask(box.user.id, group.id, "ferry")
    [update] = await bot.get_updates()
    assert update.inline_query is not None
    assert (update.inline_query.query, update.inline_query.chat_type) == ("ferry", "supergroup")
    await bot.answer_inline_query(query.id, [article()])
    sent = box.world.chats.choose(box.user.id, group.id, query.id, "1")
    assert (sent.sender_id, sent.text, sent.via_bot) == (box.user.id, "The ferry is late.", True)


async def test_a_bot_in_the_chat_hears_what_was_sent_through_it(box: Box, bot: Bot) -> None:
    query = asked(box)
    await bot.answer_inline_query(query.id, [article()])
    box.world.chats.choose(box.user.id, box.chat.id, query.id, "1")
    message = (await bot.get_updates())[-1].message
    assert message is not None
    assert message.via_bot == bot.bot


async def test_the_choice_is_told_only_with_feedback_on(box: Box, bot: Bot) -> None:
    query = asked(box)
    await bot.answer_inline_query(query.id, [article()])
    box.world.chats.choose(box.user.id, box.chat.id, query.id, "1")
    box.world.chats.bot.has_inline_feedback = True
    box.world.chats.choose(box.user.id, box.chat.id, query.id, "1")
    chosen = [update.chosen_inline_result for update in await bot.get_updates() if update.chosen_inline_result]
    assert [(each.result_id, each.query, each.from_user.id) for each in chosen] == [("1", "ferry", box.user.id)]


async def test_a_result_with_buttons_can_be_pressed_and_edited(box: Box, bot: Bot) -> None:
    query = asked(box)
    await bot.answer_inline_query(query.id, [article(reply_markup=button())])
    sent = box.world.chats.choose(box.user.id, box.chat.id, query.id, "1")
    box.world.chats.press(box.user.id, box.chat.id, sent.message_id, "ok")
    pressed = (await bot.get_updates())[-1].callback_query
    assert pressed is not None
    assert pressed.message is None
    assert await bot.edit_message_text("sailing again", inline_message_id=pressed.inline_message_id) is True
    assert sent.text == "sailing again"
    with pytest.raises(BadRequest, match=r"(?i)message_id_invalid"):
        await bot.edit_message_text("x", inline_message_id="IM0")


async def test_with_inline_mode_off_nobody_is_asked(box: Box, bot: Bot) -> None:
    box.world.chats.bot.supports_inline = False
    asked(box)
    assert await bot.get_updates() == ()
    assert (await bot.get_me()).supports_inline_queries is False


@pytest.mark.parametrize("is_personal", [True, False])
async def test_what_is_not_personal_is_shown_to_others_unasked(box: Box, bot: Bot, is_personal: bool) -> None:
    await bot.answer_inline_query(asked(box).id, [article()], is_personal=is_personal, cache_time=60)
    other = box.world.chats.add_private(box.world.add_user("Eve"))
    leaked = box.world.chats.inline.ask(other.id, other.id, "ferry")
    assert leaked.is_cached is not is_personal
    box.clock.advance(61)
    assert not asked(box).is_cached


async def test_a_query_is_answered_once_and_soon(box: Box, bot: Bot) -> None:
    query, late = asked(box), asked(box, "bridge")
    await bot.answer_inline_query(query.id, [])
    box.clock.advance(16)
    for stale in (query, late):
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await bot.answer_inline_query(stale.id, [])


@pytest.mark.parametrize(
    ("results", "more", "reason"),
    [
        ([article(number) for number in range(51)], {}, "results_too_much"),
        ([article("ж" * 33)], {}, "result_id_invalid"),
        ([article(""), article(2)], {}, "result_id_invalid"),
        ([article(1), article(1)], {}, "result_id_duplicate"),
        ([article(text=" ")], {}, "message text is empty"),
        ([article(text="x" * 4097)], {}, "message is too long"),
        ([article()], {"next_offset": "я" * 33}, "next_offset_invalid"),
        ([article()], {"cache_time": -1}, "cache_time_invalid"),
        ([article()], {"button": InlineQueryResultsButton("more", start_parameter="a b")}, "start_param_invalid"),
    ],
)
async def test_answers_telegram_would_not_take_are_refused(
    box: Box, results: list[InlineQueryResultArticle], more: dict[str, Any], reason: str
) -> None:
    query = asked(box)
    data = {name: value.to_dict() if isinstance(value, TelegramObject) else value for name, value in more.items()}
    data |= {"inline_query_id": query.id, "results": [result.to_dict() for result in results]}
    url = f"{box.server.base_url}/bot{box.server.token}/answerInlineQuery"  # the library cuts lists to 50 by itself
    async with aiohttp.request("POST", url, json=data) as answer:
        description = (await answer.json())["description"]
    assert reason in description.lower()
    assert query.answer is None


async def test_fifty_results_and_a_button_are_taken(box: Box, bot: Bot) -> None:
    query = asked(box)
    start = InlineQueryResultsButton("subscribe", start_parameter="watch_ferry")
    await bot.answer_inline_query(query.id, [article(n) for n in range(50)], button=start, next_offset="50")
    assert query.answer is not None
    assert (len(query.answer.results), query.answer.next_offset) == (50, "50")
    assert query.answer.button == {"text": "subscribe", "start_parameter": "watch_ferry"}


async def test_a_photo_that_was_uploaded_can_be_a_result(box: Box, bot: Bot) -> None:
    photo = await bot.send_photo(box.chat.id, PNG)
    query = asked(box)
    result = InlineQueryResultCachedPhoto("1", photo.photo[-1].file_id, caption="a chart")
    await bot.answer_inline_query(query.id, [result])
    sent = box.world.chats.choose(box.user.id, box.chat.id, query.id, "1")
    assert sent.media is not None
    assert sent.text == "a chart"


async def test_what_was_not_shown_cannot_be_chosen(box: Box, bot: Bot) -> None:
    query = asked(box)
    with pytest.raises(NoSuchResult):
        box.world.chats.choose(box.user.id, box.chat.id, query.id, "1")
