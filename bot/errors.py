"""What Telegram's errors mean, and what to do about each: the one table of the bot (reference: bot-api, section 3).

Only the type, the cause and the parameters decide. Wordings decide only where Telegram gives nothing else: they are
matched loosely, and what matches none of them is the row's own trouble, not the sender's.
"""

from __future__ import annotations

import datetime as dt
import traceback
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from config.logs import redact

FLOOD_WITHOUT_PARAMETERS = dt.timedelta(seconds=5)
"""How long to wait after a 429 that does not say for how long."""


class Action(Enum):
    """What to do with the message that met an error."""

    NOT_SENT = "not sent"
    """It never reached Telegram: try again, nothing is counted."""
    UNKNOWN = "unknown"
    """Nobody can know whether it was taken: one resend at most, marked."""
    WAIT = "wait"
    """Refused for now: be silent for `Verdict.wait`, then again."""
    SUSPEND = "suspend"
    """This chat will not hear us: owe it nothing until it comes back."""
    MIGRATE = "migrate"
    """The group has another number now (`Verdict.new_chat_id`): rewrite it everywhere, then again."""
    PLAIN = "plain"
    """Its form was refused: once without formatting and within the length, then it is dead."""
    NO_THREAD = "no thread"
    """The forum topic is gone: once more to the group itself."""
    PAUSE = "pause"
    """The token is refused: stop sending, keep everything, tell the operator."""
    IGNORE = "ignore"
    """Nothing was lost: an edit that changes nothing, a button pressed too long ago."""
    GONE = "gone"
    """The message that was to be edited is not there, or not ours to edit."""
    DEAD = "dead"
    """It can never be sent."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An action, with what it needs, and a short account for the operator (no post's text, no token)."""

    action: Action
    detail: str
    wait: dt.timedelta = dt.timedelta(0)
    new_chat_id: int | None = None


_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)
"""Causes under which not one byte of the request left this machine."""

_BAD_REQUESTS: tuple[tuple[tuple[str, ...], Action], ...] = (
    (("not modified", "query is too old", "query id is invalid"), Action.IGNORE),
    (("message to edit not found", "message can't be edited", "message_id_invalid"), Action.GONE),
    (("chat not found", "have no rights to send", "not enough rights", "chat_write_forbidden", "peer_id_invalid",
      "user is deactivated", "bot was kicked", "topic_closed"), Action.SUSPEND),
    (("message thread not found", "topic_deleted", "topic deleted"), Action.NO_THREAD),
    (("can't parse", "too long", "too_long", "entit", "button_", "reply_markup", "keyboard"), Action.PLAIN),
)  # fmt: skip


def verdict_of(error: TelegramError) -> Verdict:
    """What an error of the library means. BadRequest is a NetworkError there, so the order of the rows matters."""
    detail = _detail(error)
    match error:
        case RetryAfter():
            return Verdict(Action.WAIT, detail, wait=seconds_of(error.retry_after))
        case ChatMigrated():
            return Verdict(Action.MIGRATE, detail, new_chat_id=error.new_chat_id)
        case Forbidden():
            return Verdict(Action.SUSPEND, detail)
        case EndPointNotFound():
            return Verdict(Action.DEAD, detail)
        case InvalidToken():
            return Verdict(Action.PAUSE, detail)
        case BadRequest():
            return Verdict(_of_bad_request(error), detail)
        case Conflict():
            return Verdict(Action.NOT_SENT, detail)
        case NetworkError() if error.message.lower().startswith("too many requests"):
            return Verdict(Action.WAIT, detail, wait=FLOOD_WITHOUT_PARAMETERS)
        case NetworkError() if isinstance(error.__cause__, _NOT_SENT):
            return Verdict(Action.NOT_SENT, detail)
    # Read and write timeouts, resets, 5xx, a proxy's page, an answer that is no JSON (a bare TelegramError).
    return Verdict(Action.UNKNOWN, detail)


def seconds_of(duration: dt.timedelta | float) -> dt.timedelta:
    """A duration as the library gives it: timedelta, or seconds without PTB_TIMEDELTA; a second at least."""
    given = duration if isinstance(duration, dt.timedelta) else dt.timedelta(seconds=duration)
    return max(given, dt.timedelta(seconds=1))


def place_of(error: BaseException | None) -> str:
    """Where an error of ours was raised, "file:line". Its message may quote what somebody wrote: that is not logged."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"


def _of_bad_request(error: BadRequest) -> Action:
    wording = error.message.lower()
    for phrases, action in _BAD_REQUESTS:
        if any(phrase in wording for phrase in phrases):
            return action
    return Action.DEAD


def _detail(error: TelegramError) -> str:
    cause = f" ({type(error.__cause__).__name__})" if error.__cause__ is not None else ""
    said = " ".join(error.message.split()) if isinstance(error, BadRequest | Forbidden | RetryAfter) else ""
    return redact(f"{type(error).__name__}{cause}{': ' if said else ''}{said}")[:200]
