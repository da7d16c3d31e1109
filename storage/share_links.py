"""Links that carry a query: a random word in the link, its hash here, and nothing of who made it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import ShareLinkRow

TOKEN_BYTES = 16
"""128 random bits (reference: platform-terms, section 5)."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
"""The form of such a word: base64url without padding."""

LASTS = dt.timedelta(days=30)
"""How long a link can be opened (issue 6)."""

PURPOSE = b"channelwatch: a shared query, 1\0"
"""Hashed with the word: a word of another purpose opens nothing here."""


async def make(connection: AsyncConnection, query: str) -> str:
    """A new link's word for a stored query; links that have expired go."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await forget_expired(connection)
    await connection.execute(
        insert(ShareLinkRow).values(token_hash=_hash(token), query=query, expires_at=func.now() + LASTS)
    )
    return token


async def forget_expired(connection: AsyncConnection) -> None:
    """Forget links that cannot be opened any more, and the queries in them."""
    await connection.execute(delete(ShareLinkRow).where(ShareLinkRow.expires_at <= func.now()))


async def opened(connection: AsyncConnection, token: str) -> str | None:
    """The stored query behind a link's word; None when it has expired, or is no such word."""
    if not TOKEN.fullmatch(token):
        return None
    found = select(ShareLinkRow.query).where(
        ShareLinkRow.token_hash == _hash(token), ShareLinkRow.expires_at > func.now()
    )
    return await connection.scalar(found)


def _hash(token: str) -> bytes:
    return hashlib.sha256(PURPOSE + token.encode()).digest()
