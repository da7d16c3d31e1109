"""The key of stored sessions."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ingest.session_key import SessionKey, SessionKeyError


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "session.key"
    stored = SessionKey.read_or_make(path).encrypt(b"secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SessionKey.read_or_make(path).decrypt(stored) == b"secret"
    assert SessionKey.read(path).decrypt(stored) == b"secret"


def test_another_key_is_refused_with_the_way_out(tmp_path: Path) -> None:
    stored = SessionKey.read_or_make(tmp_path / "one").encrypt(b"secret")
    with pytest.raises(SessionKeyError, match=r"not the key of the stored session.*channelwatch login"):
        SessionKey.read_or_make(tmp_path / "two").decrypt(stored)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionKeyError, match=r"missing: restore .*session\.key"):
        SessionKey.read(tmp_path / "session.key")


def test_a_file_that_holds_no_key_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "session.key"
    path.write_text("not a key")
    with pytest.raises(SessionKeyError, match="holds no session key"):
        SessionKey.read_or_make(path)
    assert path.read_text() == "not a key"


def test_nobody_ever_sees_half_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, there = tmp_path / "session.key", []
    monkeypatch.setattr("os.fsync", lambda _: there.append(path.exists()))
    SessionKey.read_or_make(path)
    assert there == [False]
