"""One request to a webhook: three seconds, no redirect, and nothing of what comes back but the status."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import aiohttp

from web.webhooks.addresses import AddressRefused, Pinned, checked, look_up

LONGEST = dt.timedelta(seconds=3)
"""From the look-up of the name to the status (fault matrix S13)."""

AGENT = "channelwatch (+webhooks)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request."""

    status: int | None
    """None: nothing came back, and nobody can know whether it arrived."""
    detail: str
    retry_after: dt.timedelta | None = None
    """How long the receiver wants to be left alone."""

    @property
    def is_accepted(self) -> bool:
        """The receiver has it."""
        return self.status is not None and 200 <= self.status < 300


async def post(address: str, body: bytes, headers: Mapping[str, str], allowed: Collection[str]) -> Answer:
    """Send a body. Never raises: what goes wrong is said in a few words, without the address."""
    try:
        async with asyncio.timeout(LONGEST.total_seconds()):
            return await _post(address, body, headers, allowed)
    except AddressRefused as refused:
        return Answer(None, str(refused))
    except TimeoutError:
        return Answer(None, f"no answer within {LONGEST.total_seconds():.0f} s")
    except (aiohttp.ClientSSLError, ssl.SSLError):
        return Answer(None, "no secure connection: the certificate or the protocol is refused")
    except aiohttp.ClientConnectorError:
        return Answer(None, "nobody listens there")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Answer(None, f"the connection failed ({type(error).__name__})")


async def _post(address: str, body: bytes, headers: Mapping[str, str], allowed: Collection[str]) -> Answer:
    url = checked(address, allowed)
    connector = aiohttp.TCPConnector(
        resolver=Pinned(await look_up(url, allowed)), use_dns_cache=False, limit=1, force_close=True
    )
    async with (
        aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
        ) as session,
        session.post(
            url,
            data=body,
            headers={"content-type": "application/json", "user-agent": AGENT, **headers},
            allow_redirects=False,
        ) as response,
    ):
        # The body is not read: nobody needs it, and it may be endless.
        detail = f"HTTP {response.status}" + (
            ", and redirects are not followed" if _is_redirect(response.status) else ""
        )
        return Answer(response.status, detail, _retry_after(response.headers.get("retry-after", "")))


def _is_redirect(status: int) -> bool:
    return 300 <= status < 400


def _retry_after(said: str) -> dt.timedelta | None:
    """The header's seconds; its other form, a date, is not worth trusting two clocks for."""
    return dt.timedelta(seconds=int(said)) if said.isascii() and said.isdigit() and len(said) < 7 else None
