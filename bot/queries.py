"""From what a person typed to a query that can be kept: channels looked up, mistakes explained."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping

from matching.ids import ChannelSetId
from matching.names import Names
from matching.query import Query, QueryError, parse
from storage.ids import ChannelId

PLACE_WIDTH = 34
"""Characters of a query shown around a mistake: what a phone shows of a monospaced line."""


NAMELESS = Names({}, {})
"""Where there are neither own topics nor channel sets."""

NO_SETS: Mapping[ChannelSetId, str] = {}


class UnknownChannels(Exception):
    """The query names channels that are not read; `names` without @, in order."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Channels that are not read: {', '.join(names)}")
        self.names = names


def understand(
    text: str,
    channels: Mapping[str, ChannelId],
    *,
    standing: bool,
    zone: dt.tzinfo = dt.UTC,
    said_by_us: bool = False,
    names: Names = NAMELESS,
) -> Query:
    """The query in a person's words, its channels by our numbers.

    `channels`: usernames in lower case to our numbers. `names`: own topics and channel sets. `said_by_us`: the text is
    `Query.render`, accepted before. Raises QueryError, and UnknownChannels for names not in `channels`.
    """
    query = parse(text, standing=standing, timezone=zone, stored=said_by_us, names=names).resolve(channels)
    if unknown := query.channel_names():
        raise UnknownChannels(sorted(unknown))
    return query


def read_stored(queries: Iterable[str]) -> list[Query]:
    """Stored queries, parsed; one that this version cannot read any more is left out, never an obstacle."""
    found = []
    for text in queries:
        try:
            found.append(parse(text, stored=True, standing=False))
        except QueryError:
            continue
    return found


def understood_again(
    stored: str, usernames: Mapping[ChannelId, str], sets: Mapping[ChannelSetId, str] = NO_SETS
) -> str:
    """A stored query as people read it, channels and their sets by the names they have now."""
    return next((query.render(usernames, sets) for query in read_stored([stored])), stored)


def usernames_of(channels: Mapping[str, ChannelId]) -> dict[ChannelId, str]:
    """Our numbers of channels to their usernames: what `Query.render` takes."""
    return {channel_id: name for name, channel_id in channels.items()}


def place_of(text: str, error: QueryError) -> str:
    """Two monospaced lines: the piece of the query around the mistake, and a caret under it."""
    line = re.sub(r"\s", " ", text)
    position = max(0, min(error.position, len(line)))
    start = max(0, position - PLACE_WIDTH // 2)
    before = "…" if start else ""
    after = "…" if start + PLACE_WIDTH < len(line) else ""
    return f"{before}{line[start : start + PLACE_WIDTH]}{after}\n{' ' * (len(before) + position - start)}^"


def repaired(error: QueryError, *, standing: bool, names: Names = NAMELESS) -> str | None:
    """The mended query that the error suggests, if it can be understood: a button must not lead to the next mistake."""
    if error.suggestion is None:
        return None
    try:
        parse(error.suggestion, standing=standing, names=names)
    except QueryError:
        return None
    return error.suggestion
