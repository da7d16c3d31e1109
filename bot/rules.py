"""The rules of the house, as whoever runs this bot has set them: who may come in, how much, whom to ask."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Entry(StrEnum):
    """Who may use the bot (docs/decisions/0018-access.md)."""

    OPEN = "open"
    """Everybody who is not kept out."""
    INVITE = "invite"
    """Operators, people on the list, and who opened an invitation."""
    LISTED = "listed"
    """Operators and people on the list."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What config.settings.BotSettings says; without settings (tests, the demo) everybody may come in."""

    entry: Entry = Entry.OPEN
    operators: frozenset[int] = frozenset()
    """Numbers of people; operators can name more in the chat."""
    listed: frozenset[int] = frozenset()
    """Numbers of people, or (negative) of groups, that may use the bot."""
    inline: frozenset[int] = frozenset()
    """Numbers of people who may find posts from any chat by `@bot words`."""
    contact: str = ""
    """How whoever runs this bot can be reached; said in /privacy and to who is not let in."""
    most_subscriptions: int = 50
    """Of one chat."""
    commands_a_minute: int = 20
    """Of one person in one chat; buttons three times as many, for they are pressed in quick succession."""
    inline_a_minute: int = 60
    """Inline queries of one person: a client asks with every few letters that are typed."""
