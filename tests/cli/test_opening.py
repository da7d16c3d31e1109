"""How commands open what they need: word forms are kept for the next one, addresses are never quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.kept_lemmas import FILE
from analysis.text import LEMMAS, analyse
from analysis.topic_model import NoSuchModel
from cli.opening import opened
from config.settings import StorageSettings, read
from storage.database import DatabaseUnreachable
from tests.cli.typed import run


async def test_word_forms_are_kept_by_whoever_meets_new_ones_only(home: Path) -> None:
    LEMMAS.forget()
    async with opened(read(StorageSettings)):
        pass
    assert not (home / FILE).exists()
    async with opened(read(StorageSettings)):
        assert analyse("мости відкрито").lemmas
    kept = (home / FILE).stat()
    LEMMAS.forget()
    async with opened(read(StorageSettings)):
        assert LEMMAS.remembered
        assert analyse("мости відкрито").lemmas
    assert (home / FILE).stat().st_ino == kept.st_ino  # every write is a new file


@pytest.mark.parametrize("words", ["migrate", "backup b.dump", "restore b.dump", "stats"])
@pytest.mark.parametrize(
    "address", ["postgresql://me:hunter2%zz@127.0.0.1:9/x", "postgresql://me:hunter2@127.0.0.1:9/x"]
)
def test_an_address_that_leads_nowhere_is_said_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: str, address: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    with pytest.raises(DatabaseUnreachable) as refused:
        run(*words.split())
    assert "DATABASE_URL" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("words", ["stats", "evaluate topics posts.jsonl"])
def test_a_topic_model_that_is_not_installed_is_said_by_its_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(home)
    (home / "posts.jsonl").write_text('{"text": "a post", "topics": ["none"]}\n')
    monkeypatch.setenv("CHANNELWATCH_TOPIC_MODEL", "gpt")
    with pytest.raises(NoSuchModel, match=r"'gpt' \(CHANNELWATCH_TOPIC_MODEL\); no installed package offers any"):
        run(*words.split())
