"""Topics of forums, as far as a bot that administers one may change them."""

from __future__ import annotations

from sandbox.bot_api.errors import BadRequest
from sandbox.bot_api.params import Params
from sandbox.bot_api.state import BotState, Handler
from sandbox.bot_api.wire import Json
from sandbox.chat_records import Chat, Topic

_NAME = range(1, 129)
"""Characters of a topic's name (Bot API documentation)."""
_ICON_COLOR = 0x6FB9F0


async def _create(state: BotState, params: Params) -> Json:
    chat, name = _forum(state, params), params.text("name").strip()
    if len(name) not in _NAME:
        raise BadRequest("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    topic = state.chats.create_topic(state.chats.bot.id, chat.id, name)
    return {"message_thread_id": topic.thread_id, "name": topic.name, "icon_color": _ICON_COLOR}


async def _close(state: BotState, params: Params) -> bool:
    topic = _topic(_forum(state, params), params)
    if topic.is_closed:
        raise BadRequest("TOPIC_NOT_MODIFIED")
    topic.is_closed = True
    return True


async def _reopen(state: BotState, params: Params) -> bool:
    topic = _topic(_forum(state, params), params)
    if not topic.is_closed:
        raise BadRequest("TOPIC_NOT_MODIFIED")
    topic.is_closed = False
    return True


async def _delete(state: BotState, params: Params) -> bool:
    chat = _forum(state, params)
    state.chats.delete_topic(chat.id, _topic(chat, params).thread_id)
    return True


def _forum(state: BotState, params: Params) -> Chat:
    chat = state.chat(params)
    if not chat.is_forum:
        raise BadRequest("the chat is not a forum")
    if chat.member_status != "administrator":
        raise BadRequest("not enough rights to create a topic")
    return chat


def _topic(chat: Chat, params: Params) -> Topic:
    topic = chat.topics.get(params.integer("message_thread_id"))
    if topic is None or topic.is_deleted:
        raise BadRequest("message thread not found")
    return topic


METHODS: dict[str, Handler] = {
    "createForumTopic": _create,
    "closeForumTopic": _close,
    "reopenForumTopic": _reopen,
    "deleteForumTopic": _delete,
}
