"""A query as a condition on the rows of `posts`. Raw words never reach PostgreSQL's parser: every fragment is written
from analysed, quoted lexemes.

The law (a property test keeps it): over stored values, `query.matches(post.fields)` holds exactly when the condition
holds for the post's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, false, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.types import Text

from matching.bursts import Burst
from matching.conditions import After, Before, Channel, ForwardedFrom, Has, InSet, Language, Link, Topic
from matching.nodes import And, Node, Not, Or, tsquery
from matching.query import Query
from storage.models import ChannelSetMemberRow, PostRow, VersionTermsRow
from storage.sure_topics import is_surely_about


@dataclass(frozen=True, slots=True)
class Scope:
    """Which posts are looked at beside those that stand as their channels show them."""

    deleted: bool = False
    """Posts that their channel has deleted, too."""
    versions: bool = False
    """Posts of which an earlier version has the words, too. All else that a query asks for is asked of the post as it
    stands."""


PLAIN = Scope()


def found_by(query: Query, scope: Scope = PLAIN) -> ColumnElement[bool]:
    """What holds for the posts that search finds: for other statements of this package."""
    said = holds(query.root)
    if scope.versions:
        said = or_(said, PostRow.id.in_(earlier_versions(query).with_only_columns(VersionTermsRow.post_id)))
    return visible(said, scope)


def visible(said: ColumnElement[bool], scope: Scope) -> ColumnElement[bool]:
    """The condition, and that the post is not deleted, where that matters."""
    return said if scope.deleted else and_(PostRow.deleted_at.is_(None), said)


def earlier_versions(query: Query) -> Any:
    """The rows of earlier versions that have the words, of posts that have all else: a select to be completed."""
    return (
        select(VersionTermsRow.post_id, VersionTermsRow.version)
        .join(PostRow, PostRow.id == VersionTermsRow.post_id)
        .where(holds(query.root, VersionTermsRow.terms))
    )


def holds(node: Node, terms: Any = PostRow.terms) -> ColumnElement[bool]:
    """What a query's tree asks of a post; `terms`: the column that its words are looked for in."""
    words = tsquery(node)
    if words is not None:
        has_words: ColumnElement[bool] = terms.bool_op("@@")(cast(literal(words), TSQUERY))
        return has_words
    match node:
        case And(parts):
            return and_(*(holds(part, terms) for part in _words_together(parts, And)))
        case Or(parts):
            return or_(*(holds(part, terms) for part in _words_together(parts, Or)))
        case Not(part):
            return not_(holds(part, terms))
        case _:
            return _field(node)


def _words_together(parts: Sequence[Node], joined: type[And | Or]) -> list[Node]:
    """The parts with all those that ask for nothing but words made one, the last: a post's terms are unpacked once,
    and only if it has the fields."""
    words = [part for part in parts if tsquery(part) is not None]
    fields = [part for part in parts if tsquery(part) is None]
    return [*fields, joined(tuple(words))] if len(words) > 1 else [*fields, *words]


def _field(node: Node) -> ColumnElement[bool]:
    match node:
        case Channel(channel):
            return PostRow.channel_id == channel if isinstance(channel, int) else false()
        case InSet(channels):
            members = select(ChannelSetMemberRow.channel_id).where(ChannelSetMemberRow.set_id == channels)
            return PostRow.channel_id.in_(members) if isinstance(channels, int) else false()
        case Topic(code, is_strict):
            return is_surely_about(code) if is_strict else _has(PostRow.topic_codes, code)
        case Language(code):
            return PostRow.language.is_not_distinct_from(code)
        case Has(kind):
            return _has(PostRow.has, kind)
        case ForwardedFrom(origin):
            return _has(PostRow.forwarded_from, origin)
        case Link(host):
            return _has(PostRow.links, host)
        case After(at=moment):
            return PostRow.posted_at >= moment
        case Before(at=moment):
            return PostRow.posted_at < moment
        case Burst():
            return false()
        case _:
            raise TypeError(f"search cannot ask for {node!r}")


def _has(column: Any, value: str) -> ColumnElement[bool]:
    held: ColumnElement[bool] = column.bool_op("@>")(cast(literal([value], ARRAY(Text)), ARRAY(Text)))
    return held
