"""A query as an operator types it: read with everything that it may name, or what is wrong with it, at its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from matching.conditions import Channel, InSet, Language
from matching.errors import QueryError
from matching.names import Names
from matching.nodes import And, Node, all_of
from matching.query import Query, parse
from storage.channels import channel_names
from storage.database import Connection
from storage.definitions import read_names
from storage.ids import ChannelId
from web.texts import Texts

INSTEAD = ((Channel, InSet), (Language,))
"""Of these a post has one: another is asked for instead of it, not beside it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the query box, and what was understood: `query`, or `problem`, or (an empty box) neither."""

    words: str
    query: Query | None = None
    problem: Problem | None = None
    usernames: Mapping[ChannelId, str] | None = None
    names: Names | None = None
    zone: dt.tzinfo = dt.UTC

    @property
    def understood(self) -> str:
        """The query as people read it, channels and sets by the names they have now."""
        if self.query is None:
            return self.words
        return self.query.render(self.usernames or {}, self.names.by_set if self.names else {})

    def narrowed(self, piece: str) -> str:
        """The query in words with another piece (a facet's); a channel or a language stands instead of another."""
        if self.query is None:
            return piece
        added = self._leaves(piece)
        kinds = [kind for kind in INSTEAD if isinstance(added[0], kind)]
        kept = [part for part in self._parts() if not any(isinstance(part, kind) for kind in kinds)]
        return replace(self, query=Query(all_of([*kept, *added]))).understood

    def without(self, piece: str) -> str:
        """The query in words without a piece that it has; the empty text when nothing is left."""
        if self.query is None:
            return ""
        gone = self._leaves(piece)
        kept = [part for part in self._parts() if part not in gone]
        return replace(self, query=Query(all_of(kept))).understood if kept else ""

    def _leaves(self, piece: str) -> tuple[Node, ...]:
        """The piece read beside a word: a language or a day alone is too wide to be a query."""
        root = parse(f"{piece} word", standing=False, timezone=self.zone, stored=True, names=self.names).root
        return root.parts[:-1] if isinstance(root, And) else ()

    def _parts(self) -> tuple[Node, ...]:
        root = self.query.root if self.query else And(())
        return root.parts if isinstance(root, And) else (root,)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in the operator's language; the words before and at the place; and the query mended."""

    sentence: str
    before: str
    at: str
    suggestion: str | None


async def asked(connection: Connection, words: str, texts: Texts, zone: dt.tzinfo) -> Asked:
    """Read what was typed."""
    words = " ".join(words.split())
    if not words:
        return Asked("")
    names = await read_names(connection)
    channels = await channel_names(connection)
    try:
        query = parse(words, standing=False, timezone=zone, names=names).resolve(channels)
    except QueryError as error:
        return Asked(words, problem=_problem(words, error, texts, names))
    if unknown := sorted(query.channel_names()):
        place = words.lower().find(unknown[0])
        before, at = (words[:place], words[place:]) if place >= 0 else (words, "")
        sentence = texts.say("unknown_channel", name=f"@{unknown[0]}")
        return Asked(words, problem=Problem(sentence, before, at, None))
    return Asked(words, query, usernames={number: name for name, number in channels.items()}, names=names, zone=zone)


def _problem(words: str, error: QueryError, texts: Texts, names: Names) -> Problem:
    place = max(0, min(error.position, len(words)))
    suggestion = error.suggestion
    try:
        if suggestion is not None:
            parse(suggestion, standing=False, names=names)
    except QueryError:
        suggestion = None  # a link must not lead to the next mistake
    return Problem(texts.wrong(error), words[:place], words[place:], suggestion)
