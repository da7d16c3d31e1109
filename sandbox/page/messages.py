"""The messages of a chat as HTML: who wrote, what it says and shows, and its buttons. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sandbox.chat_records import ChatMessage
from sandbox.chat_records import Markup as ReplyMarkup
from sandbox.page.markup import Markup, element, safe
from sandbox.page.text import act, first_link, formatted, link, post_at
from sandbox.page.visitors import View

if TYPE_CHECKING:
    from sandbox.world import World

SHOWN = 400
"""So many messages and posts a page shows when it opens; a long demo stays light."""
_EXCERPT = 120
_CARD = 200
_COLOURS = 8
"""Colours of names in style.css."""


def messages(world: World, view: View) -> Markup:
    """All messages of the view, each day under its name; the welcome before anything is said."""
    shown = [message for message in world.chats.history(view.chat.id) if view.shows(message)][-SHOWN:]
    if not shown:
        return _welcome(world, view)
    parts: list[Markup] = []
    day = None
    for message in shown:
        if message.sent_at.date() != day:
            day = message.sent_at.date()
            parts.append(day_mark(message.sent_at))
        parts.append(message_html(world, view, message))
    return safe(parts)


def day_mark(at: dt.datetime) -> Markup:
    """The line above a day's first message; the browser names the day in its own language."""
    name = element("time", f"{at:%d.%m.%Y}", datetime=at.isoformat(), data_shows="day")
    return element("div", name, class_="day", id=f"day-{at:%Y-%m-%d}")


def clock_time(at: dt.datetime) -> Markup:
    """A time of day; the browser turns it into its own zone."""
    return element("time", f"{at:%H:%M}", datetime=at.isoformat())


def message_html(world: World, view: View, message: ChatMessage) -> Markup:
    """One message with its buttons."""
    if message.topic_made is not None:
        return element("p", f"{author(world, message)} made the topic “{message.topic_made}”", class_="service",
                       id=f"m{message.message_id}")  # fmt: skip
    own = not message.from_bot and message.sender_id == view.user.id
    markup = message.reply_markup or {}
    ask = str(markup.get("input_field_placeholder") or "Answer") if markup.get("force_reply") else None
    return element(
        "article",
        _bubble(world, view, message, own=own),
        _rows(world, message, markup),
        class_="message own" if own else "message",
        id=f"m{message.message_id}",
        aria_label="You" if own else author(world, message),
        data_id=message.message_id,
        data_ask=ask,
    )


def author(world: World, message: ChatMessage) -> str:
    """Whose message it is, as a chat shows it."""
    chat = world.chats.chat(message.chat_id)
    if chat.kind == "channel" or message.is_anonymous:
        return chat.title or "Channel"
    return world.chats.bot.first_name if message.from_bot else world.chats.people[message.sender_id].first_name


def keyboard(world: World, view: View) -> Markup:
    """The bot's reply keyboard, if the newest word about it was to show one."""
    for message in reversed(world.chats.history(view.chat.id)):
        markup = message.reply_markup or {}
        if message.from_bot and ("keyboard" in markup or "remove_keyboard" in markup):
            rows = [[_words(button) for button in row] for row in markup.get("keyboard", [])]
            return safe(element("div", [act("/say", "text", text, text) for text in row], class_="row") for row in rows)
    return Markup()


def _words(button: object) -> str:
    return str(button.get("text", "")) if isinstance(button, dict) else str(button)


def _bubble(world: World, view: View, message: ChatMessage, *, own: bool) -> Markup:
    head = []
    if view.chat.kind != "private" and not own:
        colour = f"name name{message.sender_id % _COLOURS}"
        head.append(element("div", author(world, message), class_=colour))
    if message.via_bot:
        head.append(element("div", f"via @{world.chats.bot.username}", class_="via"))
    answered = world.chats.message(message.chat_id, message.reply_to or 0)
    if answered:
        words = answered.text[:_EXCERPT] or answered.topic_made or "a picture"
        head.append(element("a", words, class_="quote", href=f"#m{answered.message_id}"))
    text = formatted(world, message.text, message.entities) if message.text else None
    card = _card(world, message)
    above = (message.link_preview or {}).get("show_above_text")
    edited = element("span", "edited") if message.is_content_changed else None
    answer = element("button", "↩", type="button", class_="answer", aria_label="Reply", title="Reply",
                     data_reply=message.message_id)  # fmt: skip
    foot = element("div", answer, edited, clock_time(message.sent_at), class_="foot")
    body = [card, text] if above else [text, card]
    return element("div", head, _media(message), body, foot, class_="bubble")


def _media(message: ChatMessage) -> Markup | None:
    media = message.media
    if media is None:
        return None
    address = f"/file/{media.file_id}"
    if media.kind == "photo":
        return element("img", class_="photo", src=address, alt=message.text[:_EXCERPT] or "A picture",
                       width=media.width, height=media.height)  # fmt: skip
    return element("a", f"📄 {media.file_name}", class_="file", href=address, download=media.file_name)


def _card(world: World, message: ChatMessage) -> Markup | None:
    """The preview of a link to a post of the box; others are not fetched."""
    options = message.link_preview or {}
    if message.media or options.get("is_disabled"):
        return None
    address = options.get("url") or first_link(message.text, message.entities)
    target = post_at(world, address) if address else None
    channel, post = target or (None, None)
    if channel is None or post is None:
        return None
    photo = next((media for media in post.media if media.kind == "photo"), None)
    shown = [
        element("b", channel.title),
        element("span", post.text[:_CARD] + ("…" if len(post.text) > _CARD else "")) if post.text else None,
        element("img", src=f"/media/{photo.id}", alt="The post's picture") if photo else None,
    ]
    return link(world, str(address), shown, class_="card")


def _rows(world: World, message: ChatMessage, markup: ReplyMarkup) -> Markup | None:
    rows = markup.get("inline_keyboard")
    if not rows:
        return None
    lines = [element("div", [_button(world, message, each) for each in row], class_="row") for row in rows]
    return element("div", lines, class_="rows")


def _button(world: World, message: ChatMessage, button: ReplyMarkup) -> Markup:
    text = button["text"]
    if "url" in button:
        return link(world, button["url"], text, class_="button", outside=" ↗")
    if "callback_data" in button:
        return act("/press", "button", f"{message.message_id} {button['callback_data']}", text)
    for kind in ("switch_inline_query_current_chat", "switch_inline_query"):
        if kind in button:
            words = f"@{world.chats.bot.username} {button[kind]}"
            return element("button", text, type="button", data_insert=words)
    if "copy_text" in button:
        return element("button", text, type="button", data_copy=button["copy_text"].get("text", ""))
    return element("button", text, type="button", disabled=True, title="The demo knows no such button")


def _welcome(world: World, view: View) -> Markup:
    if view.chat.kind != "private":
        hint = f"Nothing has been said here yet. Type /start@{world.chats.bot.username} to call the bot."
        return element("p", hint, class_="service")
    bot, language = world.chats.bot, view.user.language_code[:2]
    words = bot.descriptions.get(language) or bot.descriptions.get("") or "Press Start, and it will tell you."
    return element(
        "div",
        element("h2", "What can this bot do?"),
        element("p", words, dir="auto"),
        act("/say", "text", "/start", "Start", class_="primary"),
        class_="welcome",
        id="welcome",
    )
