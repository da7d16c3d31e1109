"""What Telethon asks by itself, held to the rules that our own requests follow.

Telethon is pinned to one version: these are its internals, and tests/ingest/test_telethon_requests.py holds it to them.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from telethon import TelegramClient, errors
from telethon.tl import TLRequest
from telethon.tl.alltlobjects import tlobjects

from ingest.asking import UNREADABLE, method_name

_TO_CONNECT = frozenset(("GetUsers", "GetState"))
"""Without an update state Telethon asks these while it connects, and does not connect if it may not."""


def leave_alone(client: TelegramClient, closed: Mapping[str, float]) -> None:
    """Let Telethon raise FloodWaitError by itself for these methods, for so many seconds. Before it connects.

    It remembers the flood waits that it has met, but not those of the clients before it: differences of channels, and
    whatever else does not go through `ingest.asking`, would be asked for while Telegram wants them left alone.
    """
    now = time.time()  # Telethon's own clock for this
    for method, seconds in closed.items():
        if method in _TO_CONNECT and not client._catch_up:
            continue
        for constructor in _CONSTRUCTORS.get(method, ()):
            client._flood_waited_requests[constructor] = now + seconds


def outlive_unreadable_differences(client: TelegramClient) -> None:
    """A difference that Telethon cannot read is trouble that may pass. Before it connects.

    By itself it disconnects, and so does the next client, which asks for the same. As a trouble of the server's it ends
    in a doubt (`ingest.telethon_gaps`), and we ask in ways of our own.
    """
    ask = client._call

    async def call(sender: Any, request: Any, **options: Any) -> Any:
        try:
            return await ask(sender, request, **options)
        except UNREADABLE:
            if asyncio.current_task() is not client._updates_handle:
                raise
            raise errors.ServerError(request, "DIFFERENCE_UNREADABLE", 500) from None

    client._call = call


def _constructors() -> dict[str, list[int]]:
    """Method name as `flood_waits` has it -> the constructors of all requests that are called so."""
    found = defaultdict(list)
    for constructor, kind in tlobjects.items():
        if issubclass(kind, TLRequest):
            found[method_name(kind)].append(constructor)
    return dict(found)


_CONSTRUCTORS = _constructors()
