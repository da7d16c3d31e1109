"""Reading public previews (t.me/s/NAME) without an account: one polite request at a time, never more than is needed.

Only the pages themselves are fetched, and of a name without one the page that says why: no media, no scripts and none
of the requests by which a browser counts views.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from ingest.archive_values import USERNAME
from ingest.preview_host import PreviewHost
from ingest.preview_page import NoPreview, PreviewPage, read_page

BASE_URL = "https://t.me"


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The newest page is as it was when it was last read."""


class PreviewReader:
    """Reads the pages of channels by name. Use it as a context, or close it."""

    def __init__(
        self,
        base_url: str = BASE_URL,
        session: aiohttp.ClientSession | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Raise ValueError where base_url is no plain http(s) address. A session that is given stays the caller's."""
        self._host = PreviewHost(base_url, session, clock=clock, sleep=sleep, jitter=jitter)
        self._validators: dict[str, dict[str, str]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._host.close()

    async def page(self, username: str, before: int | None = None) -> PreviewPage | Unchanged | NoPreview:
        """The newest messages, or those right before a message id.

        Waits its turn: behind other pages, and while the site wants to be left alone. Raises PreviewAway when the page
        cannot be had now, ValueError for what is no username.
        """
        if not USERNAME.fullmatch(username):
            raise ValueError(f"{username!r} is no username")
        query = {"before": str(before)} if before is not None else {}
        key = username.lower()
        answer = await self._host.get(("s", username), query, {} if query else self._validators.get(key, {}))
        if answer.status == 304:
            self._host.worked()
            return Unchanged()
        if answer.location is not None:
            return await self._why_not(username, answer.location)
        page = read_page(answer.text)
        if page is None:
            raise self._host.gave_up("the answer is no preview page")
        self._host.worked()
        if isinstance(page, NoPreview):
            return page
        if page.username is not None and page.username.lower() != key:
            return NoPreview.UNKNOWN  # the name leads to another channel: it is nobody's we know
        if not query:
            self._validators[key] = answer.validators
        return page

    def forget(self, username: str) -> None:
        """Read the newest page as if for the first time: what was made of it has been lost."""
        self._validators.pop(username.lower(), None)

    async def _why_not(self, username: str, location: URL) -> NoPreview:
        """Where there is no preview, Telegram sends us on to the page by which one opens the name in the app."""
        if location.path.strip("/").lower() != self._host.path_of(username).lower():
            raise self._host.gave_up("the page has moved to where no preview is")
        answer = await self._host.get((username,), {}, {})
        reason = read_page(answer.text) if answer.status == 200 else None
        if not isinstance(reason, NoPreview):
            raise self._host.gave_up("the page does not say why there is no preview")
        self._host.worked()
        return reason
