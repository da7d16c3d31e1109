"""Who may sign in to the console, and what they did there. Made on the command line, never over the web."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import OperatorActionRow, OperatorRow
from storage.post_values import storable

NAME = re.compile(r"[^\W_][\w.@+-]{0,63}")
"""An operator's name: a letter or digit first; an e-mail address will do."""

ACTIONS_KEPT = dt.timedelta(days=365)


class BadOperator(Exception):
    """This operator cannot be made, found or changed; the message says why."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sign in; `language` is None for what their browser asks for."""

    id: int
    name: str
    language: str | None
    theme: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class ListedOperator:
    """An operator in a list."""

    name: str
    created_at: dt.datetime
    sessions: int
    used_at: dt.datetime | None
    """When they were last seen, of sessions that have not ended."""


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody did."""

    operator_name: str
    action: str
    subject: str | None
    done_at: dt.datetime


COLUMNS = (OperatorRow.id, OperatorRow.name, OperatorRow.language, OperatorRow.theme, OperatorRow.time_zone)


async def add_operator(connection: AsyncConnection, name: str, password_hash: str) -> Operator:
    """A new operator. Raises BadOperator for a name that is none, or taken."""
    if not NAME.fullmatch(name):
        raise BadOperator("A name has up to 64 letters, digits and . _ @ + - and begins with a letter or digit.")
    statement = text(
        "INSERT INTO operators (name, password_hash) VALUES (:name, :hash) ON CONFLICT DO NOTHING"
        " RETURNING id, name, language, theme, time_zone"
    )
    row = (await connection.execute(statement, {"name": name, "hash": password_hash})).first()
    if row is None:
        raise BadOperator(f"There is an operator {name} already: `channelwatch operators list` shows all.")
    return Operator(*row)


async def find_operator(connection: AsyncConnection, name: str) -> tuple[Operator, str] | None:
    """The operator of that name, in any case, and the hash of their password."""
    row = (await connection.execute(select(*COLUMNS, OperatorRow.password_hash).where(_named(name)))).first()
    return (Operator(*row[:-1]), row[-1]) if row else None


async def password_hash_of(connection: AsyncConnection, operator_id: int) -> str | None:
    """The hash of an operator's password; None when they are gone."""
    found: str | None = await connection.scalar(select(OperatorRow.password_hash).where(OperatorRow.id == operator_id))
    return found


async def is_any_operator(connection: AsyncConnection) -> bool:
    """Whether anybody can sign in at all."""
    return bool(await connection.scalar(select(exists(select(OperatorRow.id)))))


async def list_operators(connection: AsyncConnection) -> list[ListedOperator]:
    """All of them, by name."""
    return [ListedOperator(*row) for row in await connection.execute(LISTED)]


LISTED = text(
    "SELECT o.name, o.created_at, count(s.id), max(s.used_at) FROM operators o"
    " LEFT JOIN operator_sessions s ON s.operator_id = o.id AND s.expires_at > now()"
    " GROUP BY o.id ORDER BY lower(o.name)"
)


async def remove_operator(connection: AsyncConnection, name: str) -> None:
    """Remove an operator with their sessions. Raises BadOperator for an unknown one."""
    removed = await connection.execute(delete(OperatorRow).where(_named(name)))
    if not removed.rowcount:
        raise _unknown(name)


async def set_password(connection: AsyncConnection, operator_id: int, password_hash: str) -> None:
    """Change a password. Whose sessions end is for the caller (`operator_sessions.end_sessions`)."""
    await connection.execute(
        update(OperatorRow)
        .where(OperatorRow.id == operator_id)
        .values(password_hash=password_hash, password_set_at=func.now())
    )


async def set_look(
    connection: AsyncConnection, operator_id: int, *, language: str | None, theme: str, time_zone: str
) -> None:
    """How the console looks to an operator: values of `models.OperatorRow`."""
    values: dict[str, Any] = {"language": language, "theme": theme, "time_zone": time_zone}
    await connection.execute(update(OperatorRow).where(OperatorRow.id == operator_id).values(values))


async def note_action(connection: AsyncConnection, operator_name: str, action: str, subject: str | None = None) -> None:
    """Remember what somebody did, for a year."""
    await forget_actions(connection)
    await connection.execute(
        insert(OperatorActionRow).values(operator_name=operator_name, action=action, subject=subject)
    )


async def forget_actions(connection: AsyncConnection) -> None:
    """Forget what was done more than a year ago."""
    await connection.execute(delete(OperatorActionRow).where(OperatorActionRow.done_at < func.now() - ACTIONS_KEPT))


async def latest_actions(connection: AsyncConnection, limit: int) -> list[Action]:
    """What was done last, newest first."""
    row = OperatorActionRow
    statement = select(row.operator_name, row.action, row.subject, row.done_at).order_by(row.id.desc()).limit(limit)
    return [Action(*found) for found in await connection.execute(statement)]


def _named(name: str) -> ColumnElement[bool]:
    # Python's own rule of small letters is another one than the database's, by which names are unique.
    return func.lower(OperatorRow.name) == func.lower(storable(name))


def _unknown(name: str) -> BadOperator:
    return BadOperator(f"There is no operator {name}: `channelwatch operators list` shows all.")


async def known_operator(connection: AsyncConnection, name: str) -> Operator:
    """The operator of that name. Raises BadOperator."""
    found = await find_operator(connection, name)
    if found is None:
        raise _unknown(name)
    return found[0]
