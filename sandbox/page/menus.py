"""The menus of the page: what a person changes about a chat, about themselves, and what can be added. Pure."""

from __future__ import annotations

from sandbox.page.forms import field, form, hidden
from sandbox.page.markup import Markup, element
from sandbox.page.visitors import View

LANGUAGES = {"en": "English", "ru": "Русский", "uk": "Українська", "de": "Deutsch"}
"""Languages of a person's client; the last is one the bot does not speak."""
_STANDINGS = {"member": "a member", "administrator": "an administrator", "kicked": "thrown out"}


def menu(view: View) -> Markup:
    """Behind the dots of the open chat."""
    inside = [_language(view)]
    if view.chat.kind == "private":
        if view.chat.is_started and not view.chat.is_blocked:
            block = element("button", "Block the bot", class_="quiet")
            inside.append(form(view, "/block", hidden(blocked="yes"), block))
    else:
        inside.append(_standing(view))
    if view.chat.is_forum:
        inside.append(
            form(
                view,
                "/topic",
                field("New topic", "name", required=True, maxlength=128),
                element("button", "Make", class_="primary"),
            )
        )
    summary = element("summary", "⋮", aria_label="Settings of this chat", title="Settings of this chat")
    return element("details", summary, element("div", inside, class_="sheet"), class_="menu")


def new_chats(view: View) -> Markup:
    """Behind the plus beside the tabs: a group, a channel, one more person."""
    topics = element(
        "label", element("input", type="checkbox", name="forum", value="yes"), " with topics", class_="check"
    )
    make = element("button", "Make", class_="primary")
    inside = [
        form(view, "/group", field("New group", "title", required=True, maxlength=128), topics, make),
        form(
            view, "/channel", field("New channel, where the bot may post", "title", required=True, maxlength=128), make
        ),
        form(view, "/person", field("One more person", "name", required=True, maxlength=64), make),
    ]
    summary = element("summary", "+", aria_label="New group, channel or person", title="New group, channel or person")
    return element("details", summary, element("div", inside, class_="sheet"), class_="menu new")


def _language(view: View) -> Markup:
    own = view.user.language_code
    names = LANGUAGES if own[:2] in LANGUAGES else {own: own, **LANGUAGES}
    options = [element("option", name, value=code, selected=code == own[:2]) for code, name in names.items()]
    select = element("select", options, name="language", data_sends=True)
    return form(view, "/language", element("label", "This person's language", select), _change())


def _standing(view: View) -> Markup:
    own = "kicked" if view.chat.is_kicked else view.chat.member_status
    options = [element("option", name, value=value, selected=value == own) for value, name in _STANDINGS.items()]
    return form(
        view,
        "/standing",
        element("label", "Here the bot is", element("select", options, name="standing", data_sends=True)),
        _change(),
    )


def _change() -> Markup:
    """For browsers without the script, which sends a choice at once."""
    return element("noscript", element("button", "Change"))
