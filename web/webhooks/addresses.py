"""Where webhooks may go: public addresses only, looked up once and then kept to (fault matrix S13)."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Collection

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

LONGEST_URL = 2_000

HOST = re.compile(r"[A-Za-z0-9._:-]+")
"""A name as the wire has it (RFC 1123, and underscores), or a number; no zone."""

NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # Azure's host, a public number that is none
            "192.0.0.0/24",  # the IETF's own; Oracle's cloud answers at .192
            "192.88.99.0/24",  # the old 6to4 relays
            "::/96",  # IPv4 numbers written as IPv6
            "::ffff:0:0/96",
            "64:ff9b::/96",  # IPv4 through a translator (RFC 6052, RFC 8215)
            "64:ff9b:1::/48",
            "2001::/32",  # Teredo and 6to4 carry an IPv4 number inside
            "2002::/16",
            "fec0::/10",
        ),
    )
)
"""What `is_global` lets pass, or has let pass in some release of Python, and what hides another number."""


class AddressRefused(Exception):
    """Nothing is sent there; the message says why."""


def is_public(number: str) -> bool:
    """Whether an IP number is one of the public internet."""
    try:
        address = ipaddress.ip_address(number)
    except ValueError:  # with a zone, such as fe80::1%eth0
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(str(address.ipv4_mapped))
    is_hidden = any(address in network for network in NEVER if network.version == address.version)
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or is_hidden
    )


def checked(text: str, allowed: Collection[str]) -> URL:
    """The address as it will be asked, if that is an address at all. `allowed`: hosts that the operator trusts.

    Raises AddressRefused.
    """
    try:
        url = URL(text) if len(text) <= LONGEST_URL else URL()
        host, _ = url.raw_host, url.port
    except ValueError:
        raise AddressRefused("This is no address of a webhook: https://host/path") from None
    if not host or not HOST.fullmatch(host) or url.scheme not in ("https", "http"):
        raise AddressRefused("This is no address of a webhook: https://host/path")
    if url.user is not None or url.password is not None:
        raise AddressRefused("A name and password do not belong into a webhook's address: its requests are signed.")
    if url.scheme == "http" and host.lower() not in allowed:
        raise AddressRefused("Webhooks go by https: only to hosts of CHANNELWATCH_WEBHOOK_HOSTS also by http.")
    return url.with_fragment(None)


async def look_up(url: URL, allowed: Collection[str]) -> list[ResolveResult]:
    """The numbers of a checked address. Raises AddressRefused when any of them is not public, or there is none.

    Whatever form a number is written in (decimal, octal, hexadecimal), the system's resolver reads it, and what it
    read is judged. `OSError` is left to the caller: a name may be found later.
    """
    host, port = url.raw_host or "", url.port or 0
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [(family, str(address[0])) for family, _, _, _, address in found]
    if host.lower() not in allowed and not all(is_public(number) for _, number in numbers):
        raise AddressRefused("the address is not public")
    return [
        ResolveResult(hostname=host, host=number, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
        for family, number in numbers
    ]


class Pinned(AbstractResolver):
    """Gives the numbers that were judged, whatever the name means a moment later."""

    def __init__(self, numbers: list[ResolveResult]) -> None:
        self._numbers = numbers

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """For the one host that was looked up."""
        if any(each["hostname"] != host for each in self._numbers):
            raise OSError("another host than was looked up")
        return self._numbers

    async def close(self) -> None:
        """Nothing is held."""
