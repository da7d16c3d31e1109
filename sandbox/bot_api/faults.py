"""What `world.faults.add("bot_api", method, ...)` may hold: how one call of the method goes wrong.

"Accepted" is the moment a message stands in its chat and in the ledger: before it nothing happened, after it only
the answer is lost, and a bot can't tell the two apart.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer, say Refusal(401, "Unauthorized"); a 429 without parameters is one without `parameters`."""

    code: int
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flood:
    """429 with retry_after (whole seconds) and a real ban: of the request's chat, or of the whole bot."""

    retry_after: int
    whole_bot: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """So many seconds pass before the request is looked at; then it is served as always."""

    seconds: float


@dataclass(frozen=True, slots=True)
class DropBefore:
    """The connection breaks before anything is accepted."""


@dataclass(frozen=True, slots=True)
class DropAfter:
    """The request is served and accepted, then the connection breaks: the answer is lost."""


@dataclass(frozen=True, slots=True)
class BadGateway:
    """502 with a page of HTML, as a proxy answers; `accepted` says whether the request was served behind it."""

    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Garbage:
    """200 with a body that is no JSON; `accepted` says whether the request was served behind it."""

    accepted: bool = True
    body: str = "<!doctype html><title>sign in to the network</title>"


@dataclass(frozen=True, slots=True)
class BlackHole:
    """The request is taken and never answered: neither data nor an end of the connection, until the server stops."""


Fault = Refusal | Flood | Delay | DropBefore | DropAfter | BadGateway | Garbage | BlackHole

UNAUTHORIZED = Refusal(401, "Unauthorized")
"""What a revoked token hears; once, it is a stray answer that a bot has to survive."""
CONFLICT = Refusal(
    409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
"""What the older of two pollers hears."""


@dataclass(slots=True)
class Lasting:
    """A fault that meets calls until it is taken away: a share of them, drawn by a seeded generator."""

    fault: Fault
    share: float = 1.0
    draw: random.Random = field(default_factory=lambda: random.Random(0))

    def meets(self) -> bool:
        """Whether it meets this call."""
        return self.share >= 1 or self.draw.random() < self.share
