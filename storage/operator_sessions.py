"""Browsers that are signed in to the console: found by the hash of what their cookie holds, ended at any time."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.operators import Operator
from storage.post_values import storable

LASTS = dt.timedelta(days=30)
"""A session ends after so long however often it is used ..."""

IDLE = dt.timedelta(days=3)
"""... and when it was not used for so long (OWASP ASVS 5.0, 7.3: both must end a session)."""

TOKEN_BYTES = 32
LONGEST_BROWSER = 200


@dataclass(frozen=True, slots=True)
class Session:
    """A browser of an operator."""

    id: int
    operator: Operator
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A browser in a list; `browser` is how it calls itself, foreign text."""

    id: int
    browser: str
    opened_at: dt.datetime
    used_at: dt.datetime


async def open_session(connection: AsyncConnection, operator_id: int, browser: str) -> str:
    """Sign a browser in; the token for its cookie, which nobody else ever sees. Ended sessions go on the way."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await forget_ended(connection)
    await connection.execute(
        OPEN,
        {"operator": operator_id, "hash": _hash(token), "browser": storable(browser)[:LONGEST_BROWSER], "lasts": LASTS},
    )
    return token


async def forget_ended(connection: AsyncConnection) -> None:
    """Forget sessions that are over, and what their browsers called themselves."""
    await connection.execute(FORGET_ENDED, {"idle": IDLE})


async def session_of(connection: AsyncConnection, token: str) -> Session | None:
    """The session of a cookie, noted as used (once a minute at most); None for one that has ended or never was."""
    row = (await connection.execute(FIND, {"hash": _hash(token), "idle": IDLE})).first()
    if row is None:
        return None
    if row.is_noted:
        await connection.execute(USE, {"id": row.id})
    operator = Operator(row.operator_id, row.name, row.language, row.theme, row.time_zone)
    return Session(row.id, operator, row.opened_at)


async def list_sessions(connection: AsyncConnection, operator_id: int) -> list[ListedSession]:
    """An operator's sessions, the one used last first."""
    rows = await connection.execute(LIST, {"operator": operator_id, "idle": IDLE})
    return [ListedSession(*row) for row in rows]


async def end_session(connection: AsyncConnection, operator_id: int, session_id: int) -> bool:
    """End one of an operator's own sessions; False when it is somebody else's, or has ended."""
    ended = await connection.execute(END, {"operator": operator_id, "id": session_id})
    return bool(ended.rowcount)


async def end_sessions(connection: AsyncConnection, operator_id: int, *, but: int | None = None) -> int:
    """End an operator's sessions, all or all but one; how many."""
    ended = await connection.execute(END_OTHERS, {"operator": operator_id, "but": but})
    return int(ended.rowcount)


def _hash(token: str) -> bytes:
    # Looked up by the hash of 256 random bits: how long that takes tells nothing about any stored one.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


FORGET_ENDED = text(
    "DELETE FROM operator_sessions WHERE expires_at <= now() OR used_at <= now() - CAST(:idle AS interval)"
)

OPEN = text(
    "INSERT INTO operator_sessions (operator_id, token_hash, browser, expires_at)"
    " VALUES (:operator, :hash, :browser, now() + CAST(:lasts AS interval))"
)

FIND = text(
    "SELECT s.id, s.opened_at, s.used_at < now() - interval '1 minute' AS is_noted,"
    " o.id AS operator_id, o.name, o.language, o.theme, o.time_zone"
    " FROM operator_sessions s JOIN operators o ON o.id = s.operator_id"
    " WHERE s.token_hash = :hash AND s.expires_at > now() AND s.used_at > now() - CAST(:idle AS interval)"
)

USE = text("UPDATE operator_sessions SET used_at = now() WHERE id = :id")

LIST = text(
    "SELECT id, browser, opened_at, used_at FROM operator_sessions WHERE operator_id = :operator"
    " AND expires_at > now() AND used_at > now() - CAST(:idle AS interval) ORDER BY used_at DESC, id DESC"
)

END = text("DELETE FROM operator_sessions WHERE operator_id = :operator AND id = :id")

END_OTHERS = text(
    "DELETE FROM operator_sessions WHERE operator_id = :operator"
    " AND (CAST(:but AS bigint) IS NULL OR id <> CAST(:but AS bigint))"
)
