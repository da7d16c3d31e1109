"""The bot itself and what it may ask about chats: getMe, commands, descriptions, members."""

from __future__ import annotations

import re
from typing import Any

from sandbox.bot_api.errors import BadRequest
from sandbox.bot_api.params import Params
from sandbox.bot_api.state import BotState, Handler
from sandbox.bot_api.wire import Json, bot_json, chat_json, member_json, user_json
from sandbox.chat_records import Chat, ChatEvent, CommandScope

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_COMMANDS = 100
_COMMAND_DESCRIPTION = range(1, 257)
_DESCRIPTION = 512
_SHORT_DESCRIPTION = 120
"""Published limits of commands and of the two descriptions, in characters (Bot API documentation)."""

_SCOPES: dict[str, tuple[str, ...]] = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


async def _get_me(state: BotState, params: Params) -> Json:
    return bot_json(state.chats.bot)


async def _set_commands(state: BotState, params: Params) -> bool:
    commands = params.structure("commands")
    if not isinstance(commands, list):
        raise BadRequest("can't parse commands: expected an Array of BotCommand")
    if len(commands) > _COMMANDS:
        raise BadRequest("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _check_command(command)
    key = (_scope(state, params), _language(params))
    state.chats.bot.commands[key] = [
        {"command": command["command"].removeprefix("/"), "description": command["description"].strip()}
        for command in commands
    ]
    state.chats.emit(ChatEvent("profile", 0))
    return True


async def _get_commands(state: BotState, params: Params) -> list[Any]:
    return list(state.chats.bot.commands.get((_scope(state, params), _language(params)), []))


async def _delete_commands(state: BotState, params: Params) -> bool:
    state.chats.bot.commands.pop((_scope(state, params), _language(params)), None)
    state.chats.emit(ChatEvent("profile", 0))
    return True


def _check_command(command: Any) -> None:
    if not isinstance(command, dict):
        raise BadRequest("can't parse BotCommand: expected an Object")
    name, description = command.get("command"), command.get("description")
    if not isinstance(name, str) or not _COMMAND.fullmatch(name.removeprefix("/")):
        raise BadRequest("BOT_COMMAND_INVALID")
    if not isinstance(description, str) or len(description.strip()) not in _COMMAND_DESCRIPTION:
        raise BadRequest("BOT_COMMAND_DESCRIPTION_INVALID")


def _scope(state: BotState, params: Params) -> CommandScope:
    given = params.structure("scope") or {"type": "default"}
    if not isinstance(given, dict) or given.get("type") not in _SCOPES:
        raise BadRequest("can't parse BotCommandScope: unsupported type specified")
    needed = _SCOPES[given["type"]]
    chat_id = state.known_chat(Params(given)).id if "chat_id" in needed else None
    user_id = Params(given).integer("user_id") if "user_id" in needed else None
    return CommandScope(given["type"], chat_id, user_id)


def _language(params: Params) -> str:
    language = params.text("language_code")
    if language and not _LANGUAGE.fullmatch(language):
        raise BadRequest("invalid language code specified")
    return language


async def _set_description(state: BotState, params: Params) -> bool:
    _set_text(state.chats.bot.descriptions, params, "description", _DESCRIPTION)
    state.chats.emit(ChatEvent("profile", 0))
    return True


async def _set_short_description(state: BotState, params: Params) -> bool:
    _set_text(state.chats.bot.short_descriptions, params, "short_description", _SHORT_DESCRIPTION)
    return True


async def _get_description(state: BotState, params: Params) -> Json:
    return {"description": state.chats.bot.descriptions.get(_language(params), "")}


async def _get_short_description(state: BotState, params: Params) -> Json:
    return {"short_description": state.chats.bot.short_descriptions.get(_language(params), "")}


def _set_text(texts: dict[str, str], params: Params, name: str, limit: int) -> None:
    text = params.text(name)
    if len(text) > limit:
        raise BadRequest(f"{name.replace('_', ' ')} is too long")
    texts[_language(params)] = text


async def _get_chat(state: BotState, params: Params) -> Json:
    gifts = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"]
    return {
        **chat_json(state.chat(params)),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, True),
    }


async def _get_member(state: BotState, params: Params) -> Json:
    chat = state.chat(params)
    user_id = params.integer("user_id")
    if user_id == state.chats.bot.id:
        return member_json(bot_json(state.chats.bot), chat.member_status, chat)
    person = state.chats.people.get(user_id)
    if person is None:
        raise BadRequest("PARTICIPANT_ID_INVALID")
    return member_json(user_json(person), chat.members.get(user_id, "left"), chat)


async def _get_administrators(state: BotState, params: Params) -> list[Json]:
    chat = _group(state, params)
    administrators = [
        member_json(user_json(state.chats.people[user_id]), status, chat)
        for user_id, status in chat.members.items()
        if chat.has_administrator(user_id)
    ]
    if chat.member_status == "administrator":
        administrators.append(member_json(bot_json(state.chats.bot), "administrator", chat))
    return administrators


async def _get_member_count(state: BotState, params: Params) -> int:
    chat = state.chat(params)
    return 1 + sum(status not in ("left", "kicked") for status in chat.members.values())


async def _leave_chat(state: BotState, params: Params) -> bool:
    chat = _group(state, params)
    chat.is_kicked, chat.member_status = True, "left"
    return True


def _group(state: BotState, params: Params) -> Chat:
    chat = state.chat(params)
    if chat.kind == "private":
        raise BadRequest("there are no administrators in the private chat")
    return chat


METHODS: dict[str, Handler] = {
    "getMe": _get_me,
    "setMyCommands": _set_commands,
    "getMyCommands": _get_commands,
    "deleteMyCommands": _delete_commands,
    "setMyDescription": _set_description,
    "getMyDescription": _get_description,
    "setMyShortDescription": _set_short_description,
    "getMyShortDescription": _get_short_description,
    "getChat": _get_chat,
    "getChatMember": _get_member,
    "getChatAdministrators": _get_administrators,
    "getChatMemberCount": _get_member_count,
    "leaveChat": _leave_chat,
}
