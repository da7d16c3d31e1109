"""Long polling, by the library's Application and by hand."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from telegram import Bot, Update
from telegram.error import Conflict, TelegramError
from telegram.ext import CallbackQueryHandler, CommandHandler, ContextTypes

from tests.sandbox.bot_api_fixtures import PNG, Box, application, bot_at, button, polling, until


async def test_a_conversation_goes_the_whole_way(box: Box) -> None:
    chats = box.world.chats

    async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_text("<b>pick</b> \U0001f600", parse_mode="HTML", reply_markup=button())

    async def picked(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("done")
        await update.callback_query.edit_message_text("edited")
        await context.bot.send_photo(box.chat.id, PNG, caption="cap")

    app = application(box.server)
    app.add_handlers([CommandHandler("start", start), CallbackQueryHandler(picked)])
    async with polling(app):
        chats.say(box.user.id, box.chat.id, "/start")
        await until(lambda: chats.accepted)
        chats.press(box.user.id, box.chat.id, chats.accepted[0].message_id, "ok")
        await until(lambda: len(chats.accepted) == 2)
    assert [message.text for message in chats.history(box.chat.id)] == ["/start", "edited", "cap"]
    assert [answer.text for answer in chats.answers] == ["done"]
    assert [update.update_id for update in chats.updates.confirmed] == [1, 2]


async def test_a_poll_waits_for_what_is_said(box: Box, bot: Bot) -> None:
    polled = asyncio.create_task(bot.get_updates(timeout=20))
    await until(lambda: box.server.calls["getUpdates"])
    box.world.chats.say(box.user.id, box.chat.id, "hello @channelwatch_demo_bot")
    [update] = await polled
    assert update.message is not None
    assert update.message.text == "hello @channelwatch_demo_bot"
    assert update.effective_user is not None
    assert update.effective_user.language_code == "uk"


async def test_an_offset_confirms_what_lies_before_it_for_ever(box: Box, bot: Bot) -> None:
    for text in "abc":
        box.world.chats.say(box.user.id, box.chat.id, text)
    assert [update.update_id for update in await bot.get_updates(limit=2)] == [1, 2]
    assert [update.update_id for update in await bot.get_updates(offset=3)] == [3]
    assert [update.update_id for update in await bot.get_updates(offset=0)] == [3]
    assert [update.update_id for update in box.world.chats.updates.confirmed] == [1, 2]


async def test_a_negative_offset_forgets_all_but_the_last(box: Box, bot: Bot) -> None:
    for text in "abc":
        box.world.chats.say(box.user.id, box.chat.id, text)
    assert [update.update_id for update in await bot.get_updates(offset=-1)] == [3]
    assert [update.update_id for update in await bot.get_updates()] == [3]


async def test_more_than_100_updates_come_in_batches(box: Box, bot: Bot) -> None:
    for number in range(101):
        box.world.chats.say(box.user.id, box.chat.id, str(number))
    assert len(await bot.get_updates(limit=100)) == 100
    assert len(await bot.get_updates(offset=101)) == 1


async def test_a_second_poller_ends_the_first_with_a_conflict(box: Box, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=20))
    await until(lambda: box.server.calls["getUpdates"])
    async with bot_at(box.server) as other:
        second = asyncio.create_task(other.get_updates(timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await first
        box.world.chats.say(box.user.id, box.chat.id, "x")
        assert len(await second) == 1


async def test_the_application_hears_of_a_second_poller(box: Box) -> None:
    errors: list[TelegramError] = []
    app = application(box.server)
    async with app, bot_at(box.server) as other:
        assert app.updater is not None
        await app.updater.start_polling(timeout=20, error_callback=errors.append)
        await until(lambda: box.server.calls["getUpdates"])
        await other.get_updates(timeout=0)
        await until(lambda: errors)
        await app.updater.stop()
    assert isinstance(errors[0], Conflict)


async def test_polling_is_refused_while_a_webhook_is_set(box: Box, bot: Bot) -> None:
    await bot.set_webhook("https://example.org/hook")
    assert (await bot.get_webhook_info()).url == "https://example.org/hook"
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_pending_updates_can_be_dropped(box: Box, bot: Bot) -> None:
    box.world.chats.say(box.user.id, box.chat.id, "x")
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


async def test_kinds_that_are_not_allowed_never_come(box: Box, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["message"])
    box.world.chats.block(box.user.id)
    box.world.chats.unblock(box.user.id)
    box.world.chats.say(box.user.id, box.chat.id, "x")
    [update] = await bot.get_updates()
    assert update.message is not None


async def test_blocking_and_unblocking_are_updates(box: Box, bot: Bot) -> None:
    box.world.chats.block(box.user.id)
    box.world.chats.unblock(box.user.id)
    changes = [update.my_chat_member for update in await bot.get_updates()]
    assert [change and change.new_chat_member.status for change in changes] == ["kicked", "member"]


async def test_a_command_is_marked_as_one(box: Box, bot: Bot) -> None:
    box.world.chats.say(box.user.id, box.chat.id, "\U0001f600 /list@channelwatch_demo_bot a/b")
    [update] = await bot.get_updates()
    assert update.message is not None
    assert list(update.message.parse_entities().values()) == ["/list@channelwatch_demo_bot"]


async def test_in_a_group_the_bot_hears_commands_and_replies_only(box: Box, bot: Bot) -> None:
    chats = box.world.chats
    group = chats.add_group("Newsroom", [box.user])
    sent = await bot.send_message(group.id, "hello")
    for text in ("just talking", "/list", "/list@other_bot"):
        chats.say(box.user.id, group.id, text)
    chats.say(box.user.id, group.id, "an answer", reply_to=sent.message_id)
    heard = [update.effective_message for update in await bot.get_updates()]
    assert [message and message.text for message in heard] == ["/list", "an answer"]


async def test_a_poison_update_is_handed_on_as_it_is(box: Box) -> None:
    box.world.chats.updates.push("raw", {"message": {"message_id": "no number"}})
    url = f"{box.server.base_url}/bot{box.server.token}/getUpdates"
    async with aiohttp.request("GET", url) as answer:
        body = await answer.json()
    assert body["result"] == [{"update_id": 1, "message": {"message_id": "no number"}}]


async def test_a_stopped_server_lets_its_poll_go_and_starts_again(box: Box, bot: Bot) -> None:
    polled = asyncio.create_task(bot.get_updates(timeout=50))
    await until(lambda: box.server.calls["getUpdates"])
    port = int(box.server.base_url.rpartition(":")[2])
    await box.server.stop()
    assert await polled == ()
    await box.server.start(port)
    assert (await bot.get_me()).id == 42
