"""How well keywords find texts: precision and recall over labelled rows (`channelwatch evaluate keywords`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.text import analyse
from matching.fields import PostFields
from matching.ids import ChannelId
from matching.query import Query, parse

_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class KeywordScores:
    """Shares from 0 to 1, and how many rows they are of."""

    precision: float
    recall: float
    f1: float
    rows: int


def evaluate_keywords(rows: Iterable[Mapping[str, Any]]) -> KeywordScores:
    """Judge by rows of {"keyword", "text", "label"}: the keyword as a query should match the text exactly when
    label is 1.

    Raises KeyError for a row without one of these, QueryError for a keyword that is no query.
    """
    queries: dict[str, Query] = {}
    found = missed = wrong = count = 0
    for row in rows:
        count += 1
        keyword = row["keyword"]
        query = queries.setdefault(keyword, queries.get(keyword) or parse(keyword))
        is_matched = query.matches(_fields(row["text"]))
        is_relevant = bool(row["label"])
        found += is_matched and is_relevant
        wrong += is_matched and not is_relevant
        missed += is_relevant and not is_matched
    return KeywordScores(_share(found, wrong), _share(found, missed), _share(2 * found, wrong + missed), count)


def _share(part: int, rest: int) -> float:
    """A part of a whole; of nothing, 0."""
    return part / (part + rest) if part else 0.0


def _fields(text: str) -> PostFields:
    """A post that is nothing but its text."""
    nothing: frozenset[str] = frozenset()
    return PostFields(analyse(text), ChannelId(0), _NEVER, None, nothing, nothing, nothing, nothing)
