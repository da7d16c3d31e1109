"""What a test may script to go wrong: `world.faults.add("mtproto", "messages.getHistory", RpcFault(420, ...))`.

A method is named as in the API ("messages.getHistory") or by its last part alone ("GetHistory"), in any case.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RpcFault:
    """Answer with this error instead, e.g. `RpcFault(420, "FLOOD_WAIT_7")`. Telethon retries code 500 after 2 s."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Delay:
    """Serve the call only after so many real seconds; calls behind it are not held up."""

    seconds: float


@dataclass(frozen=True, slots=True)
class DropSocket:
    """Reset the connection: before the call is handled, or (`handled`) after it, so that only the answer is lost."""

    handled: bool = False


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Take the call and never answer it, though the connection lives."""
