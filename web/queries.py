"""Queries as people type and read them, with all that they may name; and what is wrong with one, at its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from matching.conditions import Channel, InSet, Language
from matching.errors import QueryError
from matching.ids import ChannelId, ChannelSetId
from matching.names import Names
from matching.nodes import And, Node, all_of
from matching.query import Query, parse
from storage.channels import channel_names
from storage.database import Connection
from storage.definitions import read_names
from web.texts import Texts

INSTEAD = ((Channel, InSet), (Language,))
"""Of these a post has one: another is asked for instead of it, not beside it."""


class UnknownChannel(Exception):
    """A query names a channel that is not stored; `name` is its username, in small letters."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no channel @{name}.")
        self.name = name


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What queries may name at this moment: own topics and channel sets, and channels by their usernames."""

    names: Names
    channels: Mapping[str, ChannelId]
    usernames: Mapping[ChannelId, str]
    sets: Mapping[ChannelSetId, str]

    def understood(self, words: str, zone: dt.tzinfo = dt.UTC) -> Query:
        """A query as a search means it. Raises QueryError or UnknownChannel."""
        query = parse(words, standing=False, timezone=zone, names=self.names).resolve(self.channels)
        if unknown := query.channel_names():
            raise UnknownChannel(min(unknown))
        return query

    def written(self, query: Query) -> str:
        """A query as people read it: channels and sets by the names that they have now."""
        return query.render(self.usernames, self.sets)

    def written_again(self, stored: str) -> str:
        """The same of a stored one; as it stands, where a release with another language has stored it."""
        try:
            return self.written(parse(stored, standing=False, stored=True))
        except QueryError:
            return stored


async def read_vocabulary(connection: Connection) -> Vocabulary:
    """As of now."""
    names, channels = await read_names(connection), await channel_names(connection)
    return Vocabulary(names, channels, {number: name for name, number in channels.items()}, names.by_set)


NOTHING = Vocabulary(Names({}, {}), {}, {}, {})


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the query box, and what was understood: `query`, or `problem`, or (an empty box) neither."""

    words: str
    query: Query | None = None
    problem: Problem | None = None
    vocabulary: Vocabulary = NOTHING
    zone: dt.tzinfo = dt.UTC

    @property
    def understood(self) -> str:
        """The query as people read it."""
        return self.vocabulary.written(self.query) if self.query is not None else self.words

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
        root = parse(f"{piece} word", standing=False, timezone=self.zone, stored=True, names=self.vocabulary.names).root
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
    vocabulary = await read_vocabulary(connection)
    try:
        query = vocabulary.understood(words, zone)
    except QueryError as error:
        return Asked(words, problem=_problem(words, error, texts, vocabulary.names))
    except UnknownChannel as error:
        place = words.lower().find(error.name)
        before, at = (words[:place], words[place:]) if place >= 0 else (words, "")
        sentence = texts.say("unknown_channel", name=f"@{error.name}")
        return Asked(words, problem=Problem(sentence, before, at, None))
    return Asked(words, query, vocabulary=vocabulary, zone=zone)


def _problem(words: str, error: QueryError, texts: Texts, names: Names) -> Problem:
    place = max(0, min(error.position, len(words)))
    suggestion = error.suggestion
    try:
        if suggestion is not None:
            parse(suggestion, standing=False, names=names)
    except QueryError:
        suggestion = None  # a link must not lead to the next mistake
    return Problem(texts.wrong(error), words[:place], words[place:], suggestion)
