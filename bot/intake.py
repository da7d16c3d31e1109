"""From Telegram's raw answer to rows of the inbox: each update by itself, so that one odd one harms no other."""

from __future__ import annotations

from typing import Any

import structlog

from bot.errors import place_of
from storage import inbox
from storage.database import Database, DatabaseAway
from storage.inbox import BIGGEST, Arrived

log = structlog.get_logger()

_WHOSE = (("chat", "id"), ("message", "chat", "id"), ("from", "id"))
"""Where an update of any kind says whose it is."""


def arrived_in(answer: list[Any]) -> list[Arrived]:
    """The updates of an answer to getUpdates that have a number; without one nothing can be kept or confirmed."""
    return [
        Arrived(raw["update_id"], chat_of(raw), raw)
        for raw in answer
        if isinstance(raw, dict) and _is_number(raw.get("update_id"))
    ]


async def keep(database: Database, updates: list[Arrived]) -> None:
    """Commit updates to the inbox: all at once, or one by one if the database will not have them so.

    One that it will not have alone either is set aside without its content. Raises DatabaseAway: then none of them may
    be confirmed yet.
    """
    storable = [update for update in updates if 0 <= update.update_id < BIGGEST]
    if len(storable) < len(updates):
        log.error("updates with impossible numbers left out", count=len(updates) - len(storable))
    if not storable:
        return
    try:
        async with database.begin() as connection:
            await inbox.store(connection, storable)
    except DatabaseAway:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is odd in one of them, its neighbours must not suffer
        log.warning("updates kept one by one", error=type(error).__name__)
        for update in storable:
            await _keep_alone(database, update)


def chat_of(raw: dict[str, Any]) -> int:
    """Whose update it is: the number of its chat, or of the person who asks inline; 0 when it does not say."""
    for body in raw.values():
        for way in _WHOSE:
            number = body
            for name in way:
                number = number.get(name) if isinstance(number, dict) else None
            if _is_number(number) and abs(number) < BIGGEST:
                return int(number)
    return 0


async def _keep_alone(database: Database, update: Arrived) -> None:
    try:
        async with database.begin() as connection:
            await inbox.store(connection, [update])
    except DatabaseAway:
        raise
    except Exception as error:  # noqa: BLE001
        log.error("update not storable", update_id=update.update_id, error=type(error).__name__)
        async with database.begin() as connection:
            await inbox.store_unreadable(connection, update, f"{type(error).__name__} {place_of(error)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
