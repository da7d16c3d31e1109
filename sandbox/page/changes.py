"""What an event of the world changes on one open page: as the data of server-sent events. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.channels import Channel, ChannelEvent
from sandbox.chat_records import ChatEvent, ChatMessage
from sandbox.page.frame import chat_name, chat_regions, profile_regions, regions
from sandbox.page.markup import Markup
from sandbox.page.messages import author, day_mark, message_html, messages
from sandbox.page.posts import album, anchor, card, is_shown
from sandbox.page.visitors import View, Visitors, is_inside

if TYPE_CHECKING:
    from sandbox.world import World

Change = tuple[str, dict[str, Any]]
"""The name of a server-sent event, and its data."""


def whole(visitors: Visitors, view: View) -> Change:
    """Everything anew: for a page that missed something."""
    return "patch", {"fill": regions(visitors, view)}


def of_chat(visitors: Visitors, view: View, event: ChatEvent) -> list[Change]:
    """What the event means for this view: a change of what is shown, or a word about another tab."""
    world = visitors.world
    if event.kind == "profile":
        return [("patch", {"fill": _profile(world, view)})]
    if event.message is not None and not view.shows(event.message):
        return _elsewhere(visitors, view, event)
    if event.chat_id != view.chat.id:
        return _tabs(visitors, view, event)
    if event.message is not None and event.kind == "deleted":
        return [("patch", {"gone": [f"m{event.message.message_id}"]})]
    if event.message is not None:
        return [("patch", _message(world, view, event.message))]
    if event.answer is not None and event.answer.user_id == view.user.id:
        answer = event.answer
        return [("answer", {"text": answer.text, "alert": answer.show_alert, "url": answer.url})]
    if event.action is not None and event.thread_id == view.thread_id:
        return [("typing", {"action": event.action})]
    return _tabs(visitors, view, event)


def of_channel(world: World, view: View, channel: Channel, event: ChannelEvent) -> list[Change]:
    """Posts that came, changed or went."""
    changes: list[Change] = []
    for message_id in event.message_ids:
        post = channel.posts.get(message_id)
        if post is None:
            changes.append(("patch", {"struck": [anchor(channel, message_id)]}))
        elif is_shown(post):
            shown = card(world, view, channel, album(channel, post)[0])
            changes.append(("patch", {"first": [["posts", shown]], "gone": ["none"]}))
    return changes


def _profile(world: World, view: View) -> dict[str, Markup]:
    """The bot changed its commands or its description, which the welcome shows."""
    shown = profile_regions(world, view)
    return shown if world.chats.history(view.chat.id) else shown | {"messages": messages(world, view)}


def _message(world: World, view: View, message: ChatMessage) -> dict[str, Any]:
    parts = [["messages", day_mark(message.sent_at)], ["messages", message_html(world, view, message)]]
    patch: dict[str, Any] = {"put": parts, "gone": ["welcome"]}
    markup = message.reply_markup or {}
    if "keyboard" in markup or "remove_keyboard" in markup:
        patch["fill"] = {"keyboard": chat_regions(world, view)["keyboard"]}
    if message.message_id == 1:
        patch["fill"] = patch.get("fill", {}) | {"head": chat_regions(world, view)["head"]}  # it can be blocked now
    return patch


def _tabs(visitors: Visitors, view: View, event: ChatEvent) -> list[Change]:
    """A chat has another state: it may have appeared, or be closed; the bot may have been thrown out."""
    if event.kind != "state":
        return []
    shown = regions(visitors, view)
    fill = {name: shown[name] for name in ("tabs", "topics")}
    if event.chat_id == view.chat.id:
        fill |= chat_regions(visitors.world, view)
    return [("patch", {"fill": fill})]


def _elsewhere(visitors: Visitors, view: View, event: ChatEvent) -> list[Change]:
    """A message in another chat or topic, of this person or another of the page: a mark on its tab."""
    message = event.message
    if message is None or event.kind != "sent":
        return []
    world = visitors.world
    chat = world.chats.chat(message.chat_id)
    people = [user for user in visitors.people if is_inside(chat, user) and user.id != message.sender_id]
    marks = [f"person-{user.id}" for user in people if user is not view.user]
    text = ""
    if view.user in people:
        marks.append(f"topic-{message.thread_id or 0}" if chat is view.chat else f"tab-{chat.id}")
        text = f"{chat_name(world, chat)}: a message of {author(world, message)}"
    return [("notice", {"marks": marks, "text": text})] if marks else []
