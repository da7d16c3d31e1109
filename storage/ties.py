"""Which rows are about a chat and the person in it: found by the names of columns, so that no table is forgotten.

A private chat and its person have one number; a group's number is its own, and is no person's.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, ColumnElement, Table, cast, false, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB

from storage.ids import ChatId
from storage.models import Base, InboxRow, NoticeRow, SubscriberRow, SubscriptionRow

NUMBERS = ("chat_id", "user_id", "made_by")
"""Columns that hold a chat's or a person's number: the row is about them, and goes with them."""

SUBSCRIBER, SUBSCRIPTION = "subscriber_id", "subscription_id"
"""Columns that hold a subscriber or a subscription of theirs: likewise."""

DOERS = ("let_in_by",)
"""Columns that hold a person who did something to a row which is about somebody else: it stays, without the number."""

MENTIONS: Mapping[str, tuple[str, ...]] = {
    InboxRow.__tablename__: ("raw", "replies"),
    NoticeRow.__tablename__: ("detail",),
}
"""JSON that may mention a number anywhere inside; small tables, and emptied soon."""

_LAST = (SubscriptionRow.__tablename__, SubscriberRow.__tablename__)
"""By these all others are found, so they go last."""


def tables() -> list[Table]:
    """Every table that can hold a row about a chat or a person; in the order in which rows may be deleted."""
    every = reversed(Base.metadata.sorted_tables)
    found = [table for table in every if _tied(table) or doers(table) or table.name in MENTIONS]
    return sorted(found, key=lambda table: _LAST.index(table.name) if table.name in _LAST else -1)


def is_about(table: Table, chat_id: ChatId) -> ColumnElement[bool]:
    """The condition that a row of the table is about that chat, or about its person."""
    conditions = [_names(table, name, chat_id) for name in _tied(table)]
    conditions += [_mentions(table, name, chat_id) for name in MENTIONS.get(table.name, ())]
    return or_(false(), *conditions)


def doers(table: Table) -> list[str]:
    """The columns of a table that hold a person who did something, and are emptied."""
    return [name for name in DOERS if name in table.columns]


def _tied(table: Table) -> list[str]:
    return [name for name in (*NUMBERS, SUBSCRIBER, SUBSCRIPTION) if name in table.columns]


def _names(table: Table, name: str, chat_id: ChatId) -> ColumnElement[bool]:
    column = table.c[name]
    if name in NUMBERS:
        return column == chat_id
    owned = select(SubscriberRow.id).where(SubscriberRow.chat_id == chat_id)
    if name == SUBSCRIBER:
        return column.in_(owned)
    return column.in_(select(SubscriptionRow.id).where(SubscriptionRow.subscriber_id.in_(owned)))


def _mentions(table: Table, name: str, number: int) -> ColumnElement[bool]:
    """The condition that a column's JSON holds the number somewhere."""
    values = func.jsonb_build_object("number", cast(literal(number), BigInteger))
    path = cast(literal("$.** ? (@ == $number)"), JSONB.JSONPathType)
    return func.jsonb_path_exists(table.c[name], path, values) == true()
