"""The bot's two ways to the Bot API: one for the long poll, one for everything it says.

Both keep answers out of the logs, where the library would put those that it cannot read: they hold what people wrote.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

import structlog
from telegram import Update
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.delivery import WORKERS
from bot.errors import place_of

log = structlog.get_logger()

POLL_SECONDS = 25
"""How long Telegram keeps a getUpdates open when there is nothing; the library adds it to the read timeout."""

TOKEN_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND})


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
    """Connections for getUpdates, without the two ends of the library's polling that nobody notices.

    One stray "401 Unauthorized" would end it for good: here it is logged, and becomes a failure that is tried again.
    One update that the library cannot read would come back for ever, 170 times a second, its neighbours never handled
    (measured, reference: bot-api, section 2): here it is emptied, so that it is confirmed with the others.
    """

    def __init__(self) -> None:
        super().__init__(connections=4)

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """The answer, in a form that polling survives."""
        status, body = await super().do_request(*args, **kwargs)
        if status in TOKEN_REFUSED:
            log.error("Telegram refuses the bot's token while polling", status=status)
            await asyncio.sleep(1)
            return HTTPStatus.BAD_GATEWAY, body
        return status, readable_updates(body) if status == HTTPStatus.OK else body


def readable_updates(body: bytes) -> bytes:
    """An answer to getUpdates with every update that cannot be read emptied but for its number."""
    try:
        updates = SendRequest.parse_json_payload(body).get("result")
    except TelegramError:
        return body
    if not isinstance(updates, list):
        return body
    return json.dumps({"ok": True, "result": [_readable(update) for update in updates]}).encode()


def _readable(update: dict[str, Any]) -> dict[str, Any]:
    try:
        Update.de_json(update)
    except Exception as error:  # noqa: BLE001 - whatever the library meets in it, its neighbours must not suffer
        number = update["update_id"]
        log.error("update not readable", update_id=number, error=type(error).__name__, place=place_of(error))
        return {"update_id": number}
    return update
