"""How people write a channel's name, and the one way we write it. Pure."""

from __future__ import annotations

import re


class BadChannelName(ValueError):
    """This is no public channel's name; the message says what one looks like."""


_LINK = re.compile(
    r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/(?:s/)?(?P<name>[^/?#]*)(?:[/?#].*)?", re.IGNORECASE
)
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])+")
SHORTEST, LONGEST = 4, 32
"""Telegram gives names of 5 to 32 characters, and sells some of 4 (core.telegram.org/api/links)."""

_NOT_CHANNELS = frozenset(
    ("joinchat", "addstickers", "addemoji", "addtheme", "addlist", "proxy", "socks", "share", "iv", "login", "c")
)
"""First words of t.me links that lead somewhere else (core.telegram.org/api/links)."""


def channel_name(text: str) -> str:
    """The bare username in @NAME, NAME, t.me/NAME or a link to one of its posts. Raises BadChannelName."""
    stripped = text.strip()
    link = _LINK.fullmatch(stripped)
    if link and (link["name"].startswith("+") or link["name"].lower() in _NOT_CHANNELS):
        raise BadChannelName("Only public channels can be watched: give the channel's @name, not an invitation link.")
    name = link["name"] if link else stripped.removeprefix("@")
    if not SHORTEST <= len(name) <= LONGEST or not _NAME.fullmatch(name):
        raise BadChannelName(
            "A channel's name looks like @news_kremlin or t.me/news_kremlin: 4 to 32 Latin letters, digits and single "
            "underscores, a letter first."
        )
    return name
