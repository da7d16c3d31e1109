"""Buttons and messages before they are sent."""

from __future__ import annotations

import pytest

from bot.message import Button, Message, UnusableButton
from bot.rich_text import bold, plain


@pytest.mark.parametrize("data", ["", "x" * 65, "ї" * 33])
def test_data_that_telegram_would_refuse_is_refused_here(data: str) -> None:
    with pytest.raises(UnusableButton):
        Button("label", data=data)


def test_a_button_either_comes_back_or_opens() -> None:
    with pytest.raises(UnusableButton):
        Button("label")
    with pytest.raises(UnusableButton):
        Button("label", data="x", url="https://t.me/news")


def test_a_label_of_any_kind_becomes_one_that_can_be_shown() -> None:
    assert Button("a\n\x00b" + "c" * 100, data="x").to_telegram().text == "a b" + "c" * 36 + "…"
    assert Button("\u202e", data="x").to_telegram().text == "…"


def test_a_message_without_a_link_of_ours_shows_no_preview() -> None:
    assert Message(plain("https://example.org")).preview().is_disabled
    assert Message(plain("x"), preview_url="javascript:x").preview().is_disabled


def test_the_plain_form_keeps_the_words_and_the_buttons() -> None:
    message = Message(bold("word"), ((Button("ok", data="x"),),)).plain()
    assert message.text.entities() == []
    assert message.keyboard() is not None
