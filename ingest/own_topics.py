"""The operator's own topics and channel sets, in step with the database: asked of every post beside its analysis."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from analysis.explaining import MOST_WORDS
from analysis.folding import fold
from analysis.labels import Labels
from analysis.tokens import WORD
from analysis.topics import TopicScore
from matching.fields import PostFields
from matching.ids import ChannelSetId
from matching.percolator import Percolator
from matching.query import Query, QueryError, highlights, parse
from storage import definitions
from storage.database import Connection
from storage.ids import ChannelId
from storage.own_topics import OwnTopic, lineage, list_topics
from storage.posts import LabelledPost

log = structlog.get_logger()

NO_SETS: frozenset[ChannelSetId] = frozenset()


class OwnTopics:
    """What is known of own topics and channel sets. `refresh` in each batch's transaction keeps it in step.

    May be asked from several threads. Before the first `refresh` there are none.
    """

    def __init__(self) -> None:
        self._counter = -1
        self.known = Known((), {})

    async def refresh(self, connection: Connection, latest: int | None = None) -> bool:
        """Read own topics and channel sets if they have changed; whether they have.

        `latest` is their counter, where this transaction has read it already (`storage.definitions.read_counters`).
        """
        latest = await definitions.read_counter(connection) if latest is None else latest
        if latest == self._counter:
            return False
        topics = await list_topics(connection)
        self.known = Known(topics, await definitions.sets_by_channel(connection))
        self._counter = latest
        return True

    def fields_of(self, item: LabelledPost) -> PostFields:
        """What queries see of a post, with the sets that its channel is in now."""
        return self.known.with_sets(item.fields)


def with_own_topics(item: LabelledPost, own: OwnTopics) -> LabelledPost:
    """The post with the own topics of this moment; the very same one where it has them already.

    A post that could not be analysed has none: it comes again.
    """
    known, labels = own.known, item.labels
    if isinstance(labels, OwnLabels):
        if labels.known is known:
            return item
        labels = labels.plain
    if not known.queries or labels.failed:
        return item if labels is item.labels else replace(item, labels=labels)
    plain = item if labels is item.labels else replace(item, labels=labels)
    return replace(item, labels=known.label(plain))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLabels(Labels):
    """Labels with own topics among the others. `plain`: without them; `known`: by what they were found."""

    plain: Labels
    own_codes: frozenset[str]
    known: Known = field(compare=False, repr=False)

    @property
    def topic_codes(self) -> frozenset[str]:
        """The codes of all topics with their ancestors."""
        return self.plain.topic_codes | self.own_codes


class Known:
    """Own topics and channel sets as they were at one moment; it never changes."""

    def __init__(self, topics: Iterable[OwnTopic], sets: Mapping[ChannelId, frozenset[ChannelSetId]]) -> None:
        topics = list(topics)
        self.queries = _parsed(topics)
        self._sets = dict(sets)
        parents = {topic.code: topic.parent for topic in topics}
        self._lineages = {code: frozenset(lineage(code, parents)) for code in self.queries}
        self._percolator: Percolator[str] = Percolator()
        for code, query in self.queries.items():
            self._percolator.add(code, query)
        self._lock = threading.Lock()  # a percolator remembers words, and two threads label

    @property
    def version(self) -> str:
        """Differs when posts would be given other own topics."""
        asked = {number for query in self.queries.values() for number in query.sets()}
        members = sorted((number, channel) for channel, held in self._sets.items() for number in held & asked)
        topics = sorted((code, str(query), sorted(self._lineages[code])) for code, query in self.queries.items())
        return hashlib.sha256(json.dumps([topics, members]).encode()).hexdigest()[:32]

    def with_sets(self, fields: PostFields) -> PostFields:
        """The fields with the sets that the channel is in."""
        sets = self._sets.get(fields.channel_id, NO_SETS)
        return replace(fields, sets=sets) if sets else fields

    def label(self, plain: LabelledPost) -> OwnLabels:
        """The labels of a post that has none of own topics yet, with those whose queries it matches."""
        with self._lock:
            found = self._percolator.match(self.with_sets(plain.fields))
        labels = plain.labels
        codes = sorted(found - {topic.code for topic in labels.topics})
        scores = [TopicScore(code, 1.0, _words(self.queries[code], plain.post.text)) for code in codes]
        return OwnLabels(
            labels.terms,
            labels.language,
            (*labels.topics, *scores),
            plain=labels,
            own_codes=frozenset().union(*(self._lineages[code] for code in codes)),
            known=self,
        )


def _parsed(topics: Iterable[OwnTopic]) -> dict[str, Query]:
    queries = {}
    for topic in topics:
        try:
            queries[topic.code] = parse(topic.query, stored=True)
        except QueryError:  # nothing stores such a query; one bad row must not stop the others
            log.error("query of an own topic does not parse", code=topic.code)
    return queries


def _words(query: Query, text: str) -> tuple[tuple[str, float], ...]:
    """The post's own words that the query asks for, folded, each with the same share."""
    pieces = (text[start:end] for start, end in highlights(query, text))
    words = list(dict.fromkeys(filter(None, (" ".join(map(fold, WORD.findall(piece))) for piece in pieces))))
    return tuple((word, round(1 / len(words), 3)) for word in words[:MOST_WORDS])
