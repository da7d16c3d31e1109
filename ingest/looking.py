"""What Telegram says of many channels in one request: the newest message, and the count of changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from telethon import errors
from telethon.tl import functions, types

from ingest.asking import Asking
from ingest.watched import Watched
from storage.completeness import Look
from storage.ids import MessageId

ANSWER_WITHIN = dt.timedelta(seconds=10)
"""A look that takes longer is a sign that the connection is dead (reference: telethon, 5.3)."""

AT_ONCE = 100
"""Channels in one request (reference: telethon, 5.3; Telegram's own limit is not documented)."""


@dataclass(slots=True)
class Seen:
    """The channels that were looked at, those that Telegram does not show us any more, and those it did not mention."""

    looks: list[Look] = field(default_factory=list)
    entities: dict[int, Any] = field(default_factory=dict)
    """Telegram's bare number -> its channel object, as it is now."""
    refused: list[tuple[Watched, errors.RPCError]] = field(default_factory=list)


async def look_at(asking: Asking, watched: Sequence[Watched]) -> Seen:
    """Look at channels by hundreds. Raises MethodClosed, NoAnswer, ConnectionError or what the account suffers."""
    seen = Seen()
    for start in range(0, len(watched), AT_ONCE):
        await _look(asking, watched[start : start + AT_ONCE], seen)
    return seen


async def _look(asking: Asking, watched: Sequence[Watched], seen: Seen) -> None:
    """One request; when one channel spoils it for all, both halves are asked by themselves."""
    request = functions.messages.GetPeerDialogsRequest([types.InputDialogPeer(each.to_peer()) for each in watched])
    try:
        answer = await asking.ask(request, ANSWER_WITHIN)
    except (errors.BadRequestError, errors.ForbiddenError) as error:
        if len(watched) == 1:
            seen.refused.append((watched[0], error))
            return
        middle = len(watched) // 2
        await _look(asking, watched[:middle], seen)
        await _look(asking, watched[middle:], seen)
        return
    by_number = {each.telegram_id: each for each in watched}
    for dialog in answer.dialogs:
        each = by_number.get(getattr(dialog.peer, "channel_id", 0))
        if each is not None:
            seen.looks.append(Look(each.id, MessageId(dialog.top_message), dialog.pts or 0))
    seen.entities.update(
        {chat.id: chat for chat in answer.chats if isinstance(chat, types.Channel | types.ChannelForbidden)}
    )
