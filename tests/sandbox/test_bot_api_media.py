"""Photos as they must be, media that is exchanged, previews of links, and the versions of a message."""

from __future__ import annotations

import pytest
from telegram import Bot, InputMediaPhoto, LinkPreviewOptions
from telegram.error import BadRequest

from sandbox.bot_api.pictures import PHOTO_BYTES, checked_photo
from tests.sandbox.bot_api_fixtures import PNG, Box, button

JPEG = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x0b\x08\x00\x64\x00\xc8\x01\x01\x11\x00"


def png(width: int, height: int) -> bytes:
    return PNG[:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big")


def test_pictures_are_measured() -> None:
    assert checked_photo(PNG) == (640, 320, "image/png")
    assert checked_photo(JPEG) == (200, 100, "image/jpeg")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GIF89a", "image_process_failed"),
        (PNG[:10], "image_process_failed"),
        (JPEG[:8], "image_process_failed"),
        (png(9000, 1001), "photo_invalid_dimensions"),
        (png(2100, 100), "photo_invalid_dimensions"),
        (png(0, 10), "photo_invalid_dimensions"),
        (PNG + bytes(PHOTO_BYTES), "too big"),
    ],
)
async def test_what_is_no_photo_is_refused(box: Box, bot: Bot, content: bytes, reason: str) -> None:
    with pytest.raises(BadRequest, match=rf"(?i){reason}"):
        await bot.send_photo(box.chat.id, content)


async def test_a_photo_is_exchanged_for_another_with_its_caption(box: Box, bot: Bot) -> None:
    sent = await bot.send_photo(box.chat.id, PNG, caption="one week", reply_markup=button())
    await bot.edit_message_media(InputMediaPhoto(png(320, 200), caption="one month"), box.chat.id, sent.message_id)
    [message] = box.world.chats.history(box.chat.id)
    assert message.media is not None
    assert (message.media.width, message.text, message.reply_markup) == (320, "one month", None)
    same = InputMediaPhoto(message.media.file_id, caption="one month")
    with pytest.raises(BadRequest, match=r"(?i)not modified"):
        await bot.edit_message_media(same, box.chat.id, sent.message_id)


async def test_a_text_can_become_a_photo(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "drawing…")
    edited = await bot.edit_message_media(InputMediaPhoto(PNG), box.chat.id, sent.message_id)
    assert not isinstance(edited, bool)
    assert edited.photo[-1].width == 640


async def test_every_version_of_a_message_is_kept(box: Box, bot: Bot) -> None:
    sent = await bot.send_message(box.chat.id, "one", reply_markup=button())
    await bot.edit_message_reply_markup(box.chat.id, sent.message_id)
    assert not box.world.chats.history(box.chat.id)[0].is_content_changed
    await bot.edit_message_text("two", box.chat.id, sent.message_id)
    versions = box.world.chats.versions(box.chat.id, sent.message_id)
    assert [(entry.method, entry.text) for entry in versions] == [
        ("sendMessage", "one"),
        ("editMessageReplyMarkup", "one"),
        ("editMessageText", "two"),
    ]
    assert box.world.chats.history(box.chat.id)[0].is_content_changed


async def test_preview_options_are_kept_and_checked(box: Box, bot: Bot) -> None:
    options = LinkPreviewOptions(url="https://t.me/a/1", prefer_large_media=True, show_above_text=True)
    sent = await bot.send_message(box.chat.id, "x", link_preview_options=options)
    assert sent.link_preview_options == options
    both = LinkPreviewOptions(prefer_large_media=True, prefer_small_media=True)
    with pytest.raises(BadRequest, match=r"(?i)both small and large"):
        await bot.send_message(box.chat.id, "x", link_preview_options=both)
