"""What Telegram says of many channels in one request: the newest message, and the count of changes."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from telethon import errors
from telethon.tl import functions, types

from ingest.asking import Asking, MethodClosed, ServerTrouble
from ingest.client import NoAnswer
from ingest.watched import Watched
from storage.completeness import Look
from storage.ids import MessageId

ANSWER_WITHIN = dt.timedelta(seconds=5)
"""A look that takes longer is a sign that the connection is dead (reference: telethon, 5.3), or that neither side takes
the other's messages for its clock's sake: twice in a row, and there is a new connection. With 10 s everything published
since was 22 s late before anybody asked for it (benchmarks.nemesis, seed 109)."""

AT_ONCE = 100
"""Channels in one request (reference: telethon, 5.3; Telegram's own limit is not documented)."""


MOST_TROUBLES = 3
"""Requests in a row, beside one for each hundred, that Telegram may be unable to answer: then it is not one channel."""


@dataclass(slots=True)
class Seen:
    """The channels that were looked at, those that Telegram does not show us any more, and those it did not mention."""

    looks: list[Look] = field(default_factory=list)
    entities: dict[int, Any] = field(default_factory=dict)
    """Telegram's bare number -> its channel object, as it is now."""
    refused: list[tuple[Watched, errors.RPCError]] = field(default_factory=list)
    troubled: list[Watched] = field(default_factory=list)
    """Of each of these, asked for alone, Telegram cannot say anything at the moment."""
    left: list[Watched] = field(default_factory=list)
    """Not looked at, because of `error`."""
    error: MethodClosed | NoAnswer | None = None
    """What Telegram said instead of an answer; NoAnswer itself when it said nothing."""


async def look_at(asking: Asking, watched: Sequence[Watched], apart: Sequence[Watched] = ()) -> Seen:
    """Look at channels by hundreds; when one spoils it for all, both halves are asked by themselves, behind the others.

    Those `apart` are asked one by one from the beginning. What is seen is kept, whatever becomes of the rest. Raises
    ConnectionError, and what the account suffers.
    """
    seen = Seen()
    waiting = deque(watched[start : start + AT_ONCE] for start in range(0, len(watched), AT_ONCE))
    waiting += [[each] for each in apart]
    most_troubles, troubles = len(waiting) + MOST_TROUBLES, 0
    while waiting and troubles < most_troubles:
        chunk = waiting.popleft()
        try:
            await _look(asking, chunk, seen)
            troubles = 0
        except (errors.BadRequestError, errors.ForbiddenError) as error:
            if len(chunk) == 1:
                seen.refused.append((chunk[0], error))
            waiting += _halves(chunk)
            troubles = 0
        except ServerTrouble as error:
            seen.error = error
            if len(chunk) == 1:
                seen.troubled.append(chunk[0])
            waiting += _halves(chunk)
            troubles += 1
        except (MethodClosed, NoAnswer) as error:
            seen.error = error
            waiting.appendleft(chunk)
            break
    seen.left = [each for chunk in waiting for each in chunk]
    return seen


def _halves(chunk: Sequence[Watched]) -> list[Sequence[Watched]]:
    middle = len(chunk) // 2
    return [chunk[:middle], chunk[middle:]] if middle else []


async def _look(asking: Asking, watched: Sequence[Watched], seen: Seen) -> None:
    """One request."""
    request = functions.messages.GetPeerDialogsRequest([types.InputDialogPeer(each.to_peer()) for each in watched])
    answer = await asking.ask(request, ANSWER_WITHIN)
    by_number = {each.telegram_id: each for each in watched}
    for dialog in answer.dialogs:
        each = by_number.get(getattr(dialog.peer, "channel_id", 0))
        if each is not None:
            seen.looks.append(Look(each.id, MessageId(dialog.top_message), dialog.pts or 0))
    seen.entities.update(
        {chat.id: chat for chat in answer.chats if isinstance(chat, types.Channel | types.ChannelForbidden)}
    )
