"""What the operator has named, so that queries can ask for it: own topics and sets of channels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from matching.ids import ChannelSetId

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""A topic's code. A button of the bot carries it: 64 bytes at most (Bot API documentation)."""

SET_NAME = re.compile(r"[^\W\d_][\w-]{0,39}")
"""A channel set's name, as `set_name` gives it: a letter first, then letters, digits, - and _."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of this moment. `topics`: codes and names of own topics, as `taxonomy.folded` gives them, to their
    codes; `sets`: the names of channel sets to their numbers."""

    topics: Mapping[str, str]
    sets: Mapping[str, ChannelSetId]

    @property
    def by_set(self) -> dict[ChannelSetId, str]:
        """The numbers of channel sets to their names: what `Query.render` takes."""
        return {number: name for name, number in self.sets.items()}


def set_name(typed: str) -> str:
    """A channel set's name as it is stored: case does not matter."""
    return typed.strip().casefold()
