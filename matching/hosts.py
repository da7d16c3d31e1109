"""The host of a link, as posts file it and as `link:` asks for it."""

from __future__ import annotations

import re

_LINK = re.compile(r"(?:[a-z][a-z0-9+]*://)?(?:[^/?#@\s]*@)?(?:www\.)?([^/?#:\s]+)", re.IGNORECASE)
_HOST = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*")


def host_of(link: str) -> str | None:
    """The host of a link with or without scheme, lower case, without "www."; None when there is none with a dot in
    it."""
    found = _LINK.match(link.strip())
    host = found[1].casefold().rstrip(".") if found else ""
    return host if _HOST.fullmatch(host) else None


def with_parents(host: str) -> frozenset[str]:
    """A host and its parent domains that still have a dot: news.bbc.co.uk, bbc.co.uk, co.uk."""
    labels = host.split(".")
    return frozenset(".".join(labels[start:]) for start in range(len(labels) - 1))
