"""Invitations: a random word in a link that lets so many people in until some day. Only its hash is stored."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import people

TOKEN_BYTES = 16
"""128 random bits (reference: platform-terms, section 5)."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
"""The form of such a word: base64url without padding."""

LASTS = dt.timedelta(days=7)
MOST_USES = 1000
LONGEST = dt.timedelta(days=365)
"""How long an invitation lasts unless told otherwise, and the most that it may be told."""


async def make(
    connection: AsyncConnection,
    *,
    role: str = people.SUBSCRIBER,
    uses: int = 1,
    lasts: dt.timedelta = LASTS,
    made_by: int | None = None,
) -> str:
    """A new invitation's word. One that makes operators can be used once, whatever `uses` says."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    uses = 1 if role == people.OPERATOR else max(1, min(uses, MOST_USES))
    values = {"hash": _hash(token), "role": role, "uses": uses, "lasts": min(lasts, LONGEST), "by": made_by}
    await forget_spent(connection)
    await connection.execute(MAKE, values)
    return token


async def forget_spent(connection: AsyncConnection) -> None:
    """Forget invitations that let nobody in any more."""
    await connection.execute(FORGET_SPENT)


async def redeem(connection: AsyncConnection, token: str, user_id: int) -> str | None:
    """Let the person in by an invitation; the role that they have then. None: it is spent, too old or no invitation.

    Who is in already uses nothing up, unless it makes them an operator.
    """
    if not TOKEN.fullmatch(token):
        return None
    before = await people.standing_of(connection, user_id=user_id, chat_id=user_id)
    if before.is_blocked:
        return None
    invited = (await connection.execute(OFFERED, {"hash": _hash(token)})).first()
    if invited is None:
        return None
    if before.role == people.OPERATOR or before.role == invited.role:
        return before.role
    await connection.execute(USE, {"id": invited.id})
    return invited.role if await people.let_in(connection, user_id, invited.role, invited.made_by) else None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


MAKE = text(
    "INSERT INTO invites (token_hash, role, uses_left, expires_at, made_by)"
    " VALUES (:hash, :role, :uses, now() + CAST(:lasts AS interval), :by)"
)

FORGET_SPENT = text("DELETE FROM invites WHERE uses_left < 1 OR expires_at <= now()")

OFFERED = text(
    "SELECT id, role, made_by FROM invites WHERE token_hash = :hash AND uses_left > 0 AND expires_at > now() FOR UPDATE"
)
"""Locked: of two people who open the last use at once, the second one looks again and finds none."""

USE = text("UPDATE invites SET uses_left = uses_left - 1 WHERE id = :id")
