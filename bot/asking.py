"""What a person asks for in words: read by the names that things have now, or the reason why it cannot be answered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.message import Button, Message
from bot.queries import UnknownChannels, place_of, repaired, understand, understood_again, usernames_of
from bot.rich_text import RichText, code, fill, joined, plain, pre
from bot.texts import Catalogue
from matching.names import Names
from matching.query import Query, QueryError
from storage import channels
from storage.database import Connection
from storage.definitions import read_names
from storage.ids import ChannelId
from storage.search import SearchHeldUp, SearchTooSlow

NOT_ANSWERED = (QueryError, UnknownChannels, SearchTooSlow, SearchHeldUp)
"""What reading a query and asking the stored posts raise, for `explain`."""


@dataclass(frozen=True, slots=True)
class Known:
    """Channels, channel sets and own topics by the names they have now."""

    channels: dict[str, ChannelId]
    names: Names

    @property
    def usernames(self) -> dict[ChannelId, str]:
        """Our numbers of channels to their usernames."""
        return usernames_of(self.channels)

    def understood(self, text: str, *, standing: bool, zone: dt.tzinfo = dt.UTC, said_by_us: bool = False) -> Query:
        """The query in a person's words. Raises QueryError or UnknownChannels."""
        return understand(text, self.channels, standing=standing, zone=zone, said_by_us=said_by_us, names=self.names)

    def said(self, query: Query) -> str:
        """A query as people read it."""
        return query.render(self.usernames, self.names.by_set)

    def said_again(self, stored: str) -> str:
        """A stored query as people read it."""
        return understood_again(stored, self.usernames, self.names.by_set)


async def known_now(connection: Connection) -> Known:
    """The names of this moment."""
    return Known(await channels.channel_names(connection), await read_names(connection))


def explain(text: str, error: Exception, texts: Catalogue, known: Known, *, standing: bool) -> Message:
    """Why one of NOT_ANSWERED; of a query that was refused also where, and what would do instead."""
    blocks = [reason_of(error, texts, standing=standing)]
    if not isinstance(error, QueryError):
        return Message(blocks[0])
    blocks.append(plain(texts.query_place) + "\n" + pre(place_of(text, error)))
    mended = repaired(error, standing=standing, names=known.names)
    if mended is None:
        return Message(joined("\n\n", blocks))
    blocks.append(fill(texts.query_suggestion, query=code(mended)))
    verb = "f" if standing else "g"
    return Message(joined("\n\n", blocks), ((Button(texts.try_suggestion, data=f"{verb}:"),),))


def reason_of(error: Exception, texts: Catalogue, *, standing: bool) -> RichText:
    """Why one of NOT_ANSWERED, in a sentence."""
    match error:
        case QueryError():
            return fill(texts.query_refused, reason=texts.refusal(error))
        case UnknownChannels():
            template = texts.counted(texts.unknown_channels, len(error.names))
            return fill(template, names=", ".join(f"@{name}" for name in error.names))
    # A standing query may name no days.
    return fill(texts.search_too_slow, example=code("channel:@name" if standing else "after:2026-11-01"))
