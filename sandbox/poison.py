"""Updates that break those who read them: what `chats.updates.push("raw", ...)` is fed with.

Each is the JSON beside update_id. `POISONS` are known breakers, by what they break; `mutated` breaks a good update
somewhere, differently for each state of the generator.
"""

from __future__ import annotations

import copy
import random
from typing import Any

Json = dict[str, Any]

_CHAT = {"id": 1, "type": "private", "first_name": "Anna"}
_MESSAGE = {"message_id": 1, "date": 1767614400, "chat": _CHAT, "text": "/start"}

POISONS: dict[str, Json] = {
    "a message without a date": {"message": {"message_id": 1, "chat": _CHAT}},
    "a message that is text": {"message": "hello"},
    "a chat that is a number": {"message": _MESSAGE | {"chat": 1}},
    "a date beyond every calendar": {"message": _MESSAGE | {"date": 10**18}},
    "entities that are numbers": {"message": _MESSAGE | {"entities": [1, 2]}},
    "a zero character, which jsonb does not take": {"message": _MESSAGE | {"text": "a\x00b"}},
    "half of a character, which UTF-8 does not know": {"message": _MESSAGE | {"text": "a\ud800b"}},
}
"""Each of these can't be read by python-telegram-bot, or can't be stored as jsonb."""
NOBODY: Json = {"callback_query": {"id": "1", "chat_instance": "1"}}
"""Can be read, but holds nobody who pressed: what breaks is whoever handles it."""

_WRONG: tuple[Any, ...] = (None, "", "x", -1, 10**30, 1.5, True, [], {}, [[]], "\x00", "\ud800")


def mutated(update: Json, draw: random.Random) -> Json:
    """A copy of the update with one value somewhere dropped, or replaced by one of a wrong kind."""
    broken = copy.deepcopy(update)
    place, key = draw.choice(_places(broken))
    if draw.random() < 0.3 and isinstance(place, dict):
        del place[key]
    else:
        place[key] = draw.choice(_WRONG)
    return broken


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every spot of a JSON value: what holds it, and under which key."""
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            found += _places(value[key])
    return found
