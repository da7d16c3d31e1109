"""The error table, row by row, with the library's own exceptions."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
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
    TimedOut,
)

from bot.errors import Action, place_of, seconds_of, verdict_of


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (caused(NetworkError("x"), httpx.ConnectError("x")), Action.NOT_SENT),
        (caused(TimedOut(), httpx.ConnectTimeout("x")), Action.NOT_SENT),
        (caused(TimedOut(), httpx.PoolTimeout("x")), Action.NOT_SENT),
        (caused(TimedOut(), httpx.ReadTimeout("x")), Action.UNKNOWN),
        (caused(TimedOut(), httpx.WriteTimeout("x")), Action.UNKNOWN),
        (caused(NetworkError("x"), httpx.WriteError("x")), Action.UNKNOWN),
        (caused(NetworkError("x"), httpx.ReadError("x")), Action.UNKNOWN),
        (caused(NetworkError("x"), httpx.RemoteProtocolError("x")), Action.UNKNOWN),
        (NetworkError("Bad Gateway (502)"), Action.UNKNOWN),
        (TelegramError("Invalid server response"), Action.UNKNOWN),
        (RetryAfter(7), Action.WAIT),
        (NetworkError("Too Many Requests"), Action.WAIT),
        (BadRequest("Can't parse entities: unexpected end"), Action.PLAIN),
        (BadRequest("Message is too long"), Action.PLAIN),
        (BadRequest("MESSAGE_TOO_LONG"), Action.PLAIN),
        (BadRequest("Chat not found"), Action.SUSPEND),
        (Forbidden("Forbidden: bot was blocked by the user"), Action.SUSPEND),
        (ChatMigrated(-1002), Action.MIGRATE),
        (InvalidToken(), Action.PAUSE),
        (EndPointNotFound("x"), Action.DEAD),
        (Conflict("x"), Action.NOT_SENT),
        (BadRequest("Message is not modified"), Action.IGNORE),
        (BadRequest("Query is too old and response timeout expired"), Action.IGNORE),
        (BadRequest("Message thread not found"), Action.NO_THREAD),
        (BadRequest("Something nobody has seen before"), Action.DEAD),
    ],
    ids=lambda value: value.value if isinstance(value, Action) else f"{type(value).__name__}",
)
def test_each_error_has_its_action(error: TelegramError, action: Action) -> None:
    assert verdict_of(error).action is action


def test_a_flood_says_how_long_to_wait() -> None:
    assert verdict_of(RetryAfter(7)).wait == dt.timedelta(seconds=7)
    assert verdict_of(NetworkError("Too Many Requests")).wait == dt.timedelta(seconds=5)


@pytest.mark.parametrize("given", [7, 7.0, dt.timedelta(seconds=7)])
def test_a_duration_may_be_seconds_or_a_timedelta(given: dt.timedelta | float) -> None:
    assert seconds_of(given) == dt.timedelta(seconds=7)


def test_a_migration_says_the_new_number() -> None:
    assert verdict_of(ChatMigrated(-1002)).new_chat_id == -1002


def test_the_account_for_the_operator_holds_no_token() -> None:
    detail = verdict_of(BadRequest("no such path /bot123456:AAAAAAAAAAAAAAAAAAAAAAAAAAA/sendMessage")).detail
    assert "AAAA" not in detail
    assert detail.startswith("BadRequest")


def test_the_place_of_an_error_does_not_quote_its_message() -> None:
    with pytest.raises(ValueError, match="secret words") as caught:
        raise ValueError("secret words")
    assert place_of(caught.value).startswith("test_errors.py:")
