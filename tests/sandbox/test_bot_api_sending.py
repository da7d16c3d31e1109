"""What the real library sends and what the server makes of it."""

from __future__ import annotations

import io

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter

from sandbox.bot_api import Limits
from tests.sandbox.bot_api_fixtures import PNG, Box, bot_at, button, serving


async def test_a_message_with_entities_arrives_in_chat_and_ledger(box: Box, bot: Bot) -> None:
    entities = [MessageEntity("bold", 3, 6)]
    sent = await bot.send_message(box.chat.id, "\U0001f600 Привет", entities=entities, reply_markup=button())
    [accepted] = box.world.chats.accepted
    assert (accepted.method, accepted.message_id, accepted.text) == ("sendMessage", 1, "\U0001f600 Привет")
    assert accepted.entities == ({"type": "bold", "offset": 3, "length": 6},)
    assert accepted.at == box.clock.now()
    assert sent.parse_entities() == {MessageEntity("bold", 3, 6): "Привет"}
    assert box.world.chats.history(box.chat.id)[0].buttons[0]["callback_data"] == "ok"


async def test_html_comes_back_as_entities(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "<b>pick</b> &lt;one&gt;", parse_mode="HTML")
    assert sent.text == "pick <one>"
    assert [entity.type for entity in sent.entities] == ["bold"]


async def test_the_server_words_a_parse_error_as_telegram(box: Box, bot: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)can't find end tag corresponding to start tag"):
        await bot.send_message(box.chat.id, "<b>x", parse_mode="HTML")
    assert box.world.chats.accepted == []


async def test_message_ids_count_per_chat(box: Box, bot: Bot) -> None:
    group = box.world.chats.add_group("Newsroom", [box.user])
    first = await bot.send_message(box.chat.id, "a")
    second = await bot.send_message(group.id, "b")
    assert (first.message_id, second.message_id) == (1, 1)


async def test_a_photo_is_stored_and_can_be_downloaded(box: Box, bot: Bot) -> None:
    sent = await bot.send_photo(box.chat.id, io.BytesIO(PNG), caption="a chart")
    file = await bot.get_file(sent.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == PNG
    assert box.world.chats.history(box.chat.id)[0].text == "a chart"


async def test_a_known_file_is_sent_again_by_its_id(box: Box, bot: Bot) -> None:
    first = await bot.send_document(box.chat.id, io.BytesIO(b"1;2"), filename="posts.csv")
    assert first.document is not None
    again = await bot.send_document(box.chat.id, first.document.file_id)
    assert again.document is not None
    assert (again.document.file_id, again.document.file_name) == (first.document.file_id, "posts.csv")


async def test_a_file_nobody_uploaded_is_refused(box: Box, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Wrong file identifier"):
        await bot.send_photo(box.chat.id, "AgACAgIAAx")
    with pytest.raises(BadRequest, match="Invalid file_id"):
        await bot.get_file("AgACAgIAAx")


async def test_an_album_keeps_its_parts_together(box: Box, bot: Bot) -> None:
    media = [InputMediaPhoto(PNG, caption="<i>one</i>", parse_mode="HTML"), InputMediaPhoto(PNG)]
    sent = await bot.send_media_group(box.chat.id, media)
    assert sent[0].media_group_id == sent[1].media_group_id is not None
    assert sent[0].caption_entities[0].type == "italic"
    assert len(box.world.chats.accepted) == 2


async def test_an_album_of_one_is_refused(box: Box, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="album"):
        await bot.send_media_group(box.chat.id, [InputMediaPhoto(PNG)])


async def test_a_caption_too_long_is_refused(box: Box, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="caption is too long"):
        await bot.send_photo(box.chat.id, PNG, caption="y" * 1025)


@pytest.mark.parametrize("data", ["z" * 65, "ж" * 33])
async def test_callback_data_of_more_than_64_bytes_is_refused(box: Box, bot: Bot, data: str) -> None:
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await bot.send_message(box.chat.id, "x", reply_markup=button(data=data))


async def test_callback_data_of_64_bytes_is_accepted(box: Box, bot: Bot) -> None:
    await bot.send_message(box.chat.id, "x", reply_markup=button(data="ж" * 32))
    assert len(box.world.chats.accepted) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([InlineKeyboardButton("x")], "Text buttons are unallowed"),
        ([InlineKeyboardButton(" ", callback_data="x")], "text must be non-empty"),
        ([InlineKeyboardButton("x", url="example.org")], "Wrong HTTP URL"),
        ([InlineKeyboardButton("x", url="https://example.org", callback_data="x")], "exactly one action"),
        ([InlineKeyboardButton("x", callback_data="x")] * 9, "reply_markup_too_long"),
    ],
)
async def test_a_keyboard_no_client_could_show_is_refused(
    box: Box, bot: Bot, row: list[InlineKeyboardButton], reason: str
) -> None:
    with pytest.raises(BadRequest, match=rf"(?i){reason}"):
        await bot.send_message(box.chat.id, "x", reply_markup=InlineKeyboardMarkup([row]))


async def test_a_reply_keyboard_is_kept(box: Box, bot: Bot) -> None:
    await bot.send_message(box.chat.id, "x", reply_markup=ReplyKeyboardMarkup([["yes", "no"]]))
    [message] = box.world.chats.history(box.chat.id)
    assert message.reply_markup is not None
    assert message.reply_markup["keyboard"][0][0] == {"text": "yes"}


async def test_a_reply_names_the_message_it_answers(box: Box, bot: Bot) -> None:
    asked = box.world.chats.say(box.user.id, box.chat.id, "why?")
    sent = await bot.send_message(box.chat.id, "so", reply_parameters=ReplyParameters(asked.message_id))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "why?"


async def test_a_reply_to_nothing_is_refused_unless_it_may_stand_alone(box: Box, bot: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)message to be replied not found"):
        await bot.send_message(box.chat.id, "x", reply_parameters=ReplyParameters(9999))
    alone = ReplyParameters(9999, allow_sending_without_reply=True)
    assert (await bot.send_message(box.chat.id, "x", reply_parameters=alone)).reply_to_message is None


async def test_a_chat_that_does_not_exist_is_refused(box: Box, bot: Bot) -> None:
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(99, "x")


async def test_a_group_is_found_by_its_public_name(box: Box, bot: Bot) -> None:
    group = box.world.chats.add_group("Newsroom", [box.user], username="newsroom_demo")
    assert (await bot.send_message("@Newsroom_Demo", "x")).chat_id == group.id


async def test_a_person_who_blocked_the_bot_hears_nothing(box: Box, bot: Bot) -> None:
    box.world.chats.block(box.user.id)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(box.chat.id, "x")
    box.world.chats.unblock(box.user.id)
    await bot.send_message(box.chat.id, "x")


async def test_a_deleted_account_is_forbidden(box: Box, bot: Bot) -> None:
    box.world.chats.deactivate(box.user.id)
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(box.chat.id, "x")


async def test_a_bot_cannot_speak_first(box: Box, bot: Bot) -> None:
    stranger = box.world.chats.add_private(box.world.add_user("Ivan"), started=False)
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await bot.send_message(stranger.id, "x")
    box.world.chats.say(stranger.id, stranger.id, "/start")
    await bot.send_message(stranger.id, "x")


async def test_a_group_that_kicked_the_bot_is_forbidden(box: Box, bot: Bot) -> None:
    group = box.world.chats.add_group("Newsroom", [box.user])
    box.world.chats.kick(box.user.id, group.id)
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "x")


async def test_a_migrated_group_tells_its_new_id(box: Box, bot: Bot) -> None:
    group = box.world.chats.add_group("Newsroom", [box.user], kind="group")
    supergroup = box.world.chats.migrate(group.id)
    with pytest.raises(ChatMigrated) as refusal:
        await bot.send_message(group.id, "x")
    assert refusal.value.new_chat_id == supergroup.id
    assert (await bot.send_message(supergroup.id, "x")).chat.type == "supergroup"


async def test_the_fourth_message_at_once_meets_the_limit(box: Box) -> None:
    async with serving(box.world, Limits()) as server, bot_at(server) as bot:
        for number in range(3):
            await bot.send_message(box.chat.id, str(number))
        with pytest.raises(RetryAfter) as refusal:
            await bot.send_message(box.chat.id, "one too many")
    assert refusal.value._retry_after.total_seconds() == 1
    assert len(box.world.chats.accepted) == 3


async def test_sending_on_inside_a_ban_is_counted_and_punished(box: Box) -> None:
    async with serving(box.world, Limits(chat_burst=1)) as server, bot_at(server) as bot:
        await bot.send_message(box.chat.id, "x")
        waits = []
        for _ in range(3):
            with pytest.raises(RetryAfter) as refusal:
                await bot.send_message(box.chat.id, "x")
            waits.append(refusal.value._retry_after.total_seconds())
            box.clock.advance(0.6)
    assert waits == [1, 2, 4]
    assert box.world.chats.inside_bans == 2


async def test_a_chat_action_is_seen_but_is_no_message(box: Box, bot: Bot) -> None:
    seen: list[str | None] = []
    box.world.chats.subscribe(lambda event: seen.append(event.action))
    await bot.send_chat_action(box.chat.id, "typing")
    with pytest.raises(BadRequest, match=r"(?i)wrong parameter action"):
        await bot.send_chat_action(box.chat.id, "dancing")
    assert seen == ["typing"]
    assert box.world.chats.accepted == []
