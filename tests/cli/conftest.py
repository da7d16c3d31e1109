"""What tests of commands share: a place of their own to run in."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, which is the working directory, too, and a database: empty, both."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("CHANNELWATCH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path
