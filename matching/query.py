"""A query: what a subscriber or an operator asks for. One language for alerts and for search (design, "The query
language")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matching.bursts import Burst
from matching.conditions import Channel, InSet, Topic
from matching.errors import QueryError
from matching.field_values import Asker
from matching.fields import PostFields
from matching.highlighting import highlights
from matching.ids import ChannelId, ChannelSetId
from matching.names import Names
from matching.nodes import Leaf, Node, canonical, holds, leaves, replace_leaves, write
from matching.parser import parse_tree

__all__ = ["Query", "QueryError", "highlights", "parse"]


_NAMELESS: Mapping[ChannelSetId, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. Its text, `str(query)`, says what was understood and parses to an equal query."""

    root: Node

    def __str__(self) -> str:
        return write(self.root)

    @property
    def canonical(self) -> str:
        """Equal for queries that ask the same in other words: order, repetition and the form of a word make no
        difference.

        It is a key, not a text for people, and depends on the dictionaries' versions: compute it anew, don't trust
        a stored one.
        """
        return canonical(self.root)

    def matches(self, fields: PostFields) -> bool:
        """Whether a post has what is asked for, computed slowly and obviously: the specification (design, "the
        law")."""
        return holds(self.root, fields)

    @property
    def burst(self) -> Burst | None:
        """What news of bursts it asks for; None for a query that asks for posts."""
        return self.root if isinstance(self.root, Burst) else None

    def channel_names(self) -> frozenset[str]:
        """Usernames of channels that are still to be resolved, lower case, without @."""
        return frozenset(
            leaf.channel for leaf in leaves(self.root) if isinstance(leaf, Channel) and isinstance(leaf.channel, str)
        )

    def set_names(self) -> frozenset[str]:
        """Names of channel sets that were not known when the query was read."""
        return frozenset(
            leaf.channels for leaf in leaves(self.root) if isinstance(leaf, InSet) and isinstance(leaf.channels, str)
        )

    def topics(self) -> frozenset[str]:
        """The codes of the topics that it speaks of, denied ones too."""
        named = {leaf.code for leaf in leaves(self.root) if isinstance(leaf, Topic)}
        return frozenset(named | {self.burst.topic} if self.burst and self.burst.topic else named)

    def sets(self) -> frozenset[ChannelSetId]:
        """The channel sets that it speaks of, denied ones too."""
        return frozenset(
            leaf.channels
            for leaf in leaves(self.root)
            if isinstance(leaf, InSet) and not isinstance(leaf.channels, str)
        )

    def resolve(self, channels: Mapping[str, ChannelId]) -> Query:
        """The query with usernames replaced by our numbers of their channels; names not in `channels` stay."""

        def resolved(leaf: Leaf) -> Leaf:
            if isinstance(leaf, Channel) and isinstance(leaf.channel, str):
                return Channel(channels.get(leaf.channel, leaf.channel))
            return leaf

        return Query(replace_leaves(self.root, resolved))

    def render(self, usernames: Mapping[ChannelId, str], sets: Mapping[ChannelSetId, str] = _NAMELESS) -> str:
        """`str(query)` for people: channels and their sets by the names that they have now, as far as known."""

        def written(leaf: Leaf) -> str:
            if isinstance(leaf, Channel) and not isinstance(leaf.channel, str) and leaf.channel in usernames:
                return f"channel:@{usernames[leaf.channel].removeprefix('@')}"
            if isinstance(leaf, InSet) and not isinstance(leaf.channels, str) and leaf.channels in sets:
                return f"in:{sets[leaf.channels]}"
            return str(leaf)

        return write(self.root, written)


def parse(
    text: str,
    *,
    standing: bool = True,
    timezone: dt.tzinfo = dt.UTC,
    stored: bool = False,
    names: Names | None = None,
) -> Query:
    """Read a query.

    `standing`: for a subscription, which may not name dates. `timezone`: where the asker's days begin. `stored`:
    the text is the `str` of a query accepted before, so the limits on length, which a resolved channel may have
    pushed it over, are waived, and a topic or a set that is gone since matches nothing. `names`: the operator's own
    topics and channel sets; without it only the topics that everybody has are known, and sets stay unresolved.
    Raises QueryError.
    """
    return Query(parse_tree(text, Asker(standing, timezone, names, stored), is_stored=stored))
