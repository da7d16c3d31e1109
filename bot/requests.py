"""The bot's two ways to the Bot API: one for the long poll, one for everything it says.

Both keep answers out of the logs, where the library would put those that it cannot read: they hold what people wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from telegram import InputFile
from telegram.error import TelegramError
from telegram.request import HTTPXRequest, RequestData

# The library keeps this class to itself; requests that were stored cannot be made anew without it.
from telegram.request._requestparameter import RequestParameter

from bot.delivery import WORKERS

POLL_SECONDS = 25
"""How long Telegram keeps a getUpdates open when there is nothing."""


class SendRequest(HTTPXRequest):
    """Connections for what is said: the workers', and some for replies and pressed buttons."""

    def __init__(self, connections: int = WORKERS + 5) -> None:
        super().__init__(
            connection_pool_size=connections, connect_timeout=5, read_timeout=10, write_timeout=5, pool_timeout=10
        )

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer's JSON. TelegramError for anything else, without a log of what it was."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except ValueError as error:
            raise TelegramError("Invalid server response") from error
        if not isinstance(answer, dict):
            raise TelegramError("Invalid server response")
        return answer


class PollRequest(SendRequest):
    """Connections for getUpdates: more than one, so that a wedged one does not end polling."""

    def __init__(self) -> None:
        super().__init__(connections=4)


def form_of(values: Mapping[str, object]) -> RequestData:
    """The body of a request, from values as the library's methods give them."""
    return RequestData([RequestParameter.from_input(name, value) for name, value in values.items()])


def parameter(name: str, value: str | None, files: Sequence[InputFile] = ()) -> RequestParameter:
    """One piece of such a body that is encoded already, or a file."""
    return RequestParameter(name, value, list(files) or None)
