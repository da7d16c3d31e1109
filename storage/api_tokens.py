"""Tokens by which programs are let into the API: random words, stored as their hashes, shown once."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import ApiTokenRow
from storage.post_values import storable

SCOPES = ("read", "write", "admin")
"""read: posts, stories, channels, topics, trends and the owner's saved searches; write: change those searches; admin:
what is owed to whom, and everybody's saved searches. None includes another."""

BYTES = 32
"""256 random bits; ASVS asks for 128."""

WORD = re.compile(r"cwa_[A-Za-z0-9_-]{43}")
"""The form of a token. The beginning lets people and scanners for leaked secrets know it."""

USE_NOTED_EVERY = dt.timedelta(minutes=1)


class TokenNameTaken(Exception):
    """There is a token of that name already."""


class UnknownScope(Exception):
    """A token cannot be given this scope."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is known here, without its word."""

    id: int
    name: str
    owner: str
    """Whose saved searches it reads and writes."""
    scopes: frozenset[str]
    created_at: dt.datetime
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None


COLUMNS = (
    ApiTokenRow.id, ApiTokenRow.name, ApiTokenRow.owner, ApiTokenRow.scopes, ApiTokenRow.created_at,
    ApiTokenRow.expires_at, ApiTokenRow.last_used_at, ApiTokenRow.revoked_at,
)  # fmt: skip


def _token_of(row: Any) -> ApiToken:
    number, name, owner, scopes, *times = row
    return ApiToken(number, name, owner, frozenset(scopes), *times)


async def make(
    connection: AsyncConnection,
    *,
    name: str,
    scopes: Collection[str],
    owner: str | None = None,
    lasts: dt.timedelta | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its word, which nobody can ever show again. Without `owner` it owns what it makes itself.

    Raises TokenNameTaken or UnknownScope.
    """
    if not scopes or (unknown := set(scopes) - set(SCOPES)):
        named = f"There is no scope “{min(unknown)}”" if scopes else "A token needs a scope"
        raise UnknownScope(f"{named}: give one or more of {', '.join(SCOPES)}.")
    word = f"cwa_{secrets.token_urlsafe(BYTES)}"
    values = {
        "name": storable(name),
        "owner": storable(owner or name),
        "token_hash": _hash(word),
        "scopes": sorted(set(scopes)),
        "expires_at": func.now() + lasts if lasts is not None else None,
    }
    row = (
        await connection.execute(insert(ApiTokenRow).values(values).on_conflict_do_nothing().returning(*COLUMNS))
    ).first()
    if row is None:
        raise TokenNameTaken(f"There is a token “{name}” already: choose another name, or revoke that one.")
    return _token_of(row), word


async def presented(connection: AsyncConnection, word: str) -> ApiToken | None:
    """The token that somebody shows, if it is good at this moment; that it was used is noted, to the minute.

    It is found by its hash, so how long that takes says nothing about the word.
    """
    if not WORD.fullmatch(word):
        return None
    hashed = _hash(word)
    row = (
        await connection.execute(
            select(*COLUMNS, ApiTokenRow.token_hash).where(
                ApiTokenRow.token_hash == hashed,
                ApiTokenRow.revoked_at.is_(None),
                or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > func.now()),
            )
        )
    ).first()
    if row is None or not hmac.compare_digest(bytes(row.token_hash), hashed):
        return None
    await connection.execute(
        update(ApiTokenRow)
        .where(
            ApiTokenRow.id == row.id,
            or_(ApiTokenRow.last_used_at.is_(None), ApiTokenRow.last_used_at < func.now() - USE_NOTED_EVERY),
        )
        .values(last_used_at=func.now())
    )
    return _token_of(row[:-1])


async def list_all(connection: AsyncConnection) -> list[ApiToken]:
    """Every token there is or was, the newest last."""
    return [_token_of(row) for row in await connection.execute(select(*COLUMNS).order_by(ApiTokenRow.id))]


async def revoke(connection: AsyncConnection, name: str) -> bool:
    """From the commit on it opens nothing. False when there is no such token, or it was revoked before."""
    revoked = await connection.execute(
        update(ApiTokenRow)
        .where(ApiTokenRow.name == name, ApiTokenRow.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(ApiTokenRow.id)
    )
    return revoked.first() is not None


def _hash(word: str) -> bytes:
    return hashlib.sha256(b"channelwatch: a token of the API, 1\0" + word.encode()).digest()
