"""Texts in pieces, for templates that escape each: no markup is ever made from a post's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from storage.post_values import LINK, Part
from web.wording import safe_link

MOST_LINKS = 30

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

STEERING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
"""Signs that turn the direction of what follows: a name could make the words behind it read backwards (S4)."""


def pieces(text: str, ranges: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut at ranges (characters, sorted, apart): each piece, and whether it is to be marked."""
    found, place = [], 0
    for start, end in ranges:
        found += [(text[place:start], False), (text[start:end], True)]
        place = end
    found.append((text[place:], False))
    return [piece for piece in found if piece[0]]


def links_of(parts: Sequence[Part]) -> list[str]:
    """Where a post links to, each address once: web pages only."""
    found: dict[str, None] = {}
    for part in parts:
        named = [*LINK.findall(part.text), *(entity.url for entity in part.entities if entity.url)]
        for url in named:
            url = url.strip()
            full = url if SCHEME.match(url) else f"https://{url}"
            if safe := safe_link(full.rstrip(".,;:!?)]")):
                found[safe] = None
    return list(found)[:MOST_LINKS]


def unsteered(text: str) -> str:
    """The text without what turns its direction."""
    return STEERING.sub("", text)
