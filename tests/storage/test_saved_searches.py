"""Saved searches: an owner's own, each with a feed that only its word opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.keys import Key, KeyFileError
from matching.query import parse
from storage import saved_searches
from storage.database import Database
from storage.saved_searches import SavedSearch, word_of
from tests.storage.makers import rows


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key.kept_in(tmp_path)


async def save(database: Database, key: Key, owner: str = "anna", name: str = "port") -> SavedSearch:
    async with database.begin() as connection:
        return await saved_searches.save(connection, key, owner=owner, name=name, query=parse("порт", standing=False))


async def test_a_feed_is_found_by_its_word_and_by_no_other(database: Database, key: Key) -> None:
    saved = await save(database, key)
    word = word_of(saved, key)
    async with database.begin() as connection:
        assert await saved_searches.by_word(connection, word) == saved
        for other in ("", word[:-1], word.upper(), word.replace("cwf_", "cwa_"), str(saved.id)):
            assert await saved_searches.by_word(connection, other) is None


async def test_a_rotated_feed_is_found_by_its_new_word_only(database: Database, key: Key) -> None:
    saved = await save(database, key)
    async with database.begin() as connection:
        renewed = await saved_searches.rotate(connection, key, saved.id, "anna")
        assert renewed is not None
        assert await saved_searches.by_word(connection, word_of(saved, key)) is None
        assert await saved_searches.by_word(connection, word_of(renewed, key)) == renewed


async def test_nobody_reads_or_changes_what_is_somebody_elses(database: Database, key: Key) -> None:
    saved = await save(database, key)
    async with database.begin() as connection:
        assert await saved_searches.get(connection, saved.id, "boris") is None
        assert await saved_searches.list_for(connection, "boris") == []
        assert await saved_searches.change(connection, saved.id, "boris", name="mine") is None
        assert await saved_searches.rotate(connection, key, saved.id, "boris") is None
        assert not await saved_searches.remove(connection, saved.id, "boris")
        assert await saved_searches.get(connection, saved.id, None) == saved


async def test_an_owners_names_differ_and_two_owners_may_share_one(database: Database, key: Key) -> None:
    saved = await save(database, key)
    await save(database, key, owner="boris")
    with pytest.raises(saved_searches.SearchNameTaken):
        await save(database, key)
    other = await save(database, key, name="war")
    async with database.begin() as connection:
        with pytest.raises(saved_searches.SearchNameTaken):
            await saved_searches.change(connection, other.id, "anna", name="port")
        assert await saved_searches.get(connection, saved.id, "anna") == saved


async def test_an_owner_has_so_many_searches_at_most(
    database: Database, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_searches, "MOST", 1)
    await save(database, key)
    with pytest.raises(saved_searches.TooManySearches):
        await save(database, key, name="war")
    await save(database, key, owner="boris")


async def test_the_words_of_feeds_are_not_readable_in_the_database(database: Database, key: Key) -> None:
    word = word_of(await save(database, key), key)
    ((said,),) = await rows(database, "SELECT to_jsonb(s)::text || encode(token, 'escape') FROM saved_searches s")
    assert word.removeprefix("cwf_") not in said


async def test_another_key_opens_no_word_and_says_what_to_do(database: Database, key: Key, tmp_path: Path) -> None:
    saved = await save(database, key)
    with pytest.raises(KeyFileError, match="restore the file"):
        word_of(saved, Key.kept_in(tmp_path / "elsewhere"))
