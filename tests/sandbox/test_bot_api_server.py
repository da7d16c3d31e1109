"""The server's door: how requests may come, and how they go wrong when a test says so."""

from __future__ import annotations

import aiohttp
import pytest
from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import (
    BadRequest,
    EndPointNotFound,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from sandbox.bot_api import BadGateway, Delay, DropAfter, DropBefore, Flood, Garbage, Refusal
from sandbox.bot_api.errors import NotInTheBox
from sandbox.world import World
from tests.sandbox.bot_api_fixtures import Box, bot_at, serving, unstarted_bot


async def test_a_wrong_token_is_refused(box: Box) -> None:
    bot = unstarted_bot(box.server, "9:other")
    with pytest.raises(InvalidToken):
        await bot.initialize()
    await bot.shutdown()


async def test_a_method_that_does_not_exist_fails_the_test_that_called_it(box: Box, bot: Bot) -> None:
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("noSuchMethod")
    with pytest.raises(ExceptionGroup) as failures:
        box.world.raise_failures()
    assert failures.group_contains(NotInTheBox, match="method not in the box: noSuchMethod")


async def test_a_test_may_ask_for_unknown_methods(world: World) -> None:
    async with serving(world, unknown_methods_fail=False) as server, bot_at(server) as bot:
        with pytest.raises(EndPointNotFound):
            await bot.do_api_request("noSuchMethod")


async def test_a_handler_that_breaks_fails_the_test_that_called_it(box: Box, bot: Bot) -> None:
    with pytest.raises(NetworkError, match="Internal Server Error"):
        await bot.send_message(box.chat.id, "*x*", parse_mode="MarkdownV2")
    with pytest.raises(ExceptionGroup):
        box.world.raise_failures()


@pytest.mark.parametrize("how", ["query", "form", "json", "multipart"])
async def test_parameters_may_come_in_any_way(box: Box, how: str) -> None:
    values = {"chat_id": str(box.chat.id), "text": "x", "entities": '[{"type":"bold","offset":0,"length":1}]'}
    form = aiohttp.FormData(values, default_to_multipart=True)
    bodies = {"query": {"params": values}, "form": {"data": values}, "json": {"json": values}}
    async with aiohttp.ClientSession(box.server.base_url) as http:
        path = f"/bot{box.server.token}/SENDmessage"
        verb = "GET" if how == "query" else "POST"
        async with http.request(verb, path, **bodies.get(how, {"data": form})) as answer:
            body = await answer.json()
    assert body["result"]["entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    assert box.server.calls["sendMessage"] == 1


async def test_an_error_has_the_envelope_and_the_status(box: Box) -> None:
    async with aiohttp.ClientSession(box.server.base_url) as http:
        path = f"/bot{box.server.token}/sendMessage"
        async with http.post(path, json={"chat_id": box.chat.id, "text": ""}) as answer:
            assert answer.status == 400
            assert await answer.json() == {
                "ok": False,
                "error_code": 400,
                "description": "Bad Request: message text is empty",
            }


async def test_json_that_does_not_parse_is_refused(box: Box) -> None:
    async with aiohttp.ClientSession(box.server.base_url) as http:
        path = f"/bot{box.server.token}/sendMessage"
        values = {"chat_id": str(box.chat.id), "text": "x", "reply_markup": "{oops"}
        async with http.post(path, data=values) as answer:
            assert "can't parse reply_markup JSON object" in (await answer.json())["description"]


async def test_a_flood_is_a_ban_that_a_bot_must_keep(box: Box, bot: Bot) -> None:
    box.world.faults.add("bot_api", "sendMessage", Flood(7))
    with pytest.raises(RetryAfter) as refusal:
        await bot.send_message(box.chat.id, "x")
    assert refusal.value._retry_after.total_seconds() == 7
    box.clock.advance(1)
    with pytest.raises(RetryAfter):
        await bot.send_message(box.chat.id, "x")
    assert box.world.chats.inside_bans == 1


@pytest.mark.parametrize(
    ("fault", "error", "accepted"),
    [
        (Refusal(429, "Too Many Requests"), NetworkError, 0),
        (Refusal(401, "Unauthorized"), InvalidToken, 0),
        (Refusal(400, "Bad Request: whatever"), BadRequest, 0),
        (DropBefore(), NetworkError, 0),
        (DropAfter(), NetworkError, 1),
        (BadGateway(), NetworkError, 0),
        (BadGateway(accepted=True), NetworkError, 1),
        (Garbage(), TelegramError, 1),
        (Garbage(accepted=False), TelegramError, 0),
    ],
)
async def test_a_scripted_fault_meets_one_call(
    box: Box, bot: Bot, fault: object, error: type[TelegramError], accepted: int
) -> None:
    box.world.faults.add("bot_api", "sendmessage", fault)
    with pytest.raises(error):
        await bot.send_message(box.chat.id, "x")
    assert len(box.world.chats.accepted) == accepted
    await bot.send_message(box.chat.id, "again")
    assert len(box.world.chats.accepted) == accepted + 1


async def test_a_message_may_be_accepted_after_its_sender_gave_up(box: Box, bot: Bot) -> None:
    box.world.faults.add("bot_api", "sendMessage", Delay(0.3))
    with pytest.raises(TimedOut):
        await bot.send_message(box.chat.id, "x", read_timeout=0.05)
    await box.server.stop()
    assert len(box.world.chats.accepted) == 1


async def test_what_is_no_fault_of_this_server_fails_the_test(box: Box, bot: Bot) -> None:
    box.world.faults.add("bot_api", "sendMessage", "drop")
    with pytest.raises(NetworkError):
        await bot.send_message(box.chat.id, "x")
    with pytest.raises(ExceptionGroup) as failures:
        box.world.raise_failures()
    assert failures.group_contains(TypeError)


async def test_the_bot_is_who_the_server_says(box: Box, bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot) == (42, "channelwatch_demo_bot", True)


async def test_commands_are_kept_by_scope_and_language(box: Box, bot: Bot) -> None:
    await bot.set_my_commands([("start", "begin")])
    await bot.set_my_commands([("start", "почати")], language_code="uk")
    await bot.set_my_commands([("stop", "end")], scope=BotCommandScopeChat(box.chat.id))
    assert await bot.get_my_commands() == (BotCommand("start", "begin"),)
    assert (await bot.get_my_commands(language_code="uk"))[0].description == "почати"
    profile = box.world.chats.bot
    assert profile.commands_for(box.chat, "uk")[0]["command"] == "stop"
    await bot.delete_my_commands(BotCommandScopeChat(box.chat.id))
    assert profile.commands_for(box.chat, "uk")[0]["description"] == "почати"


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ([("Start", "x")], "bot_command_invalid"),
        ([("x" * 33, "x")], "bot_command_invalid"),
        ([("start", "")], "bot_command_description_invalid"),
        ([("start", "x" * 257)], "bot_command_description_invalid"),
        ([(f"c{number}", "x") for number in range(101)], "bot_commands_too_much"),
    ],
)
async def test_commands_telegram_would_not_take_are_refused(
    box: Box, bot: Bot, commands: list[tuple[str, str]], reason: str
) -> None:
    with pytest.raises(BadRequest, match=rf"(?i){reason}"):
        await bot.set_my_commands(commands, scope=BotCommandScopeDefault())


async def test_a_language_code_has_two_letters(box: Box, bot: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)invalid language code"):
        await bot.set_my_commands([("start", "x")], language_code="ukr")


async def test_descriptions_are_kept_and_limited(box: Box, bot: Bot) -> None:
    await bot.set_my_description("Watches channels.")
    await bot.set_my_short_description("Watches.", language_code="uk")
    assert (await bot.get_my_description()).description == "Watches channels."
    assert (await bot.get_my_short_description("uk")).short_description == "Watches."
    with pytest.raises(BadRequest, match=r"(?i)description is too long"):
        await bot.set_my_description("x" * 513)


async def test_a_chat_and_its_people_can_be_asked_for(box: Box, bot: Bot) -> None:
    other = box.world.add_user("Ivan")
    group = box.world.chats.add_group("Newsroom", [box.user, other])
    stranger = box.world.chats.add_private(box.world.add_user("Eve"))
    assert (await bot.get_chat(group.id)).title == "Newsroom"
    statuses = [
        (await bot.get_chat_member(group.id, user_id)).status for user_id in (box.user.id, other.id, stranger.id, 42)
    ]
    assert statuses == ["creator", "member", "left", "member"]
    assert [member.user.id for member in await bot.get_chat_administrators(group.id)] == [box.user.id]
