"""A message of the bot before it is sent: text, buttons, and which link may show a preview."""

from __future__ import annotations

from dataclasses import dataclass, replace

from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions

from bot.rich_text import MESSAGE_UNITS, RichText, is_web_link, one_line

CALLBACK_BYTES = 64
"""The longest callback_data, in bytes (Bot API documentation); python-telegram-bot does not check it."""

SIGNATURE_CHARACTERS = 14
"""80 bits as base64 without its padding: what `bot.callback_data` puts before a button's data."""

DATA_BYTES = CALLBACK_BYTES - SIGNATURE_CHARACTERS
"""What is left for the data."""

BUTTON_CHARACTERS = 40
"""What a phone shows of a button that has its row for itself."""


class UnusableButton(ValueError):
    """A button that Telegram would refuse: a programming error, found before Telegram finds it."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: it either comes back to us as `data`, or opens `url`."""

    label: str
    data: str | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if self.data is not None and not 1 <= len(self.data.encode()) <= DATA_BYTES:
            raise UnusableButton(
                f"Button data of {len(self.data.encode())} bytes; there is room for 1 to {DATA_BYTES}."
            )
        if (self.data is None) == (self.url is None):
            raise UnusableButton("A button has either data or an address.")

    def to_telegram(self) -> InlineKeyboardButton:
        """The library's button, its label shortened to what can be read."""
        label = RichText(one_line(self.label)).truncated(BUTTON_CHARACTERS).text or "…"
        return InlineKeyboardButton(label, callback_data=self.data, url=self.url)


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said in a chat. `preview_url` is the one link whose preview is shown; by default none is."""

    text: RichText
    buttons: tuple[tuple[Button, ...], ...] = ()
    preview_url: str | None = None
    asks: str | None = None
    """The hint in the input line when an answer to this very message is wanted."""

    def shortened(self) -> Message:
        """The same, within Telegram's length."""
        return replace(self, text=self.text.stripped().truncated(MESSAGE_UNITS))

    def plain(self) -> Message:
        """The same without any formatting: the last try when Telegram cannot read the formatting."""
        return replace(self, text=RichText(self.text.text))

    def keyboard(self) -> InlineKeyboardMarkup | None:
        """The buttons as the library takes them."""
        rows = [[button.to_telegram() for button in row] for row in self.buttons if row]
        return InlineKeyboardMarkup(rows) if rows else None

    def markup(self) -> InlineKeyboardMarkup | ForceReply | None:
        """The buttons, or the wish for an answer."""
        if self.asks is not None:
            return ForceReply(selective=True, input_field_placeholder=self.asks[:64] or None)
        return self.keyboard()

    def preview(self) -> LinkPreviewOptions:
        """Only our own link may show a preview: never one of those inside a post's text."""
        if self.preview_url is None or not is_web_link(self.preview_url):
            return LinkPreviewOptions(is_disabled=True)
        return LinkPreviewOptions(url=self.preview_url, prefer_small_media=True)
