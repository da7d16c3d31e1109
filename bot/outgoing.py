"""The library's own requests on their way to Telegram: each class here and elsewhere does one thing to all of them.

The library knows them as rate limiters, one inside another; `bot.application` puts them together.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from telegram.ext import BaseRateLimiter

Json = bool | dict[str, Any] | list[dict[str, Any]]

_SPEAKS = ("send", "edit", "copy", "forward")
_SILENT = frozenset({"sendChatAction"})


@dataclass(frozen=True, slots=True)
class Request:
    """A method of the Bot API with its values, and how it is called: with `data` as it is then."""

    call: Callable[[], Coroutine[Any, Any, Json]]
    endpoint: str
    data: dict[str, Any]
    has_turn: bool
    """Its sender has waited for its turn already."""


class Outgoing(BaseRateLimiter[bool]):
    """Has nothing to prepare or to clear."""

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to clear."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Json]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: bool | None,
    ) -> Json:
        """As the library calls it; `args` hold the same `data`."""
        return await self.answer_to(Request(lambda: callback(*args, **kwargs), endpoint, data, bool(rate_limit_args)))

    @abstractmethod
    async def answer_to(self, request: Request) -> Json:
        """Make the request, now or later, or say that it was made."""


def speaks(endpoint: str) -> bool:
    """Whether a method of the Bot API counts against the limits: what puts or changes a message."""
    return endpoint.startswith(_SPEAKS) and endpoint not in _SILENT
