"""Edits, deletions and answers to pressed buttons, through the real library."""

from __future__ import annotations

import pytest
from telegram import Bot
from telegram.error import BadRequest

from sandbox.chat_records import CallbackAnswer, CallbackQuery, ChatEvent
from sandbox.chats import NoSuchButton
from tests.sandbox.bot_api_fixtures import PNG, Box, button


async def pressed(box: Box, bot: Bot) -> CallbackQuery:
    sent = await bot.send_message(box.chat.id, "pick", reply_markup=button())
    return box.world.chats.press(box.user.id, box.chat.id, sent.message_id, "ok")


async def test_an_edit_changes_the_message_in_place(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "before", reply_markup=button())
    box.clock.advance(60)
    edited = await bot.edit_message_text("<b>after</b>", box.chat.id, sent.message_id, parse_mode="HTML")
    [message] = box.world.chats.history(box.chat.id)
    assert (message.text, message.reply_markup) == ("after", None)
    assert message.edited_at == box.clock.now()
    assert not isinstance(edited, bool)
    assert edited.edit_date == box.clock.now()
    assert [entry.text for entry in box.world.chats.edits] == ["after"]
    assert len(box.world.chats.accepted) == 1


async def test_an_edit_to_the_same_is_refused(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "same", reply_markup=button())
    with pytest.raises(BadRequest, match=r"(?i)message is not modified"):
        await bot.edit_message_text("same", box.chat.id, sent.message_id, reply_markup=button())


async def test_only_the_buttons_can_be_changed(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "pick", reply_markup=button())
    await bot.edit_message_reply_markup(box.chat.id, sent.message_id, reply_markup=button("other", "other"))
    [message] = box.world.chats.history(box.chat.id)
    assert [found["text"] for found in message.buttons] == ["other"]


async def test_a_caption_is_edited_as_a_caption_and_a_text_as_a_text(box: Box, bot: Bot) -> None:
    photo = await bot.send_photo(box.chat.id, PNG, caption="one")
    await bot.edit_message_caption(box.chat.id, photo.message_id, caption="two")
    assert box.world.chats.history(box.chat.id)[0].text == "two"
    with pytest.raises(BadRequest, match=r"(?i)no text in the message to edit"):
        await bot.edit_message_text("three", box.chat.id, photo.message_id)


async def test_what_is_not_there_cannot_be_edited_or_deleted(box: Box, bot: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
        await bot.edit_message_text("x", box.chat.id, 7)
    with pytest.raises(BadRequest, match=r"(?i)message to delete not found"):
        await bot.delete_message(box.chat.id, 7)


async def test_a_persons_message_cannot_be_edited(box: Box, bot: Bot) -> None:
    said = box.world.chats.say(box.user.id, box.chat.id, "mine")
    with pytest.raises(BadRequest, match=r"(?i)message can't be edited"):
        await bot.edit_message_text("x", box.chat.id, said.message_id)


async def test_a_deleted_message_is_gone(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "x")
    assert await bot.delete_message(box.chat.id, sent.message_id)
    assert box.world.chats.history(box.chat.id) == []
    with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
        await bot.edit_message_text("y", box.chat.id, sent.message_id)


async def test_after_48_hours_a_message_stays(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "x")
    box.clock.advance(49 * 3600)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(box.chat.id, sent.message_id)


async def test_an_answer_reaches_the_person_who_pressed(box: Box, bot: Bot) -> None:
    query = await pressed(box, bot)
    events: list[ChatEvent] = []
    box.world.chats.subscribe(events.append)
    await bot.answer_callback_query(query.id, "done", show_alert=True)
    expected = CallbackAnswer(query.id, box.user.id, box.chat.id, "done", show_alert=True)
    assert box.world.chats.answers == [expected]
    assert [(event.kind, event.answer) for event in events] == [("answered", expected)]


async def test_an_answer_comes_once_and_in_time(box: Box, bot: Bot) -> None:
    first, second = await pressed(box, bot), await pressed(box, bot)
    await bot.answer_callback_query(first.id)
    box.clock.advance(61)
    for query_id in (first.id, second.id, "777"):
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await bot.answer_callback_query(query_id)


async def test_an_answer_of_201_units_is_refused(box: Box, bot: Bot) -> None:
    query = await pressed(box, bot)
    with pytest.raises(BadRequest, match=r"(?i)message_too_long"):
        await bot.answer_callback_query(query.id, "\U0001f600" * 100 + "x")
    await bot.answer_callback_query(query.id, "\U0001f600" * 100)


async def test_a_button_that_is_not_there_cannot_be_pressed(box: Box, bot: Bot) -> None:
    query = await pressed(box, bot)
    await bot.edit_message_text("gone", box.chat.id, query.message.message_id)
    with pytest.raises(NoSuchButton):
        box.world.chats.press(box.user.id, box.chat.id, query.message.message_id, "ok")
