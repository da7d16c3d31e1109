"""What people do on the page: each action takes a form of the person's view and does it in the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aiohttp import web

from sandbox import utf16
from sandbox.chat_records import MemberStatus
from sandbox.chat_registry import NoSuchChat
from sandbox.chats import ChatClosed, NoSuchButton, NoSuchResult
from sandbox.deep_links import open_link, read_link
from sandbox.page.inline_box import answered
from sandbox.page.markup import Markup
from sandbox.page.menus import LANGUAGES
from sandbox.page.visitors import View, Visitors

if TYPE_CHECKING:
    from sandbox.channels import Channel
    from sandbox.world import User, World

_TEXT_LIMIT = 4096
"""UTF-16 code units of a message or post, as in Telegram's clients."""
_NAME_LIMIT = 128

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """What the browser does next: go to another view, or show this HTML."""

    view: View | None = None
    html: Markup | None = None


Action = Callable[[Visitors, View, Fields], Awaitable[Done]]


async def perform(action: Action, visitors: Visitors, fields: Fields) -> Done:
    """Do it; what cannot be done is said in words, as an HTTP error."""
    try:
        return await action(visitors, visitors.view(fields), fields)
    except ChatClosed:
        raise web.HTTPConflict(text="You can't write here: the bot is blocked, or only administrators write.") from None
    except NoSuchButton:
        raise web.HTTPConflict(text="That button is no longer there.") from None
    except NoSuchResult:
        raise web.HTTPConflict(text="That result is no longer there.") from None
    except NoSuchChat:
        raise web.HTTPConflict(text="Make a group first: + beside the tabs.") from None


async def _say(visitors: Visitors, view: View, fields: Fields) -> Done:
    text = _text(fields, "text", _TEXT_LIMIT)
    link = read_link(text)
    if link is not None and link.bot.lower() == visitors.world.chats.bot.username.lower():
        return await _open(visitors, view, {"link": text})
    reply_to = int(fields["reply_to"]) if fields.get("reply_to", "").isdecimal() else None
    visitors.world.chats.say(view.user.id, view.chat.id, text, reply_to=reply_to, thread_id=view.thread_id)
    return Done()


async def _press(visitors: Visitors, view: View, fields: Fields) -> Done:
    message_id, _, data = fields.get("button", "").partition(" ")
    if not message_id.isdecimal():
        raise web.HTTPBadRequest(text="Which button?")
    visitors.world.chats.press(view.user.id, view.chat.id, int(message_id), data)
    return Done()


async def _open(visitors: Visitors, view: View, fields: Fields) -> Done:
    link = read_link(fields.get("link", ""))
    if link is None:
        raise web.HTTPBadRequest(text="That is no link to the bot.")
    groups = [chat for chat in visitors.chats_of(view.user) if chat.kind in ("group", "supergroup")]
    group = view.chat if view.chat in groups else next(iter(groups), None)
    message = open_link(visitors.world.chats, view.user.id, link, group.id if group else None)
    return _at(view, View(view.user, visitors.world.chats.chat(message.chat_id)))


async def _start(visitors: Visitors, view: View, fields: Fields) -> Done:
    visitors.world.chats.say(view.user.id, view.user.id, f"/start {fields.get('token', '')}".strip())
    return _at(view, View(view.user, visitors.world.chats.chat(view.user.id)))


async def _inline(visitors: Visitors, view: View, fields: Fields) -> Done:
    inline = visitors.world.chats.inline
    query = inline.ask(view.user.id, view.chat.id, fields.get("query", ""), fields.get("offset", ""))
    return Done(html=await answered(visitors.world, query))


async def _choose(visitors: Visitors, view: View, fields: Fields) -> Done:
    query_id, _, result_id = fields.get("result", "").partition(" ")
    visitors.world.chats.choose(view.user.id, view.chat.id, query_id, result_id, thread_id=view.thread_id)
    return Done()


async def _block(visitors: Visitors, view: View, fields: Fields) -> Done:
    if fields.get("blocked") == "yes":
        visitors.world.chats.block(view.user.id)
    else:
        visitors.world.chats.unblock(view.user.id)
    return Done()


async def _language(visitors: Visitors, view: View, fields: Fields) -> Done:
    if fields.get("language") not in LANGUAGES:
        raise web.HTTPBadRequest(text="There is no such language here.")
    visitors.world.chats.set_language(view.user.id, fields["language"])
    return Done()


async def _standing(visitors: Visitors, view: View, fields: Fields) -> Done:
    standing = fields.get("standing", "")
    if view.chat.kind == "private" or standing not in ("member", "administrator", "kicked"):
        raise web.HTTPBadRequest(text="The bot can't be that here.")
    if standing == "kicked":
        visitors.world.chats.kick(view.user.id, view.chat.id)
    else:
        visitors.world.chats.readmit(view.user.id, view.chat.id, cast("MemberStatus", standing))
    return Done()


async def _topic(visitors: Visitors, view: View, fields: Fields) -> Done:
    if not view.chat.is_forum:
        raise web.HTTPBadRequest(text="This chat has no topics.")
    topic = visitors.world.chats.create_topic(view.user.id, view.chat.id, _text(fields, "name", _NAME_LIMIT))
    return Done(View(view.user, view.chat, topic.thread_id))


async def _group(visitors: Visitors, view: View, fields: Fields) -> Done:
    """A group of everybody on the page, made by whoever asks; the bot is let in at once."""
    chats = visitors.world.chats
    group = chats.add_group(
        _text(fields, "title", _NAME_LIMIT), _everybody(visitors, view), is_forum=fields.get("forum") == "yes"
    )
    group.member_status = "left"
    chats.readmit(view.user.id, group.id)
    return Done(View(view.user, group))


async def _channel(visitors: Visitors, view: View, fields: Fields) -> Done:
    chats = visitors.world.chats
    channel = chats.add_channel(_text(fields, "title", _NAME_LIMIT), _everybody(visitors, view))
    channel.member_status = "left"
    chats.readmit(view.user.id, channel.id, "administrator")
    return Done(View(view.user, channel))


async def _person(visitors: Visitors, view: View, fields: Fields) -> Done:
    """One more person to play, a member of every group and channel that the one who asks is in."""
    user = visitors.world.add_user(_text(fields, "name", _NAME_LIMIT), language_code=view.user.language_code)
    visitors.enter(user)
    for chat in visitors.chats_of(view.user):
        if chat.kind != "private":
            visitors.world.chats.set_member(chat.id, user, "member")
    return Done(View(user, visitors.world.chats.chat(user.id)))


async def _publish(visitors: Visitors, view: View, fields: Fields) -> Done:
    channel, text = _of_channels(visitors.world, fields), _text(fields, "text", _TEXT_LIMIT)
    visitors.world.channels.publish(channel, text)
    return Done()


async def _edit(visitors: Visitors, view: View, fields: Fields) -> Done:
    channel, message_id = _of_channels(visitors.world, fields), _post_id(visitors.world, fields)
    visitors.world.channels.edit(channel, message_id, _text(fields, "text", _TEXT_LIMIT))
    return Done()


async def _unpublish(visitors: Visitors, view: View, fields: Fields) -> Done:
    channel, message_id = _of_channels(visitors.world, fields), _post_id(visitors.world, fields)
    visitors.world.channels.delete(channel, [message_id])
    return Done()


def _at(view: View, wanted: View) -> Done:
    """Go there, unless it is where the person is."""
    return Done() if wanted == view else Done(wanted)


def _everybody(visitors: Visitors, view: View) -> list[User]:
    return [view.user, *(user for user in visitors.people if user is not view.user)]


def _of_channels(world: World, fields: Fields) -> Channel:
    number = fields.get("channel", "")
    channel = world.channels.get(int(number)) if number.isdecimal() else None
    if channel is None:
        raise web.HTTPNotFound(text="There is no such channel.")
    return channel


def _post_id(world: World, fields: Fields) -> int:
    number = fields.get("post", "")
    if not number.isdecimal() or int(number) not in _of_channels(world, fields).posts:
        raise web.HTTPNotFound(text="There is no such post.")
    return int(number)


def _text(fields: Fields, name: str, limit: int) -> str:
    """What was written, trimmed, of a length that Telegram takes; browsers send line ends as CRLF."""
    text = fields.get(name, "").replace("\r\n", "\n").strip()
    if not text:
        raise web.HTTPBadRequest(text="Write something first.")
    if utf16.length(text) > limit:
        raise web.HTTPBadRequest(text=f"That is too long: {limit} characters at most.")
    return text


ACTIONS: dict[str, Action] = {
    "say": _say,
    "press": _press,
    "open": _open,
    "start": _start,
    "inline": _inline,
    "choose": _choose,
    "block": _block,
    "language": _language,
    "standing": _standing,
    "topic": _topic,
    "group": _group,
    "channel": _channel,
    "person": _person,
    "publish": _publish,
    "edit": _edit,
    "unpublish": _unpublish,
}
"""By the path that a form names."""
