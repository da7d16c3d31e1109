"""The whole page, and its parts that change as one: tabs, head, messages, posts. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.chat_records import Chat
from sandbox.page.forms import form, hidden
from sandbox.page.markup import Markup, element, safe
from sandbox.page.menus import menu, new_chats
from sandbox.page.messages import keyboard, messages
from sandbox.page.posts import posts, publish_form
from sandbox.page.visitors import View, Visitors

if TYPE_CHECKING:
    from sandbox.world import User, World


def page(visitors: Visitors, view: View, seen: str) -> Markup:
    """The document. `seen`: what the page knows of the events; the stream begins after it."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", "channelwatch: the demo chat"),
        element("link", rel="icon", href="data:,"),
        element("link", rel="stylesheet", href="/style.css"),
        element("script", src="/script.js", defer=True),
    )
    shown = regions(visitors, view)
    body = element(
        "body",
        _switch(),
        _chat_column(visitors.world, view, shown),
        _channel_column(shown),
        form(view, "", id_="act"),
        element("div", class_="toast", id="toast", role="status", aria_live="assertive", hidden=True),
        element("div", class_="hidden", id="notice", role="status", aria_live="polite"),
        element(
            "dialog",
            element("p", id="alert-text"),
            element("form", element("button", "OK", class_="primary", autofocus=True), method="dialog"),
            id="alert",
            aria_labelledby="alert-text",
        ),
        data_view="chat",
        data_bot=visitors.world.chats.bot.username,
        data_events=f"/events{view.address[1:]}&seen={seen}",
    )
    return Markup("<!doctype html>" + element("html", head, body, lang="en"))


def regions(visitors: Visitors, view: View) -> dict[str, Markup]:
    """What stands inside the elements of these ids: everything a page shows that can change."""
    world = visitors.world
    return {
        "tabs": _tabs(visitors, view),
        "topics": _topics(view),
        "messages": messages(world, view),
        "publish": publish_form(world, view),
        "posts": posts(world, view),
    } | chat_regions(world, view)


def profile_regions(world: World, view: View) -> dict[str, Markup]:
    """What shows the bot as it presents itself, with its commands in the person's language."""
    return {"head": _head(world, view), "commands": _commands(world, view)}


def chat_regions(world: World, view: View) -> dict[str, Markup]:
    """What says how the open chat stands: the person may have blocked the bot, or it was thrown out."""
    keys, line = keyboard(world, view), _composer(world, view)
    return profile_regions(world, view) | {"keyboard": keys, "composer": line}


def chat_name(world: World, chat: Chat) -> str:
    """How a person's list of chats calls it."""
    return world.chats.bot.first_name if chat.kind == "private" else chat.title or "Group"


def _switch() -> Markup:
    """On a phone one column shows at a time."""
    tabs = [
        element(
            "button",
            text,
            element("span", class_="badge", id=f"badge-{name}", hidden=True),
            type="button",
            data_show=name,
            aria_pressed="true" if name == "chat" else "false",
        )
        for name, text in (("chat", "Chats"), ("channels", "Channels"))
    ]
    return element("nav", tabs, class_="switch", aria_label="What to show")


def _chat_column(world: World, view: View, shown: dict[str, Markup]) -> Markup:
    log = element("section", shown["messages"], class_="messages", id="messages", role="log", aria_live="polite",
                  aria_label="Messages", tabindex=0)  # fmt: skip
    down = element("button", "↓", type="button", class_="down", id="down", hidden=True,
                   aria_label="Go to the newest message")  # fmt: skip
    return element(
        "main",
        element("nav", shown["tabs"], class_="tabs", id="tabs", aria_label="Your chats"),
        element("header", shown["head"], id="head"),
        element("nav", shown["topics"], class_="topics", id="topics", aria_label="Topics"),
        log,
        down,
        element("div", shown["keyboard"], class_="keyboard", id="keyboard"),
        element("div", class_="inline", id="inline", hidden=True, role="region", aria_label="Results of the bot"),
        element("div", shown["commands"], class_="commands", id="commands", role="group", aria_label="Commands",
                hidden=True),
        element("div", shown["composer"], id="composer"),
        class_="chat",
        aria_label="Chat",
    )  # fmt: skip


def _channel_column(shown: dict[str, Markup]) -> Markup:
    title = element("div", element("h2", "Channels"), element("p", "what the bot reads for you"), class_="who")
    feed = element("div", shown["posts"], class_="posts", id="posts", tabindex=0, aria_label="Posts, newest first",
                   role="feed")  # fmt: skip
    publish = element("div", shown["publish"], id="publish")
    return element(
        "aside", element("header", title), publish, feed, class_="channels", id="channels", aria_label="Channels"
    )


def _tabs(visitors: Visitors, view: View) -> Markup:
    world = visitors.world
    people = [_person(visitors, view, user) for user in visitors.people]
    chats = [
        element(
            "a",
            chat_name(world, chat),
            element("span", class_="badge", hidden=True),
            href=View(view.user, chat).address,
            id=f"tab-{chat.id}",
            aria_current="page" if chat is view.chat else None,
        )
        for chat in visitors.chats_of(view.user)
    ]
    shown = [element("div", people, class_="people")] if len(people) > 1 else []
    return safe([*shown, element("div", chats, class_="list"), new_chats(view)])


def _person(visitors: Visitors, view: View, user: User) -> Markup:
    address = View(user, visitors.chats_of(user)[0]).address
    badge = element("span", class_="badge", hidden=True)
    current = "true" if user is view.user else None
    return element("a", user.first_name, badge, href=address, id=f"person-{user.id}", aria_current=current)


def _topics(view: View) -> Markup:
    if not view.chat.is_forum:
        return Markup()
    topics = {None: "General"} | {
        each.thread_id: each.name for each in view.chat.topics.values() if not each.is_deleted
    }
    links = [
        element(
            "a",
            name,
            element("span", class_="badge", hidden=True),
            href=View(view.user, view.chat, thread_id).address,
            id=f"topic-{thread_id or 0}",
            aria_current="page" if thread_id == view.thread_id else None,
        )
        for thread_id, name in topics.items()
    ]
    return safe(links)


def _head(world: World, view: View) -> Markup:
    bot = world.chats.bot
    kinds = {"private": f"@{bot.username}", "channel": "channel", "group": "group", "supergroup": "group"}
    status = kinds[view.chat.kind]
    if view.chat.kind != "private":
        count = sum(standing not in ("left", "kicked") for standing in view.chat.members.values())
        status += f", {count} {'person' if count == 1 else 'people'}"
        status += ", the bot is out" if view.chat.is_kicked else f" and the bot ({view.chat.member_status})"
    name = chat_name(world, view.chat)
    who = element("div", element("h1", name), element("p", status, id="status", data_rest=status), class_="who")
    return safe([element("span", name[:1].upper(), class_="avatar", aria_hidden="true"), who, menu(view)])


def _commands(world: World, view: View) -> Markup:
    """The menu behind the slash, in the person's language; in a group each command is addressed to the bot."""
    bot = world.chats.bot
    suffix = "" if view.chat.kind == "private" else f"@{bot.username}"
    return safe(
        element(
            "button",
            element("b", f"/{each['command']}"),
            element("span", each["description"], dir="auto"),
            form="act",
            formaction="/say",
            name="text",
            value=f"/{each['command']}{suffix}",
        )
        for each in bot.commands_for(view.chat, view.user.language_code, view.user.id)
    )


def _composer(world: World, view: View) -> Markup:
    if view.chat.is_blocked:
        unblock = element("button", "Unblock the bot", class_="primary wide")
        return form(view, "/block", hidden(blocked="no"), unblock, class_="composer")
    if view.chat.kind == "channel" and not view.chat.has_administrator(view.user.id):
        return element("p", "Only its administrators write here.", class_="composer none")
    placeholder = "Write to the bot…" if view.chat.kind == "private" else "Write a message…"
    reply = element(
        "div",
        element("span", id="reply-text"),
        element("button", "×", type="button", class_="quiet", id="no-reply", aria_label="Do not reply"),
        element("input", type="hidden", name="reply_to", id="reply-to"),
        class_="reply",
        id="reply",
        hidden=True,
    )
    slash = element("button", "/", type="button", class_="quiet slash", id="slash", aria_label="The bot's commands",
                    title="Commands", aria_expanded="false", hidden=True)  # fmt: skip
    text = element("textarea", id="text", name="text", rows=1, maxlength=4096, placeholder=placeholder,
                   autocomplete="off", autofocus=True)  # fmt: skip
    label = element("label", "Message", class_="hidden", for_="text")
    send = element("button", "Send", class_="primary", id="send")
    return form(view, "/say", reply, slash, label, text, send, class_="composer", id_="write")
