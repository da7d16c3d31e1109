"""Messages by apprise, an optional library that speaks to mail, Slack, Matrix and a hundred others.

Its addresses are the operators' own, given on the command line only: it connects wherever they say, and holds to no
rule of ours about public addresses (decision 23).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
import logging
from typing import TYPE_CHECKING

from web.webhooks.requests import Answer

if TYPE_CHECKING:
    from apprise import Apprise

LONGEST = dt.timedelta(seconds=30)
"""Apprise waits 4 s for a connection and 4 s for an answer, and a mail takes several of each."""


class NoApprise(Exception):
    """The library is not installed."""


def check(address: str) -> str:
    """The scheme of an address that apprise understands. Raises NoApprise, or ValueError for any other address."""
    _opened(address)
    return address.partition("://")[0].lower()


async def notify(address: str, title: str, said: str) -> Answer:
    """Send a message. Never raises; apprise says only whether it went."""
    try:
        async with asyncio.timeout(LONGEST.total_seconds()):
            went = await asyncio.to_thread(_notify, address, title, said)
    except (NoApprise, ValueError) as error:
        return Answer(None, str(error))
    except TimeoutError:
        return Answer(None, f"no answer within {LONGEST.total_seconds():.0f} s")
    except Exception as error:  # noqa: BLE001 - of a hundred plug-ins; the rest of the program goes on
        return Answer(None, f"apprise failed ({type(error).__name__})")
    return Answer(200, "sent") if went else Answer(None, "apprise could not send it")


def _notify(address: str, title: str, said: str) -> bool:
    return bool(_opened(address).notify(body=said, title=title))


def _opened(address: str) -> Apprise:
    if importlib.util.find_spec("apprise") is None:
        raise NoApprise("Install the extra `notify` to send by apprise: pip install 'channelwatch[notify]'")
    from apprise import Apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses, and they hold passwords
    sender = Apprise()
    if not sender.add(address):
        raise ValueError("Apprise does not understand this address: https://github.com/caronc/apprise lists all.")
    return sender
