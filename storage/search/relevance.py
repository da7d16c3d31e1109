"""Matches by relevance: how often and how near each other a post has the words, against its length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, cast, func, literal, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.nodes import And, Node, Not, Or
from matching.query import Query
from matching.words import TermLeaf
from storage.models import PostRow, VersionTermsRow
from storage.search.newest import Match

RANKED = 1_000
"""Matches that are ranked, the newest: 0.05 to 0.15 s of the server's time (measured on 1 M posts). To rank all of a
common word's takes seconds (reference: performance, 6.2)."""

BY_LENGTH = 1
"""PostgreSQL's `ts_rank`: divide by 1 + the logarithm of the post's length (documentation, 12.3.3)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A match and its score."""

    score: float
    match: Match

    @property
    def order(self) -> tuple[float, Match]:
        """What ranked matches are sorted by: the better first, of equal ones the newer."""
        return self.score, self.match


async def ranked(
    connection: AsyncConnection, query: Query, matches: Sequence[Match], versions: Mapping[Match, int]
) -> list[Ranked]:
    """The matches, best first; those in `versions` by the words of that version.

    A query that asks for no words, only for topics or channels, leaves them newest first.
    """
    words = words_wanted(query.root)
    scores = await _scores(connection, words, matches, versions) if words is not None else {}
    found = [Ranked(scores.get(match.id, 0.0), match) for match in matches]
    return sorted(found, key=lambda each: each.order, reverse=True)


async def _scores(
    connection: AsyncConnection, words: str, matches: Sequence[Match], versions: Mapping[Match, int]
) -> dict[int, float]:
    asked = cast(literal(words), TSQUERY)
    as_they_stand = [match.id for match in matches if match not in versions]
    found = await connection.execute(
        select(PostRow.id, _rank(PostRow.terms, asked)).where(PostRow.id.in_(as_they_stand))
    )
    scores: dict[int, float] = dict(found.all())
    if versions:
        numbers: dict[int, int] = {match.id: version for match, version in versions.items()}
        of_versions = await connection.execute(
            select(VersionTermsRow.post_id, VersionTermsRow.version, _rank(VersionTermsRow.terms, asked)).where(
                VersionTermsRow.post_id.in_(numbers)
            )
        )
        scores |= {number: score for number, version, score in of_versions if numbers[number] == version}
    return scores


def _rank(terms: Any, asked: ColumnElement[str]) -> ColumnElement[float]:
    return cast(func.ts_rank(terms, asked, BY_LENGTH), Float)


def words_wanted(node: Node) -> str | None:
    """The words that speak for a match, for PostgreSQL's `::tsquery`, fields and exclusions left out; None if none."""
    match node:
        case And(parts) | Or(parts):
            known = [words for words in map(words_wanted, parts) if words is not None]
            sign = " & " if isinstance(node, And) else " | "
            return f"({sign.join(known)})" if known else None
        case Not():
            return None
        case TermLeaf():
            return node.tsquery()
        case _:
            return None
