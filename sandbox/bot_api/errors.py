"""Refusals of the Bot API: the answer {"ok": false} with its code, words and parameters."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request that the Bot API refuses; the code is the HTTP status too."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class BadRequest(ApiError):
    """400: the request is wrong; `reason` as the real server words it, without the leading "Bad Request: "."""

    def __init__(self, reason: str, **parameters: Any) -> None:
        super().__init__(400, f"Bad Request: {reason}", **parameters)


class Forbidden(ApiError):
    """403: the bot may not speak there."""

    def __init__(self, reason: str) -> None:
        super().__init__(403, f"Forbidden: {reason}")


class TooManyRequests(ApiError):
    """429: a limit is exceeded; come back after so many whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


class NotInTheBox(NotImplementedError):
    """The real server knows this, the box does not: the test that needs it has to say so, not to pass."""
