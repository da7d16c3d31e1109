"""What a channel writes under each post of its own: asked to subscribe, a reader learns nothing of the event."""

from __future__ import annotations

import re

LONGEST = 120
"""Characters of a line that may still be a footer."""

_ASKS = re.compile(
    r"подпис(?:ат[ьс]|ывайт|ывай|ка)|подпиши|підпис(?:ат[иь]|уйт|уй|ка)|підпиш|subscribe|join us|follow us"
    r"|(?:при|на)[сд][лі]\w* (?:нам )?(?:свою )?(?:новост|новин|видео|відео)|предложить новость|запропонувати новину"
    r"|наш\w* (?:канал|чат|telegram|телеграм|бот)|читайте (?:нас|также)|больше новостей|більше новин"
    r"|поддержать (?:канал|нас)|підтримати (?:канал|нас)|обратная связь|зворотн\w+ зв|t\.me/",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_MARK = re.compile(r"(?:https?://|@|#)\S+")


def without_footer(text: str) -> str:
    """A text without the lines at its end that only ask for something, or hold nothing but links, mentions or signs.

    A first line is never taken away. What is kept ends where a line ends.
    """
    end = len(text.rstrip())
    while (start := text.rfind("\n", 0, end)) > 0 and _is_footer(text[start:end].strip()):
        end = len(text[:start].rstrip())
    return text[:end]


def _is_footer(line: str) -> bool:
    if not _LETTER.search(_MARK.sub("", line)):
        return not any(map(str.isdigit, line))
    return len(line) <= LONGEST and _ASKS.search(line) is not None
