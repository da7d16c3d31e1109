"""The one web site that previews are read from: its pace, its back-off, and what of its answers we take."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.metadata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from ingest.pace import Pace

EVERY = dt.timedelta(seconds=2)
"""Between two requests, whatever the number of channels. Telegram names no limit for its pages; peers that read them
32 at once are blocked in whole networks (reference: peers, 5.1, 6.5), a reader who turns pages by hand is not."""

SHORTEST_PAUSE = dt.timedelta(seconds=5)
LONGEST_PAUSE = dt.timedelta(minutes=15)
"""After the first failure and after many: each doubles the pause. Later than 15 minutes a post is told in a digest, so
a site that is back must have been asked by then."""

LONGEST_OBEYED = dt.timedelta(days=1)
"""A Retry-After beyond this is a mistake of the clock's or the site's, not a wish."""

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10, sock_read=15)
"""Seconds. A page takes one; what has not come by then is asked for again later."""

LARGEST_PAGE = 4 * 2**20
"""Bytes, unpacked. Twenty posts of 4,096 characters with their markup stay below 1 MiB."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PIECE = 2**16


class PreviewAway(Exception):
    """A page cannot be had now; the message says why. The site is left alone for a while, then asking is welcome."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site said: 200 with a text, 304, or a redirect within the site."""

    status: int
    text: str = ""
    location: URL | None = None
    validators: dict[str, str] = field(default_factory=dict)
    """Headers with which to ask whether the page has changed since."""


def user_agent() -> str:
    """Who we are: a site that minds us can tell us from others."""
    try:
        return f"channelwatch/{importlib.metadata.version('channelwatch')}"
    except importlib.metadata.PackageNotFoundError:
        return "channelwatch"


class PreviewHost:
    """Asks one site, one request at a time. Redirects are never followed: other sites are none of ours."""

    def __init__(
        self,
        base_url: str,
        session: aiohttp.ClientSession | None,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        jitter: Callable[[float, float], float],
    ) -> None:
        self._base = _base(base_url)
        self._session = session
        self._is_ours = session is None
        self._pace = Pace(1, EVERY, clock=clock, sleep=sleep)
        self._one_at_a_time = asyncio.Lock()
        self._jitter = jitter
        self._failures = 0

    async def close(self) -> None:
        """Close the session, unless it was given to us."""
        if self._session is not None and self._is_ours:
            await self._session.close()
            self._session = None

    def path_of(self, *path: str) -> str:
        """The path of an address, without slashes around it."""
        return self._base.joinpath(*path).path.strip("/")

    async def get(self, path: Sequence[str], query: Mapping[str, str], validators: Mapping[str, str]) -> Answer:
        """One answer, when its turn comes. Raises PreviewAway for any that is none.

        Where a connection breaks before an answer, aiohttp asks once more by itself.
        """
        url = self._base.joinpath(*path).with_query(query)
        async with self._one_at_a_time:
            await self._pace.wait()
            try:
                return await self._ask(url, validators)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                raise self.gave_up(f"the site did not answer ({type(error).__name__})") from None

    def worked(self) -> None:
        """An answer made sense: the next failure is the first again."""
        self._failures = 0

    def gave_up(self, why: str, retry_after: dt.timedelta | None = None) -> PreviewAway:
        """Leave the site alone: twice as long as last time, half of it by chance, and at least as long as it asks."""
        pause = min(SHORTEST_PAUSE * 2 ** min(self._failures, 20), LONGEST_PAUSE) * self._jitter(0.5, 1)
        self._failures += 1
        self._pace.close_for(max(pause, retry_after or pause))
        return PreviewAway(why)

    async def _ask(self, url: URL, validators: Mapping[str, str]) -> Answer:
        if self._session is None:  # no cookies: every request is like the first
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        # Telegram's own words on a page ("edited", "subscribers") come in the language asked for
        headers = {"User-Agent": user_agent(), "Accept": "text/html", "Accept-Language": "en", **validators}
        async with self._session.get(url, headers=headers, allow_redirects=False, timeout=TIMEOUT) as response:
            if response.status in _REDIRECTS:
                return Answer(response.status, location=self._own(url, response.headers.get("Location", "")))
            if response.status == 304 and validators:
                return Answer(304)
            if response.status != 200:
                wish = _retry_after(response.headers.get("Retry-After"))
                raise self.gave_up(f"the site answered {response.status}", wish)
            return Answer(200, await self._body(response), validators=_validators(response.headers))

    def _own(self, url: URL, location: str) -> URL:
        target = url.join(URL(location))
        if target.origin() != self._base.origin():
            raise self.gave_up("the site sent us to another site")
        return target

    async def _body(self, response: aiohttp.ClientResponse) -> str:
        body = bytearray()
        async for piece in response.content.iter_chunked(_PIECE):
            body += piece
            if len(body) > LARGEST_PAGE:
                raise self.gave_up("the page is larger than any preview page")
        return body.decode("utf-8", "replace")


def _base(base_url: str) -> URL:
    base = URL(base_url)
    if base.scheme not in ("http", "https") or not base.host or base.user or base.query_string or base.fragment:
        raise ValueError(f"{base_url!r} is no address of a site, such as https://t.me")
    return base


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    named = {"If-None-Match": headers.get("ETag"), "If-Modified-Since": headers.get("Last-Modified")}
    return {name: value for name, value in named.items() if value}


def _retry_after(value: str | None) -> dt.timedelta | None:
    """Seconds, or a date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    try:
        if value.strip().isdecimal():
            wish = dt.timedelta(seconds=int(value))
        else:
            wish = parsedate_to_datetime(value) - dt.datetime.now(dt.UTC)
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(wish, dt.timedelta()), LONGEST_OBEYED)
