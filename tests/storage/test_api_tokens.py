"""Tokens of programs: good until revoked or over, and never to be read in the database."""

from __future__ import annotations

import datetime as dt

import pytest

from storage import api_tokens
from storage.api_tokens import ApiToken
from storage.database import Database
from tests.storage.makers import change, rows


async def make(database: Database, name: str = "desk", lasts: dt.timedelta | None = None) -> str:
    async with database.begin() as connection:
        return (await api_tokens.make(connection, name=name, scopes=["read"], lasts=lasts))[1]


async def presented(database: Database, word: str) -> ApiToken | None:
    async with database.begin() as connection:
        return await api_tokens.presented(connection, word)


async def test_a_token_is_known_by_its_word_and_its_use_is_noted(database: Database) -> None:
    word = await make(database)
    token = await presented(database, word)
    assert token is not None
    assert (token.name, token.owner, token.scopes) == ("desk", "desk", frozenset({"read"}))
    ((used,),) = await rows(database, "SELECT last_used_at IS NOT NULL FROM api_tokens")
    assert used


async def test_a_token_is_not_readable_in_the_database(database: Database) -> None:
    word = await make(database)
    ((said,),) = await rows(
        database, "SELECT to_jsonb(api_tokens)::text || encode(token_hash, 'escape') FROM api_tokens"
    )
    assert word not in said
    assert word.removeprefix("cwa_") not in said


async def test_no_other_word_opens_anything(database: Database) -> None:
    word = await make(database)
    for other in ("", "cwa_", word[:-1], word + "A", word.replace("cwa_", "cwf_"), word.swapcase(), "cwa_" + "A" * 43):
        assert await presented(database, other) is None, other


async def test_a_revoked_token_opens_nothing_from_then_on(database: Database) -> None:
    word = await make(database)
    async with database.begin() as connection:
        assert await api_tokens.revoke(connection, "desk")
        assert not await api_tokens.revoke(connection, "desk")
    assert await presented(database, word) is None


async def test_a_token_ends_when_it_said_it_would(database: Database) -> None:
    word = await make(database, lasts=dt.timedelta(days=1))
    assert await presented(database, word) is not None
    await change(database, "UPDATE api_tokens SET expires_at = now()")
    assert await presented(database, word) is None


async def test_a_name_is_taken_until_its_token_is_revoked(database: Database) -> None:
    await make(database)
    with pytest.raises(api_tokens.TokenNameTaken, match="desk"):
        await make(database)
    async with database.begin() as connection:
        await api_tokens.revoke(connection, "desk")
    assert await presented(database, await make(database)) is not None


async def test_a_token_needs_a_scope_that_there_is(database: Database) -> None:
    async with database.begin() as connection:
        for scopes in ([], ["read", "root"]):
            with pytest.raises(api_tokens.UnknownScope):
                await api_tokens.make(connection, name="desk", scopes=scopes)
