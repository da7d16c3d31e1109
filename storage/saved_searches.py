"""Saved searches: a query under a name, each readable as a feed by who knows its address, and by nobody else.

`owner` is whoever a search belongs to, by name; None in a question asks for everybody's, as operators may.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from config.keys import Key
from matching.query import Query
from storage.models import SavedSearchRow
from storage.post_values import storable

OPERATORS = "operators"
"""Who owns what is saved on the command line, unless told otherwise."""

BYTES = 32
"""256 random bits in the address of a feed."""

WORD = re.compile(r"cwf_[A-Za-z0-9_-]{43}")
"""The form of such a word."""

MOST = 500
"""Saved searches of one owner."""

LONGEST_NAME = 100


class SearchNameTaken(Exception):
    """The owner has a saved search of that name already."""


class TooManySearches(Exception):
    """The owner has as many saved searches as anybody may have."""


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A saved search; its feed's word is sealed (`word_of`)."""

    id: int
    owner: str
    name: str
    query: str
    """`str(query)`: to be read with `parse(..., stored=True, standing=False)`."""
    token: bytes
    created_at: dt.datetime
    changed_at: dt.datetime


COLUMNS = (
    SavedSearchRow.id, SavedSearchRow.owner, SavedSearchRow.name, SavedSearchRow.query, SavedSearchRow.token,
    SavedSearchRow.created_at, SavedSearchRow.changed_at,
)  # fmt: skip


def _search_of(row: Any) -> SavedSearch:
    return SavedSearch(*row)


def word_of(search: SavedSearch, key: Key) -> str:
    """The word in the address of its feed. Raises config.keys.KeyFileError when the key is another one by now."""
    return key.opened(search.token)


async def save(connection: AsyncConnection, key: Key, *, owner: str, name: str, query: Query) -> SavedSearch:
    """Save a search, with a feed of its own. Raises SearchNameTaken or TooManySearches."""
    # Two at once must count each other.
    await connection.execute(text("SELECT pg_advisory_xact_lock(7283470)"))
    count = select(func.count()).select_from(SavedSearchRow).where(SavedSearchRow.owner == storable(owner))
    if int(await connection.scalar(count) or 0) >= MOST:
        raise TooManySearches(f"{owner} has {MOST} saved searches: remove one first.")
    values = {"owner": storable(owner), "name": storable(name), "query": str(query), **_new_word(key)}
    row = (
        await connection.execute(insert(SavedSearchRow).values(values).on_conflict_do_nothing().returning(*COLUMNS))
    ).first()
    if row is None:
        raise SearchNameTaken(_taken(name))
    return _search_of(row)


async def get(connection: AsyncConnection, search_id: int, owner: str | None) -> SavedSearch | None:
    """A search of this owner's; None when there is none, or it is somebody else's."""
    row = (await connection.execute(select(*COLUMNS).where(_owned(search_id, owner)))).first()
    return _search_of(row) if row else None


async def find(connection: AsyncConnection, name: str, owner: str) -> SavedSearch | None:
    """An owner's search by its name."""
    row = (
        await connection.execute(
            select(*COLUMNS).where(SavedSearchRow.name == storable(name), SavedSearchRow.owner == storable(owner))
        )
    ).first()
    return _search_of(row) if row else None


async def list_for(connection: AsyncConnection, owner: str | None) -> list[SavedSearch]:
    """An owner's searches, or everybody's, by name."""
    condition = literal(True) if owner is None else SavedSearchRow.owner == storable(owner)
    rows = await connection.execute(
        select(*COLUMNS).where(condition).order_by(SavedSearchRow.name, SavedSearchRow.owner, SavedSearchRow.id)
    )
    return [_search_of(row) for row in rows]


async def change(
    connection: AsyncConnection,
    search_id: int,
    owner: str | None,
    *,
    name: str | None = None,
    query: Query | None = None,
) -> SavedSearch | None:
    """Give it another name or query; its feed stays where it is. None as in `get`. Raises SearchNameTaken."""
    values: dict[str, object] = {"changed_at": func.now()}
    if name is not None:
        values["name"] = storable(name)
    if query is not None:
        values["query"] = str(query)
    try:
        async with connection.begin_nested():
            return await _changed(connection, search_id, owner, values)
    except IntegrityError:
        raise SearchNameTaken(_taken(name or "")) from None


async def rotate(connection: AsyncConnection, key: Key, search_id: int, owner: str | None) -> SavedSearch | None:
    """Give its feed a new address; the old one is dead from the commit on. None as in `get`."""
    return await _changed(connection, search_id, owner, _new_word(key))


async def remove(connection: AsyncConnection, search_id: int, owner: str | None) -> bool:
    """Forget it, and its feed. False as in `get`."""
    gone = await connection.execute(delete(SavedSearchRow).where(_owned(search_id, owner)).returning(SavedSearchRow.id))
    return gone.first() is not None


async def by_word(connection: AsyncConnection, word: str) -> SavedSearch | None:
    """The search whose feed has this word in its address."""
    if not WORD.fullmatch(word):
        return None
    row = (await connection.execute(select(*COLUMNS).where(SavedSearchRow.token_hash == _hash(word)))).first()
    return _search_of(row) if row else None


async def _changed(
    connection: AsyncConnection, search_id: int, owner: str | None, values: dict[str, object]
) -> SavedSearch | None:
    row = (
        await connection.execute(
            update(SavedSearchRow).where(_owned(search_id, owner)).values(values).returning(*COLUMNS)
        )
    ).first()
    return _search_of(row) if row else None


def _owned(search_id: int, owner: str | None) -> ColumnElement[bool]:
    own = SavedSearchRow.id == search_id
    return own if owner is None else own & (SavedSearchRow.owner == storable(owner))


def _new_word(key: Key) -> dict[str, object]:
    word = f"cwf_{secrets.token_urlsafe(BYTES)}"
    return {"token_hash": _hash(word), "token": key.seal(word)}


def _hash(word: str) -> bytes:
    return hashlib.sha256(b"channelwatch: a feed, 1\0" + word.encode()).digest()


def _taken(name: str) -> str:
    return f"There is a saved search “{name}” already: choose another name."
