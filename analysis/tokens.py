"""Where the words of a text are: the one pattern that both `analyse` and `spans` follow.

A token is a link, a mention, a hashtag or a word. Words are runs of letters and digits joined by apostrophes;
everything else separates (hyphen, underscore, punctuation, emoji), so a hyphenated word is two words in a row.
"""

from __future__ import annotations

import re

from analysis.folding import APOSTROPHES, INVISIBLE

_MARKS = "\u0300-\u036f" + INVISIBLE  # stress marks and invisible characters belong to the letter before them
_WORD = rf"[^\W_]+(?:[{APOSTROPHES}{_MARKS}]+[^\W_]+)*[{_MARKS}]*"
# Each begins with its first characters, and looks back past them, so that most places of a text are passed at a glance.
_LINK = (
    r"[HhTtWw](?<!\w.)(?:(?<=[Hh])(?i:ttps?://)|(?<=[Tt])(?i:g://|\.me/|elegram\.me/)|(?<=[Ww])(?i:ww\.))[^\s<>\"«»]+"
)
_MENTION = r"@(?<!\w@)[A-Za-z][A-Za-z0-9_]{2,31}(?![A-Za-z0-9_])"
_HASHTAG = rf"\#(?<!\w\#)_*{_WORD}(?:_+{_WORD})*_*"

WORD = re.compile(_WORD)
"""One word."""

TOKEN = re.compile(rf"{_LINK}|{_MENTION}|{_HASHTAG}|{_WORD}")
"""One token; which kind it is, its first characters tell (see `is_link`)."""


def is_link(token: str) -> bool:
    """Whether a token of `TOKEN` is a link: the only kind that holds a colon, a full stop or a slash."""
    return "." in token or ":" in token or "/" in token
